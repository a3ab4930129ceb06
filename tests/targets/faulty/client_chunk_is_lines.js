// client-of: echo
// defect: a line of the reply that comes in two pieces is taken for two lines
// mistake: each chunk of data was thought to hold whole lines, because it did in every try
// trips: client/reply/any-cut, client/reply/byte-by-byte
'use strict';
const net = require('net');

const request = ['Matthew', 'Mark', 'Luke', 'John'];
const reply = [];

function fail(what) {
  console.error(what);
  process.exit(1);
}

const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true });
socket.setTimeout(3000, () => fail('no answer'));
socket.setEncoding('latin1');
socket.on('error', (error) => fail(error.message));
socket.on('connect', () => socket.write(request.map((line) => `${line}\n`).join('')));
socket.on('data', (chunk) => {
  reply.push(...chunk.trimEnd().split('\n'));
  if (reply.length >= request.length) socket.end();
});
socket.on('end', () => {
  if (reply.join() !== request.join()) fail('the reply is wrong');
  console.log(reply.join('\n'));
});
