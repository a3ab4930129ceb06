// client-of: echo
// defect: it closes its connection and does not end
// mistake: the timer that shows progress is never cleared, and a timer keeps Node's event loop going
// trips: client/exit/in-time
'use strict';
const net = require('net');

const request = 'one\nmore\ntime\n';
let reply = '';

function fail(what) {
  console.error(what);
  process.exit(1);
}

setInterval(() => process.stderr.isTTY && process.stderr.write('.'), 500);

const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true });
socket.setTimeout(3000, () => fail('no answer'));
socket.setEncoding('latin1');
socket.on('error', (error) => fail(error.message));
socket.on('connect', () => socket.write(request));
socket.on('data', (data) => {
  reply += data;
  if (reply.length >= request.length) socket.end();
});
socket.on('end', () => {
  if (reply !== request) fail('the reply is wrong');
  process.stdout.write(reply);
});
