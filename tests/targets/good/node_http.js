// serves: http
// HTTP/1.1 server on Node's http module, with the checks that the module leaves to its user: two Host fields, length of the target, `..`.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');

const LONGEST_TARGET = 8000;
const page = '<!DOCTYPE html>\n<title>Hello</title>\n<p>Grüße vom Server.</p>\n';

function respond(response, status, type, content, headers = {}) {
  const body = Buffer.from(content);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length, ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function refuse(response, status) {
  respond(response, status, 'text/plain', `${http.STATUS_CODES[status]}\n`, { Connection: 'close' });
}

// The path that a target names, decoded; null if it is none.
function pathOf(target) {
  try {
    const name = decodeURIComponent(target.replace(/^http:\/\/[^/?]+/i, '').replace(/\?.*/s, '') || '/');
    return name.startsWith('/') && !name.includes('\0') ? name : null;
  } catch {
    return null; // a % without two digits, or not UTF-8
  }
}

function serve(request, response) {
  if (request.httpVersionMajor !== 1) return refuse(response, request.httpVersionMajor === 0 ? 400 : 505);
  if (request.headersDistinct.host?.length > 1) return refuse(response, 400);
  if (/(^|,)\s*close\s*(,|$)/i.test(request.headers.connection)) response.setHeader('Connection', 'close');
  if (request.url.length > LONGEST_TARGET) return refuse(response, 414);
  if (!['GET', 'HEAD', 'POST'].includes(request.method)) return refuse(response, 501);
  const name = pathOf(request.url);
  if (name === null) return refuse(response, 400);
  if (request.method === 'POST') return respond(response, 405, 'text/plain', 'read only\n', { Allow: 'GET, HEAD' });
  if (name === '/') return respond(response, 200, 'text/html; charset=utf-8', page);
  if (name.split('/').includes('..')) return respond(response, 404, 'text/plain', 'not found\n');
  fs.readFile(path.join('.', name), (error, content) => {
    if (error) respond(response, 404, 'text/plain', 'not found\n');
    else respond(response, 200, 'application/octet-stream', content);
  });
}

const server = http.createServer((request, response) => {
  request.resume(); // a body is read and dropped
  request.on('end', () => serve(request, response));
});

// The status for what the parser does not like, guessed from the data it was at.
function statusOf(error) {
  const data = error.rawPacket?.toString('latin1') ?? '';
  if (error.code === 'HPE_HEADER_OVERFLOW') return data.slice(0, LONGEST_TARGET).includes('\n') ? 431 : 414;
  if (error.code === 'HPE_INVALID_VERSION' && / HTTP\/\d\.\d\r?\n/.test(data)) return 505;
  return error.code === 'HPE_INVALID_METHOD' && /^[A-Za-z]+ \S+ HTTP\/1\.\d\r?\n/.test(data) ? 501 : 400;
}

server.on('clientError', (error, socket) => {
  if (error.code === 'ECONNRESET') return socket.destroy();
  if (error.code === 'HPE_INVALID_EOF_STATE') return socket.end(); // half a request is no request
  if (!socket.writable) return; // what comes behind a request that was refused
  const status = statusOf(error);
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  // What still comes is dropped, for five seconds: a close with input unread is a reset.
  const timer = setTimeout(() => socket.destroy(), 5000);
  socket.on('close', () => clearTimeout(timer));
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
