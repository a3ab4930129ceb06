// client-of: echo
// defect: a letter of several bytes that is cut between two pieces of the reply becomes two question marks, and the reply counts as wrong
// mistake: toString() is called for each chunk, as if characters were never cut
// trips: client/reply/any-cut, client/reply/byte-by-byte
'use strict';
const net = require('net');

const request = 'crème brûlée\nà la carte\nvoilà\n';
let reply = '';

function fail(what) {
  console.error(what);
  process.exit(1);
}

const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true });
socket.setTimeout(3000, () => fail('no answer'));
socket.on('error', (error) => fail(error.message));
socket.on('connect', () => socket.write(request));
socket.on('data', (chunk) => {
  reply += chunk.toString();
  if (Buffer.byteLength(reply) >= Buffer.byteLength(request)) socket.end();
});
socket.on('end', () => {
  if (reply !== request) fail('the reply is wrong');
  process.stdout.write(reply);
});
