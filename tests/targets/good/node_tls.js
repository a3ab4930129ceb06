// serves: echo-tls
// TLS echo server on Node's event loop. With allowHalfOpen the client's
// close_notify does not end the output; pipe() handles back-pressure and ends
// with our close_notify and the FIN.
'use strict';
const fs = require('fs');
const tls = require('tls');

const [port, cert, key] = process.argv.slice(2);
const options = {
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  minVersion: 'TLSv1.2',
  allowHalfOpen: true, handshakeTimeout: 1200,
};

const server = tls.createServer(options, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client, or a broken record
  socket.pipe(socket);
});

// A handshake that fails: the library sends its alert, and the socket has to go.
server.on('tlsClientError', (error, socket) => socket.destroy());

server.listen({ host: '0.0.0.0', port: Number(port), backlog: 128 });
