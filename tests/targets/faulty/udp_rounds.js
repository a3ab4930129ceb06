// serves: echo-udp
// defect joined: datagrams of one peer that come shortly after one another are answered by a single one, since the author takes the data for a stream; trips: udp/data/boundaries, udp/reply/one-per-datagram
// defect text: what is not valid UTF-8 comes back changed, because the data is kept as strings; trips: udp/data/binary
// defect slot_per_peer: two questions of one peer are both answered with the later one, because a table keeps one datagram per peer; trips: udp/order/reordered, udp/data/boundaries
// defect busy_peer: what a peer sends before its last answer is out is dropped, because "a client waits for its answer", or gives up for good; trips: udp/order/lost, udp/order/reordered, udp/order/duplicated, udp/data/boundaries
// defect latest_peer: all answers of a round go to the peer that was heard of last, because its address is kept in one variable; trips: udp/peers/interleaved, udp/peers/many
// defect flood_guard: an address that sends more than 64 datagrams in a round is never answered again, because that must be an attack; trips: udp/survive/burst
'use strict';
const dgram = require('dgram');

const word = process.argv[3];
const pause = word === 'busy_peer' ? 50 : 20; // answers go out in rounds, so many milliseconds after the first question
const slots = new Map(); // peer's name -> the latest of its data in this round
const counts = new Map(); // address -> its datagrams in this round
const banned = new Set();
let round = []; // { name, peer, data }
let latest = null;

const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });

function answer(data, peer) {
  socket.send(data, peer.port, peer.address, () => {}); // an error concerns this peer only
}

function sendRound() {
  for (const { name, peer, data } of round) {
    if (word === 'slot_per_peer') answer(slots.get(name), peer);
    else if (word === 'latest_peer') answer(data, latest);
    else answer(data, peer);
  }
  round = [];
  slots.clear();
  counts.clear();
}

function isFlood(address) {
  counts.set(address, (counts.get(address) ?? 0) + 1);
  if (counts.get(address) > 64) banned.add(address);
  return banned.has(address);
}

socket.on('message', (bytes, peer) => {
  if (peer.port === 0) return;
  const name = `${peer.address}:${peer.port}`;
  const data = word === 'text' ? Buffer.from(bytes.toString()) : bytes;
  if (data.length > 65507) return; // grew as text
  const earlier = round.find((question) => question.name === name);
  if (word === 'flood_guard' && isFlood(peer.address)) return;
  if (word === 'busy_peer' && earlier) return;
  slots.set(name, data);
  latest = peer;
  if (word === 'joined' && earlier && earlier.data.length + data.length <= 65507) {
    earlier.data = Buffer.concat([earlier.data, data]);
    return;
  }
  if (round.length === 0) setTimeout(sendRound, pause);
  round.push({ name, peer, data });
});

socket.on('error', () => {}); // one datagram could not be received
socket.bind(Number(process.argv[2]), '0.0.0.0');
