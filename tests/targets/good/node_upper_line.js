// serves: upper-line.yaml
// Upper-case server for lines on Node's event loop. A byte is not a character: toUpperCase() would change bytes above 127, too.
'use strict';
const net = require('net');

const LONGEST = 1024;

function upper(line) {
  const reply = Buffer.alloc(line.length + 1, '\n');
  line.forEach((byte, i) => { reply[i] = byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte; });
  return reply;
}

// Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset.
function closeInOrder(socket) {
  socket.removeAllListeners('data');
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 5000);
  socket.on('close', () => clearTimeout(timer));
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let rest = Buffer.alloc(0);
  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('drain', () => socket.resume());
  socket.on('end', () => socket.end(rest.length > 0 ? upper(rest) : undefined));
  socket.on('data', (data) => {
    data = Buffer.concat([rest, data]);
    const replies = [];
    let begin = 0;
    let tooLong = false;
    while (!tooLong) {
      const end = data.indexOf(10, begin);
      tooLong = (end < 0 ? data.length : end) - begin > LONGEST;
      if (end < 0 || tooLong) break;
      replies.push(upper(data.subarray(begin, end)));
      begin = end + 1;
    }
    rest = Buffer.from(tooLong ? [] : data.subarray(begin));
    if (replies.length > 0 && !socket.write(Buffer.concat(replies))) socket.pause();
    if (tooLong) closeInOrder(socket);
  });
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
