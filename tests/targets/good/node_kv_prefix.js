// serves: kv-prefix.yaml
// Reverses length-prefixed messages on Node's event loop; the pieces of a message are joined once, when all of it is there.
'use strict';
const net = require('net');

const LONGEST = 65536;

// Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset.
function closeInOrder(socket) {
  socket.removeAllListeners('data');
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 5000);
  socket.on('close', () => clearTimeout(timer));
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let pieces = [];
  let come = 0; // bytes in all pieces
  let wanted = 4; // bytes that the next step needs
  let prefix = null;

  function take() {
    const all = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    pieces = [all.subarray(wanted)];
    come -= wanted;
    return all.subarray(0, wanted);
  }

  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('drain', () => socket.resume());
  socket.on('end', () => socket.end()); // half a message is no message
  socket.on('data', (data) => {
    const replies = [];
    pieces.push(data);
    come += data.length;
    while (come >= wanted) {
      if (prefix === null) {
        prefix = Buffer.from(take());
        wanted = prefix.readUInt32BE(0);
        if (wanted > LONGEST) {
          pieces = [];
          socket.write(Buffer.concat(replies));
          return closeInOrder(socket);
        }
      } else {
        replies.push(prefix, Buffer.from(take()).reverse());
        prefix = null;
        wanted = 4;
      }
    }
    if (replies.length > 0 && !socket.write(Buffer.concat(replies))) socket.pause();
  });
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
