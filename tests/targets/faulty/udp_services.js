// serves: daytime-udp
// defect milliseconds: the answer is a number of eight octets and no text, because "programs read it, not people"; trips: daytime/udp/text
// defect acknowledges (discard-udp): every datagram is answered by "ok", because the author wants the client to know that it has arrived; trips: udp/reply/none
// defect eight_octets (time-udp): the answer has eight octets, because a time of 32 bits will not do after 2036; trips: time/udp/four-octets
// defect unix_time (time-udp): the answer counts from 1970, because that is what Date counts from; trips: time/udp/current
// defect whole_pattern (chargen-udp): the answer has all 95 lines, 7030 characters, as the service over TCP would send; trips: chargen/udp/at-most-512
'use strict';
const dgram = require('dgram');

const seconds = () => Math.floor(Date.now() / 1000);

function octets(count, value) {
  const answer = Buffer.alloc(8);
  answer.writeBigUInt64BE(BigInt(value));
  return answer.subarray(8 - count);
}

function pattern() {
  const lines = Buffer.alloc(95 * 74);
  for (let line = 0; line < 95; line++) {
    for (let i = 0; i < 72; i++) lines[line * 74 + i] = 32 + ((line + i) % 95);
    lines.write('\r\n', line * 74 + 72);
  }
  return lines;
}

const answers = {
  milliseconds: () => octets(8, Date.now()),
  acknowledges: () => 'ok',
  eight_octets: () => octets(8, seconds() + 2208988800),
  unix_time: () => octets(4, seconds()),
  whole_pattern: pattern,
};

const answer = answers[process.argv[3]];
const socket = dgram.createSocket('udp4');
socket.on('message', (asked, peer) => {
  if (peer.port !== 0) socket.send(answer(), peer.port, peer.address, () => {}); // an error concerns this peer only
});
socket.on('error', () => {}); // one datagram could not be received
socket.bind(Number(process.argv[2]), '0.0.0.0');
