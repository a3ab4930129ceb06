// client-of: echo
// Echo client: sends three lines, collects data until as many bytes are back,
// compares them and closes in order. Three seconds of silence are too much.
'use strict';
const net = require('net');

const request = Buffer.from('peas porridge hot\npeas porridge cold\nnine days old\n');
let reply = Buffer.alloc(0);
let failed = false;

function fail(what) {
  if (failed) return;
  failed = true;
  console.error(`echo_client: ${what}`);
  process.exitCode = 1;
  socket.destroy();
}

const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true });
socket.setTimeout(3000, () => fail('no answer for three seconds'));
socket.on('error', (error) => fail(error.message)); // refused, or reset
socket.on('connect', () => socket.write(request));

socket.on('data', (data) => {
  reply = Buffer.concat([reply, data]);
  if (!reply.equals(request.subarray(0, reply.length))) fail('the reply is not what was sent');
  else if (reply.length === request.length) socket.end();
});

socket.on('end', () => {
  if (reply.length < request.length) fail('the connection ended before the whole reply');
});

socket.on('close', () => {
  if (!failed) process.stdout.write(reply);
});
