// defect: bytes that are not valid UTF-8 come back as the replacement character, or not before the end
// mistake: setEncoding('utf8') turns the data into strings
// trips: echo/data/unchanged
'use strict';
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('end', () => socket.end());
  socket.on('drain', () => socket.resume());
  socket.on('data', (text) => {
    if (!socket.write(text)) socket.pause();
  });
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
