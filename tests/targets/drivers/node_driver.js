// drives: node:net
// Driver for `sockconf check --driver` (docs/driver-protocol.md). Node has no primitives: it accepts and reads by
// itself and tells of it by events. Here accept takes from the connections that the server has told of, recv from
// what the stream has read, and a call whose event is still to come is answered when it comes. server.listen binds and
// listens in one, so it is bind that calls it. What cannot be said,
// or would wait for ever where others refuse (a read before connect), is answered "unsupported".
'use strict';
const { once } = require('events');
const net = require('net');
const readline = require('readline');

const HELLO = {
  driver: 1, name: 'node:net', profile: 'node',
  lacks: ['signals', 'nonblocking', 'poll', 'getsockopt', 'dup', 'open', 'limit', 'interrupt', 'peek', 'waitall', 'dontwait', 'oob',
    'nosignal', 'reuseaddr', 'broadcast', 'linger', 'rcvtimeo', 'sndtimeo', 'rcvbuf', 'sndbuf', 'error', 'type', 'acceptconn', 'usertimeout'],
};
const HOSTS = { inet: '0.0.0.0', inet6: '::' };

class Errno extends Error {}
class Unsupported extends Error {}

/** What a number stands for: nothing until a call decides between net.Server and net.Socket. */
class Numbered {
  domain;
  stream;              // net.Socket
  server;              // net.Server
  listening = false;   // asked to; in truth it does since bind
  connections = [];    // not accepted yet
  closed = false;      // kept until its number is given anew, for calls after close

  constructor(domain, stream) {
    this.domain = domain;
    this.stream = stream && watched(stream);
  }

  async serve(host, port, backlog) {
    this.server = net.createServer({ allowHalfOpen: true }, (stream) => this.connections.push(watched(stream)));
    this.server.listen({ host, port, backlog, ipv6Only: this.domain === 'inet6' });
    try {
      await once(this.server, 'listening');
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    this.server.on('error', () => {});
    return { value: 0 };
  }

  async bind({ address }) {
    check(!this.server && !this.stream && !this.closed && expressible(address, this.domain));
    return this.serve(address.ip, address.port);
  }

  async listen({ backlog }) {
    check(!this.listening && !this.stream && !this.closed);
    if (!this.server) {
      await this.serve(HOSTS[this.domain], 0, backlog);
    }
    this.listening = true;
    return { value: 0 };
  }

  async accept() {
    check(this.server);
    while (this.connections.length === 0) {
      if (this.closed) {
        throw new Errno('EBADF');
      }
      await first(this.server, 'connection', 'close');
    }
    const stream = this.connections.shift();
    return { value: add(new Numbered(this.domain, stream)), address: told(stream.remoteAddress, stream.remotePort) };
  }

  async connect({ address }) {
    check(!this.server && !this.closed && expressible(address, this.domain));
    check(!this.stream || this.stream.destroyed); // connect() is also there to connect again
    this.stream ??= watched(new net.Socket({ allowHalfOpen: true }));
    this.stream.connect({ host: address.ip, port: address.port });
    await first(this.stream, 'connect', 'close');
    if (this.stream.destroyed) {
      throw this.stream.errored ?? new Errno('EBADF');
    }
    return { value: 0 };
  }

  async send({ data, flags, address }) {
    check(this.stream && !flags?.length && !address);
    const bytes = Buffer.from(data, 'hex');
    await new Promise((resolve, reject) => this.stream.write(bytes, (error) => (error ? reject(error) : resolve())));
    return { value: bytes.length };
  }

  async recv({ length, flags }) {
    check(this.stream && !flags?.length && length > 0);
    while (!this.stream.readableEnded) {
      const data = this.stream.read(Math.min(length, this.stream.readableLength) || undefined);
      if (data) {
        return { value: data.length, data: data.toString('hex') };
      }
      if (this.stream.destroyed) {
        throw this.closed ? new Errno('EBADF') : this.stream.errored ?? new Unsupported();
      }
      await first(this.stream, 'readable', 'end', 'close');
    }
    return { value: 0, data: '' };
  }

  async shutdown({ how }) {
    check(this.stream && how === 'wr');
    await new Promise((resolve, reject) => this.stream.end((error) => (error ? reject(error) : resolve())));
    return { value: 0 };
  }

  async setsockopt({ option, number }) {
    check(this.stream && option === 'nodelay');
    this.stream.setNoDelay(number !== 0);
    return { value: 0 };
  }

  async getsockname({ room }) {
    const { address, port } = (this.server ?? this.stream)?.address() ?? {};
    check(address && room === undefined);
    return { value: 0, address: told(address, port) };
  }

  async getpeername({ room }) {
    check(this.stream && room === undefined);
    if (!this.stream.remoteAddress) {
      throw new Errno(this.closed ? 'EBADF' : 'ENOTCONN');
    }
    return { value: 0, address: told(this.stream.remoteAddress, this.stream.remotePort) };
  }

  async close() {
    this.closed = true;
    this.server?.close(); // its 'close' comes when the last connection has ended
    this.connections.splice(0).forEach((stream) => stream.destroy());
    if (this.stream && !this.stream.closed && !this.stream.destroyed) {
      this.stream.destroy();
      await first(this.stream, 'close');
    }
    return { value: 0 };
  }
}

const CALLS = ['bind', 'connect', 'listen', 'accept', 'send', 'recv', 'shutdown', 'close', 'getsockname', 'getpeername', 'setsockopt'];
const sockets = new Map(); // Numbered, by number
const running = new Set(); // promises of the requests that are blocked
let resets = 0;            // what began before the last one is not answered any more

/** Lets the stream read on its own, and outlive an error that no call has asked for yet. */
function watched(stream) {
  return stream.on('readable', () => {}).on('error', () => {});
}

function first(emitter, ...events) {
  return new Promise((resolve) => {
    const over = () => {
      events.forEach((event) => emitter.off(event, over));
      resolve();
    };
    events.forEach((event) => emitter.on(event, over));
  });
}

function check(expressed) {
  if (!expressed) {
    throw new Unsupported();
  }
}

/** Node makes its sockets for the address given: one of another family cannot be said. */
function expressible(address, domain) {
  return address.family === domain && address.length === undefined;
}

function told(ip, port) {
  return { family: net.isIPv6(ip) ? 'inet6' : 'inet', ip, port };
}

function add(socket) {
  let number = 3;
  while (sockets.has(number) && !sockets.get(number).closed) {
    number++;
  }
  sockets.set(number, socket);
  return number;
}

async function carryOut(request) {
  if (request.call === 'reset') {
    return { value: 0 }; // done
  }
  if (request.call === 'socket') {
    check(request.domain in HOSTS && request.type === 'stream' && request.protocol === 0);
    return { value: add(new Numbered(request.domain)) };
  }
  check(CALLS.includes(request.call) && sockets.has(request.socket));
  return sockets.get(request.socket)[request.call](request);
}

/** Node's own codes are named ERR_…, the system's by their errno. */
function failure(error, socket) {
  if (error instanceof Errno) {
    return { errno: error.message };
  }
  switch (error.code) {
    case 'ERR_STREAM_WRITE_AFTER_END':
      return { errno: 'EPIPE' };
    case 'ERR_STREAM_DESTROYED': // by close, or by an error before
      return { errno: socket.closed ? 'EBADF' : 'EPIPE' };
    case 'ERR_STREAM_ALREADY_FINISHED': // a second shutdown
      return { unsupported: true };
  }
  if (/^E[A-Z0-9]+$/.test(error.code)) {
    return { errno: error.code };
  }
  if (!(error instanceof Unsupported)) {
    console.error(error);
  }
  return { unsupported: true };
}

function write(message) {
  process.stdout.write(JSON.stringify(message) + '\n');
}

async function serve(request) {
  const began = resets;
  const answer = await carryOut(request).catch((error) => failure(error, sockets.get(request.socket)));
  if (began === resets) {
    write({ id: request.id, ...answer });
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, 'late'));
}

async function reset() {
  await Promise.all([...sockets.values()].map((socket) => socket.close()));
  await Promise.race([Promise.all(running), pause(500)]);
  await Promise.all([...sockets.values()].map((socket) => socket.close())); // what was accepted meanwhile
  sockets.clear();
  running.clear();
  resets++;
}

async function main() {
  write(HELLO);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.call === 'reset') {
      await reset();
    }
    const served = serve(request);
    if (!request.background) {
      await served;
    } else if ((await Promise.race([served, pause(20)])) === 'late') {
      write({ id: request.id, blocked: true });
      running.add(served);
      served.then(() => running.delete(served));
    }
  }
  process.exit();
}

main();
