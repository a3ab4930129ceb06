// defect: it ends the connection after its first reply
// mistake: written like an HTTP 1.0 server: one request, one response, end()
// trips: tcp/close/server-waits-for-client, echo/data/every-segmentation, echo/data/every-size
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('end', () => socket.end());
  socket.once('data', (request) => {
    socket.end(request);
    socket.resume(); // whatever still comes is not looked at
  });
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
