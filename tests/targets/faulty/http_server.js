// serves: http
// defect string-length: Content-Length is the length of a string in UTF-16 units, and the page has umlauts; trips: http/reply/content-length-exact
// defect lower-case: the status line is "http/1.1 200 ok", as names of fields are not case-sensitive either; trips: http/reply/status-line
// defect space-colon: there is a space before each colon of a reply, for the looks of it; trips: http/reply/header-syntax
// defect no-length: a page that is not found is answered without Content-Length, and the connection stays open; trips: http/reply/delimited
// defect to-string: Date has the format of Date.toString(); trips: http/reply/date
// defect head-type: HEAD is answered as text/plain and GET as text/html, for HEAD has a handler of its own; trips: http/request/head-same-headers
// defect one-data: each 'data' event is a request; one that is not complete is a bad request; trips: http/cut/byte-by-byte, http/cut/anywhere, http/request/body-consumed
// defect one-per-data: only the first request in a 'data' event is answered, the next one with the next event; trips: http/connection/pipelined
// defect asks-keep-alive: the connection is closed after the reply, which does not say so, unless the request has Connection: keep-alive, as in HTTP/1.0; trips: http/connection/keep-alive
// defect no-slash: http://host/ is refused as malformed, for "a target begins with a slash"; trips: http/request/absolute-form
// defect parse-int: "3x" is a Content-Length of 3, and what is no number is none: parseInt(); trips: http/request/bad-content-length
// defect join: path.join() was expected to keep ".." inside of the folder; trips: http/request/no-traversal
// defect destroys: a request that is not understood is answered by destroy(); trips: http/request/malformed-line, http/request/missing-host, http/request/two-hosts, http/request/space-before-colon, http/request/bad-content-length
// defect unknown-is-404: an unknown method is answered with 404, since no handler was found; trips: http/request/unknown-method
// defect ignores-close: only HTTP/1.0 closes; Connection: close was forgotten; trips: http/connection/close-honoured
// defect trim: names of fields are trimmed, so that white space before a colon is not seen; trips: http/request/space-before-colon
'use strict';
const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');

const LONGEST_LINE = 8000;
const LONGEST_HEAD = 16384;
const page = '<!DOCTYPE html>\n<title>Hallo</title>\n<p>Grüße vom Server.</p>\n';
const word = process.argv[3];

class Refused extends Error {
  constructor(status) {
    super(`${status}`);
    this.status = status;
  }
}

function parseField(line, fields) {
  const field = (word === 'trim' ? /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)$/ : /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/).exec(line);
  if (!field || /[\x00-\x08\x0a-\x1f\x7f]/.test(field[2])) throw new Refused(400);
  if (line.length > LONGEST_LINE) throw new Refused(431);
  const name = field[1].toLowerCase();
  const value = field[2].trim();
  if (fields[name] !== undefined && (name === 'host' || (name === 'content-length' && value !== fields[name]))) throw new Refused(400);
  fields[name] = fields[name] !== undefined && name === 'connection' ? `${fields[name]},${value}` : value;
}

// The request whose head this is; its text has a character for each byte.
function parse(head) {
  const lines = head.split('\r\n');
  const request = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/.exec(lines.shift());
  if (!request) throw new Refused(400);
  const [, method, target, major, minor] = request;
  if (target.length > LONGEST_LINE) throw new Refused(414);
  if (major !== '1') throw new Refused(505);
  const fields = Object.create(null);
  lines.forEach((line) => parseField(line, fields));
  if (fields.host === undefined && minor !== '0') throw new Refused(400);
  if (fields['transfer-encoding'] !== undefined) throw new Refused(501);
  const told = fields['content-length'] ?? '0';
  if (!/^\d+$/.test(told) && word !== 'parse-int') throw new Refused(400);
  if (told.length > 9) throw new Refused(413);
  if (!/^\/|^http:\/\//i.test(target) || (word === 'no-slash' && target[0] !== '/')) throw new Refused(400);
  const options = (fields.connection ?? '').toLowerCase().split(',').map((option) => option.trim());
  return {
    method,
    target,
    length: Math.max(0, parseInt(told, 10) || 0),
    close: minor === '0' || (options.includes('close') && word !== 'ignores-close'),
    closesSilently: word === 'asks-keep-alive' && !options.includes('keep-alive'),
  };
}

// What a target names: a Buffer, or null.
function find(target) {
  const name = target.replace(/^http:\/\/[^/?]*/i, '').replace(/\?.*/s, '') || '/';
  if (name === '/') return Buffer.from(page);
  try {
    const file = word === 'join' ? path.join(process.cwd(), decodeURIComponent(name)) : `./${decodeURIComponent(name)}`;
    return (word !== 'join' && file.includes('..')) || !fs.statSync(file).isFile() ? null : fs.readFileSync(file);
  } catch {
    return null; // no such file, or no name of a file
  }
}

function respond(socket, status, type, content, { head = false, close = false } = {}) {
  const colon = word === 'space-colon' ? ' :' : ':';
  const fields = [`Content-Type${colon} ${head && word === 'head-type' ? 'text/plain' : type}`];
  const length = word === 'string-length' ? content.toString().length : content.length;
  if (word !== 'no-length' || status !== 404) fields.push(`Content-Length${colon} ${length}`);
  fields.push(`Date${colon} ${word === 'to-string' ? new Date().toString() : new Date().toUTCString()}`);
  if (status === 405) fields.push(`Allow${colon} GET, HEAD`);
  if (close) fields.push(`Connection${colon} close`);
  const line = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`;
  const text = [word === 'lower-case' ? line.toLowerCase() : line, ...fields, '', ''].join('\r\n');
  return socket.write(Buffer.concat([Buffer.from(text), head ? Buffer.alloc(0) : content]));
}

function serve(socket, { method, target, close }) {
  const content = find(target);
  const head = method === 'HEAD';
  if (!['GET', 'HEAD', 'POST'].includes(method)) return respond(socket, word === 'unknown-is-404' ? 404 : 501, 'text/plain', Buffer.from('no such method\n'), { close });
  if (method === 'POST') return respond(socket, 405, 'text/plain', Buffer.from('read only\n'), { close });
  if (content === null) return respond(socket, 404, 'text/plain', Buffer.from('not found\n'), { head, close });
  return respond(socket, 200, 'text/html; charset=utf-8', content, { head, close });
}

// Ends the output, then drops what still comes, for five seconds.
function closeInOrder(socket) {
  socket.removeAllListeners('data');
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 5000);
  socket.on('close', () => clearTimeout(timer));
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let come = Buffer.alloc(0);
  let body = 0; // bytes of a body that are still to come
  let current = null; // the request that the body belongs to

  // Serves the next request in the buffer; false if there is none, or the connection is over.
  function serveOne() {
    if (current === null) {
      while (come[0] === 13 && come[1] === 10) come = come.subarray(2); // empty lines are not minded
      const end = come.indexOf('\r\n\r\n');
      const line = come.indexOf('\n');
      if ((line < 0 ? come.length : line) > LONGEST_LINE) throw new Refused(414);
      if ((end < 0 ? come.length : end) > LONGEST_HEAD) throw new Refused(431);
      if (end < 0 && come.length > 0 && word === 'one-data') throw new Refused(400);
      if (end < 0) return false;
      current = parse(come.subarray(0, end).toString('latin1'));
      body = current.length;
      come = come.subarray(end + 4);
    }
    const taken = Math.min(body, come.length);
    come = come.subarray(taken);
    body -= taken;
    if (body > 0 && word !== 'one-data') return false;
    const request = current;
    current = null;
    if (!serve(socket, request)) socket.pause();
    if (!request.close && !request.closesSilently) return word !== 'one-per-data';
    closeInOrder(socket);
    return false;
  }

  function guarded(step) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (word === 'destroys' && error.status === 400) return socket.destroy();
      respond(socket, error.status, 'text/plain', Buffer.alloc(0), { close: true });
      closeInOrder(socket);
    }
  }

  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('drain', () => socket.resume());
  socket.on('end', () => {
    if (word === 'answers-rest' && current !== null) serve(socket, current);
    if (word === 'answers-rest' && come.length > 0) guarded(() => serve(socket, parse(come.toString('latin1').trim())));
    socket.end(); // half a request is no request
  });
  socket.on('data', (data) => guarded(() => {
    come = Buffer.concat([come, data]);
    while (serveOne());
  }));
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
