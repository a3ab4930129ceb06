// serves: echo-tls
// defect tls10-allowed: TLS 1.0 and 1.1 are spoken, because minVersion was lowered until an old client worked; trips: tls/version/no-tls10, tls/version/no-tls11
// defect only-tls12: TLS 1.3 is not spoken, because secureProtocol 'TLSv1_2_method' was taken for "1.2 or better"; trips: tls/handshake/tls13
// defect leaf-only: the certificates between its own and the root are not sent, because only the first block of the file is handed on; trips: tls/certificate/chain
// defect banner: a line of greeting goes out in clear, because 'connection' was taken for the moment after the handshake; trips: tls/wire/nothing-in-clear, tls/handshake/answers
// defect client-error-thrown: a failed handshake ends the server, because the handler of 'tlsClientError' passes the error on; trips: tls/survive/garbage, tls/survive/plain-text-client, tls/survive/broken-off, process/life/keeps-running
// defect closes-server: after a failed handshake nobody is accepted any more, because the handler closes the server and not the socket; trips: tls/survive/plain-text-client, tls/survive/garbage, tls/survive/broken-off, process/life/keeps-running
// defect destroyed-at-end: the connection ends without a close_notify, because 'end' was taken for the end of both directions; trips: tls/close/notify, tls/close/answers-notify
// defect end-unanswered: a close_notify is never answered, because with allowHalfOpen nobody calls end(); trips: tls/close/answers-notify, tls/close/notify
'use strict';
const fs = require('fs');
const tls = require('tls');

const [port, cert, key, defect] = process.argv.slice(2);
const options = {
  cert: fs.readFileSync(cert, 'latin1'),
  key: fs.readFileSync(key),
  allowHalfOpen: true,
};
if (defect === 'tls10-allowed') {
  options.minVersion = 'TLSv1';
  options.ciphers = 'DEFAULT@SECLEVEL=0';
}
if (defect === 'only-tls12') options.secureProtocol = 'TLSv1_2_method';
if (defect === 'leaf-only') options.cert = options.cert.split(/(?<=-----END CERTIFICATE-----\n)/)[0];

const server = tls.createServer(options, (socket) => {
  socket.on('error', () => socket.destroy()); // reset by the client
  if (defect === 'destroyed-at-end') socket.on('end', () => socket.destroy());
  socket.pipe(socket, { end: defect !== 'end-unanswered' });
});

if (defect === 'banner') server.on('connection', (socket) => socket.write('220 echo ready\r\n'));

server.on('tlsClientError', (error, socket) => {
  if (defect === 'client-error-thrown') throw error;
  if (defect === 'closes-server') server.close();
  socket.destroy();
});

server.listen({ host: '0.0.0.0', port: Number(port), backlog: 128 });
