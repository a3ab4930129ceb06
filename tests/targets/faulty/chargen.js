// serves: chargen
// defect waits_for_input: the stream begins when the client has sent something, because a server "answers"; trips: chargen/stream/at-once
// defect one_screen: the stream stops after 24 lines, because the author's terminal has no more; trips: chargen/stream/goes-on
// defect all_bytes: the stream has all 256 byte values in it, because "character" was read as char; trips: chargen/stream/printable
// defect any_key: the stream ends when the client sends something, as "press any key to stop" would have it; trips: chargen/input/discarded
// defect no_backpressure: what a client does not read piles up in memory, because the result of write() is not looked at; trips: chargen/flow/bounded-memory
// defect ignores_end: the stream goes on when the client has ended, because there is no 'end' handler and half-open is allowed; trips: chargen/close/ends-with-client
// defect no_error_handler: a client that aborts ends the server, because an 'error' event without a handler is thrown; trips: chargen/survive/rude-abort, process/life/keeps-running
'use strict';
const net = require('net');

const word = process.argv[3];
const count = word === 'one_screen' ? 24 : 95;

function lines() {
  const text = Buffer.alloc(count * 74);
  for (let line = 0; line < count; line++) {
    for (let i = 0; i < 72; i++) {
      text[line * 74 + i] = word === 'all_bytes' ? line * 72 + i : 32 + ((line + i) % 95);
    }
    text.write('\r\n', line * 74 + 72);
  }
  return text;
}

const text = lines();
let clients = 0; // of no_backpressure; they share some 20 MB a second

function generate(socket) {
  // One piece a turn: a client that reads fast must not keep the others waiting.
  function more() {
    if (socket.writable && socket.write(text) && word !== 'one_screen') setImmediate(more);
  }
  if (word === 'no_backpressure') {
    clients++;
    const clock = setInterval(() => {
      for (let i = 0; i < 30 / clients && socket.writable; i++) socket.write(Buffer.from(text));
    }, 10);
    socket.on('close', () => {
      clients--;
      clearInterval(clock);
    });
    return;
  }
  if (word !== 'one_screen') socket.on('drain', () => setImmediate(more));
  more();
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  if (word !== 'no_error_handler') socket.on('error', () => socket.destroy()); // reset by the client
  if (word !== 'ignores_end') socket.on('end', () => socket.end());
  if (word === 'any_key') socket.once('data', () => socket.end());
  if (word === 'waits_for_input') socket.once('data', () => generate(socket));
  else generate(socket);
  socket.resume();
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
