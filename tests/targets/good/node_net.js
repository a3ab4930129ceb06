// Echo server on Node's event loop. With allowHalfOpen the end of the input
// does not end the output; pipe() handles back-pressure and the final FIN.
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.pipe(socket);
});

server.listen({ port: Number(process.argv[2]), backlog: 128 });
