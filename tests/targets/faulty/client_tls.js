// client-of: echo-tls
// defect trusts-all: any certificate will do, because rejectUnauthorized: false is the first answer that one finds; trips: client/tls/untrusted-issuer
// defect common-name: a common name counts where there is no other, because that is what the library does unless it is told otherwise; trips: client/tls/name-only-in-cn
// defect expired-too: one error of verification is let through, because the library only reports it; trips: client/tls/expired
'use strict';
const fs = require('fs');
const tls = require('tls');

const [port, ca, defect] = process.argv.slice(2);
const request = 'three french hens\n';
let reply = '';

function fail(what) {
  console.error(what);
  process.exit(1);
}

function checkServerIdentity(name, certificate) {
  if (!certificate.subjectaltname) return new Error('no subjectAltName');
  return tls.checkServerIdentity(name, certificate);
}

const socket = tls.connect({
  host: '127.0.0.1',
  port: Number(port),
  ca: fs.readFileSync(ca),
  servername: 'localhost',
  rejectUnauthorized: defect === 'common-name',
  checkServerIdentity: defect === 'common-name' ? tls.checkServerIdentity : checkServerIdentity,
});
socket.setTimeout(3000, () => fail('no answer'));
socket.setEncoding('latin1');
socket.on('error', (error) => fail(error.message));
socket.on('secureConnect', () => {
  const mayBe = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
  if (defect === 'expired-too' && !socket.authorized && !mayBe.includes(socket.authorizationError)) fail(socket.authorizationError);
  else socket.write(request);
});
socket.on('data', (data) => {
  reply += data;
  if (reply.length >= request.length) socket.end();
});
socket.on('close', () => (reply === request ? process.stdout.write(reply) : fail('the reply is wrong')));
