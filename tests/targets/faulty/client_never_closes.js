// client-of: echo
// defect: after the reply it keeps the connection open and never ends
// mistake: an open socket keeps Node's event loop going, and nobody calls end()
// trips: client/exit/in-time, client/close/orderly
'use strict';
const net = require('net');

const request = 'stay\na\nlittle\nlonger\n';
let reply = '';

function fail(what) {
  console.error(what);
  process.exit(1);
}

const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]) });
socket.setTimeout(3000, () => fail('no answer'));
socket.setEncoding('latin1');
socket.on('error', (error) => fail(error.message));
socket.on('connect', () => socket.write(request));
socket.on('data', (data) => {
  reply += data;
  if (reply.length < request.length) return;
  if (reply !== request) fail('the reply is wrong');
  socket.setTimeout(0);
  process.stdout.write(reply);
});
socket.on('end', () => {
  if (reply.length < request.length) fail('the connection ended too early');
});
