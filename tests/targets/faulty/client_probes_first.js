// client-of: echo
// defect: it connects twice for one exchange
// mistake: a first connection is to find out whether the server is there; for the server that is a client of its own
// trips: client/connect/once
'use strict';
const net = require('net');

const address = { host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true };
const request = 'uno\ndue\ntre\n';

function fail(what) {
  console.error(what);
  process.exit(1);
}

function talk() {
  let reply = '';
  const socket = net.connect(address, () => socket.write(request));
  socket.setTimeout(3000, () => fail('no answer'));
  socket.setEncoding('latin1');
  socket.on('error', (error) => fail(error.message));
  socket.on('data', (data) => {
    reply += data;
    if (reply.length >= request.length) socket.end();
  });
  socket.on('end', () => {
    if (reply !== request) fail('the reply is wrong');
    process.stdout.write(reply);
  });
}

const probe = net.connect(address);
probe.on('error', (error) => fail(`nobody there: ${error.message}`));
probe.on('connect', () => {
  probe.end();
  probe.destroy();
  talk();
});
