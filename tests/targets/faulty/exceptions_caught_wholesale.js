// defect: each connection ends with an exception that nobody expected, and its stack on stderr
// mistake: a handler of 'uncaughtException' keeps the server going, so the exceptions were left at that
// trips: process/output/no-uncaught-error
'use strict';
const net = require('net');

const served = new Map();

process.on('uncaughtException', (error) => console.error(error.stack));

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('close', () => {
    served.get(socket.remoteAddress).count += 1; // who would have put it there?
  });
  socket.pipe(socket);
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
