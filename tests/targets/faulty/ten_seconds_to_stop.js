// defect: on SIGTERM it takes ten seconds to end, with or without clients
// mistake: the time for the last clients to finish is waited for in full, even if there are none
// trips: process/stop/on-sigterm
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.pipe(socket);
});

process.on('SIGTERM', () => {
  server.close();
  setTimeout(() => process.exit(0), 10000);
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
