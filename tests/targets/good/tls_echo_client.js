// client-of: echo-tls
// TLS echo client: trusts one authority and the name localhost, sends three
// lines, compares what comes back, and ends its session before its connection.
'use strict';
const fs = require('fs');
const tls = require('tls');

const request = Buffer.from('peas porridge hot\npeas porridge cold\nnine days old\n');
let reply = Buffer.alloc(0);
let failed = false;

function fail(what) {
  if (failed) return;
  failed = true;
  console.error(`tls_echo_client: ${what}`);
  process.exitCode = 1;
  socket.destroy();
}

// Without a subjectAltName the library would look at the common name.
function checkServerIdentity(name, certificate) {
  if (!certificate.subjectaltname) return new Error('the certificate has no subjectAltName');
  return tls.checkServerIdentity(name, certificate);
}

const socket = tls.connect({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  ca: fs.readFileSync(process.argv[3]),
  servername: 'localhost',
  checkServerIdentity,
});
socket.setTimeout(3000, () => fail('no answer for three seconds'));
socket.on('error', (error) => fail(error.message)); // refused, reset, or not to be trusted
socket.on('secureConnect', () => socket.write(request));

socket.on('data', (data) => {
  reply = Buffer.concat([reply, data]);
  if (!reply.equals(request.subarray(0, reply.length))) fail('the reply is not what was sent');
  else if (reply.length === request.length) socket.end();
});

socket.on('close', () => {
  if (failed) return;
  if (reply.length < request.length) fail('the connection ended before the whole reply');
  else process.stdout.write(reply);
});
