// serves: calc-line.yaml
// defect no-greeting: the greeting comes with the first reply, for it is written by the code that answers; trips: message/greeting/first
// defect newest-piece: a CR LF of which the CR came with an earlier piece is not seen, for only the newest piece is searched; trips: message/cut/in-the-frame, message/cut/byte-by-byte
// defect lf-ends: a lone LF ends a line, too, since lines are split at /\r?\n/; trips: message/line/terminator-exact
// defect concatenates: ADD 2 3 gives 23, for the operands are strings; trips: message/reply/right-answer
// defect nan: ADD of something that is no number gives OK NaN, for Number() does not throw; trips: message/malformed/answered
// defect closes-on-error: a line that is not understood ends the connection, for it throws and the only catch is around everything; trips: message/malformed/answered
// defect stays: QUIT is answered, but the connection stays open, as the client was expected to end it; trips: message/then/closes
// defect pop: of lines that came together the last is answered first, for pop() takes from the end; trips: message/pipeline/all-in-order, message/join/two-in-one-segment
// defect half-line: half a line at the end of the input is carried out, as if it were the last line of a file; trips: message/end/half-a-message
// defect counts-terminator: a line may have 510 bytes only, for CR LF are counted, too; trips: message/size/longest
// defect no-limit: a line may be as long as it likes, and all of it is kept; trips: message/size/endless, message/size/one-over
// defect silent-close: a line that is too long is not answered before the connection is closed; trips: message/size/one-over
// defect skips-empty: an empty line gets no reply, because filter(Boolean) throws it away; trips: message/size/empty
// defect decoder: a line that is not UTF-8 ends the connection, for a TextDecoder with { fatal: true } throws; trips: message/bytes/wrong
// defect trims: white space around a command is not minded, for each line is trimmed, and so a CR or LF within it is none; trips: message/malformed/answered, message/line/terminator-exact
'use strict';
const net = require('net');

const LONGEST = 512;
const word = process.argv[3];

function answer(line) {
  if (line === 'PING') return 'PONG';
  if (line === 'QUIT') return 'BYE';
  const numbers = /^ADD (-?[0-9]{1,18}) (-?[0-9]{1,18})$/.exec(line);
  if (numbers && word === 'concatenates') return `OK ${numbers[1] + numbers[2]}`;
  if (numbers) return `OK ${BigInt(numbers[1]) + BigInt(numbers[2])}`;
  const sum = /^ADD (\S+) (\S+)$/.exec(line);
  if (sum && word === 'nan') return `OK ${Number(sum[1]) + Number(sum[2])}`;
  if (word === 'closes-on-error') throw new Error('what is that?');
  return 'ERR what is that?';
}

// Cuts off the whole lines; gives them and the rest. The text has a character for each byte.
function split(text, newest) {
  const where = word === 'newest-piece' ? text.length - newest : 0;
  if (!text.includes('\r\n', where) && word !== 'lf-ends') return [[], text];
  const lines = text.split(word === 'lf-ends' ? /\r?\n/ : '\r\n');
  return [lines, lines.pop()];
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
  let pieces = []; // what has come of a line
  let length = 0; // of all pieces
  let greeting = word === 'no-greeting' ? 'READY\r\n' : '';

  function send(reply) {
    if (!socket.write(`${greeting}${reply}\r\n`)) socket.pause();
    greeting = '';
  }

  function carryOut(lines) {
    if (word === 'skips-empty') lines = lines.filter(Boolean);
    while (lines.length > 0) {
      let line = word === 'pop' ? lines.pop() : lines.shift();
      if (word === 'trims') line = line.trim();
      if (word === 'decoder') new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'));
      const tooLong = line.length > LONGEST - (word === 'counts-terminator' ? 2 : 0) && word !== 'no-limit';
      if (!tooLong || word !== 'silent-close') send(tooLong ? 'ERR line too long' : answer(line));
      if (tooLong || (line === 'QUIT' && word !== 'stays')) {
        length = 0;
        return closeInOrder(socket);
      }
    }
  }

  socket.on('error', () => socket.destroy()); // reset by the client
  socket.on('drain', () => socket.resume());
  socket.on('end', () => {
    if (word === 'half-line' && length > 0) carryOut([Buffer.concat(pieces).toString('latin1')]);
    socket.end();
  });
  socket.on('data', (data) => {
    let lines = [];
    pieces.push(data);
    length += data.length;
    if (data.includes('\n') || (length > LONGEST && word !== 'no-limit')) {
      let rest;
      [lines, rest] = split(Buffer.concat(pieces).toString('latin1'), data.length);
      pieces = [Buffer.from(rest, 'latin1')];
      length = rest.length;
      if (rest.replace(/\r$/, '').length > LONGEST && word !== 'no-limit') lines.push(rest);
    }
    try {
      carryOut(lines);
    } catch {
      closeInOrder(socket);
    }
  });
  if (word !== 'no-greeting') send('READY');
});

server.listen({ host: '0.0.0.0', port: Number(process.argv[2]), backlog: 128 });
