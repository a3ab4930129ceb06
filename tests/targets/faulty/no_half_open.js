// defect: replies that are still to be sent when the client's FIN comes are lost
// mistake: net.createServer() without allowHalfOpen ends the socket by itself, while replies come from a later callback
// trips: tcp/half-close/drains-then-closes
'use strict';
const net = require('net');

// Stands for a look-up in a data base or a file.
const work = (data, done) => setTimeout(() => done(data), 100);

const server = net.createServer((socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client, or a write after the end
  socket.on('data', (data) => work(data, (reply) => socket.write(reply)));
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
