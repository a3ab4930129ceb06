// serves: echo-udp, discard-udp, daytime-udp, time-udp, chargen-udp
// The five services over UDP: one socket, which answers where it was asked.
'use strict';
const dgram = require('dgram');

const SINCE_1900 = 2208988800; // seconds from 1900 to 1970, RFC 868

function seconds() {
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE((Math.floor(Date.now() / 1000) + SINCE_1900) % 2 ** 32);
  return answer;
}

function characters() {
  const answer = Buffer.alloc(Math.floor(Math.random() * 513));
  for (let i = 0; i < answer.length; i++) answer[i] = 32 + (i % 95);
  return answer;
}

// From what was asked to what is answered; null is no answer.
const services = {
  'echo-udp': (asked) => asked,
  'discard-udp': () => null,
  'daytime-udp': () => Buffer.from(`${new Date().toUTCString()}\r\n`),
  'time-udp': seconds,
  'chargen-udp': characters,
};

const answerTo = services[process.argv[3]];
const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });

socket.on('message', (asked, peer) => {
  const answer = answerTo(asked);
  if (answer === null || peer.port === 0) return; // nobody can be answered at port 0
  socket.send(answer, peer.port, peer.address, () => {}); // an error concerns this peer only
});

let bound = false;
socket.on('listening', () => { bound = true; });
socket.on('error', (error) => {
  if (bound) return; // one datagram could not be received; the next one may
  console.error(error.message);
  process.exit(1);
});

socket.bind(Number(process.argv[2]), '0.0.0.0');
