// serves: discard, daytime, time, chargen
// Four of the small services over TCP, on Node's event loop.
'use strict';
const net = require('net');

const SINCE_1900 = 2208988800; // seconds from 1900 to 1970, RFC 868
const LINGER = 60_000; // how long a client may stay after we have ended

// The pattern repeats after 95 lines: 72 characters and CR LF each.
const lines = Buffer.alloc(95 * 74);
for (let line = 0; line < 95; line++) {
  for (let i = 0; i < 72; i++) lines[line * 74 + i] = 32 + ((line + i) % 95);
  lines.write('\r\n', line * 74 + 72);
}

// Input is read and thrown away; a socket that has ended both ways closes itself.
function say(socket, answer) {
  const limit = setTimeout(() => socket.destroy(), LINGER);
  socket.on('close', () => clearTimeout(limit));
  socket.resume();
  socket.end(answer);
}

function discard(socket) {
  socket.on('end', () => socket.end());
  socket.resume();
}

function daytime(socket) {
  say(socket, `${new Date().toUTCString()}\r\n`);
}

function seconds(socket) {
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE((Math.floor(Date.now() / 1000) + SINCE_1900) % 2 ** 32);
  say(socket, answer);
}

// One piece a turn: a client that reads fast must not keep the others waiting.
function chargen(socket) {
  function more() {
    if (socket.writable && socket.write(lines)) setImmediate(more);
  }
  socket.on('drain', () => setImmediate(more));
  socket.on('end', () => socket.end());
  socket.resume();
  more();
}

const service = { discard, daytime, time: seconds, chargen }[process.argv[3]];

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  service(socket);
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
