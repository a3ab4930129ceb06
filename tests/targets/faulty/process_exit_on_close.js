// defect: the program ends when the first client has left
// mistake: the 'close' handler with process.exit() was copied from the example of a client
// trips: process/life/keeps-running, tcp/accept/one-after-another
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('close', () => process.exit());
  socket.pipe(socket);
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
