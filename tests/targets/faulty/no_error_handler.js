// defect: the program ends with an uncaught exception when a client resets its connection
// mistake: the socket has no 'error' handler, and in Node an 'error' event without one is thrown
// trips: tcp/survive/reset-in-mid-message, tcp/survive/connect-and-vanish, process/life/keeps-running
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.pipe(socket);
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
