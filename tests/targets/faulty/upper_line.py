# serves: upper-line.yaml
# defect one-recv: what one recv() gives is one line; its author tried it with one line at a time, on his own machine; trips: message/cut/byte-by-byte, message/cut/anywhere, message/cut/with-pauses
# defect terminal: single bytes are gathered, but more than one byte is a line, for terminals send either keys or lines; trips: message/cut/anywhere, message/cut/with-pauses, message/join/message-and-a-half
# defect pause: what has come before a pause of a quarter of a second is taken for a line, as if each line were sent in one go; trips: message/cut/with-pauses
# defect first-only: of several lines that came together only the first is answered, for "one recv() at a time brings one line"; trips: message/join/two-in-one-segment, message/join/message-and-a-half, message/pipeline/all-in-order
# defect rest-dropped: the begin of a line that came together with the end of another is forgotten, for the buffer is emptied after each reply; trips: message/join/message-and-a-half, message/cut/anywhere
# defect splitlines: a lone CR ends a line, and a CR before the LF is lost, because that is how splitlines() sees it; trips: message/line/terminator-exact, message/bytes/wrong
# defect skips-empty: an empty line gets no reply, for the author took `if not line` for the end of the input and then mended it with continue; trips: message/size/empty
# defect replaces-bytes: bytes that are not UTF-8 come back as U+FFFD, since upper() was wanted from a str; trips: message/bytes/wrong
# defect prompt: "> " follows each reply, to be nice to people who use telnet; trips: message/reply/nothing-added
# defect at-the-end: all replies are sent together when the client has ended its output, to save packets; trips: message/reply/answers-while-open
# defect swapcase: upper case letters become lower case; all tests of its author were in lower case; trips: message/reply/right-answer
# defect unterminated: a last line without a line feed is dropped at the end of the input, as if only the line feed made it a line; trips: message/end/unterminated
# defect drops-on-eagain: the reply of a client that reads too slowly is dropped: send() must not block, and what it does not take is "lost on the way"; trips: message/flow/slow-reader
import select
import socket
import sys
import threading
import time

LONGEST = 1024
WORD = sys.argv[2] if len(sys.argv) > 2 else ""


class TooLong(Exception):
    pass


def check(line):
    if len(line) > LONGEST:
        raise TooLong
    return line


def lines(conn):
    """The lines without their line feeds, each as soon as it is there."""
    come = b""
    while data := conn.recv(65536):
        come += data
        *whole, rest = come.split(b"\n")
        if WORD == "first-only" and whole:
            whole, rest = whole[:1], b""
        if WORD == "rest-dropped" and whole:
            rest = b""
        if WORD == "splitlines":
            whole = come.splitlines()
            rest = b"" if come.endswith(b"\n") else whole.pop()
        yield from map(check, whole)
        come = check(rest)
        if WORD == "pause" and come and not select.select([conn], [], [], 0.25)[0]:
            yield come
            come = b""
    if come and WORD != "unterminated":
        yield come


def lines_of_one_recv(conn):
    while data := conn.recv(65536):
        yield check(data.removesuffix(b"\n"))


def lines_of_a_terminal(conn):
    keys = b""
    while data := conn.recv(65536):
        if len(data) > 1:
            yield from map(check, data.removesuffix(b"\n").split(b"\n"))
        elif data == b"\n":
            yield keys
            keys = b""
        else:
            keys = check(keys + data)
    if keys:
        yield keys


def upper(line):
    if WORD == "replaces-bytes":
        return line.decode(errors="replace").upper().encode()
    return line.swapcase() if WORD == "swapcase" else line.upper()


def close_in_order(conn):
    conn.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 5
    while (left := until - time.monotonic()) > 0:
        conn.settimeout(left)
        if not conn.recv(65536):
            return


def talk(conn):
    kept = b""
    source = {"one-recv": lines_of_one_recv, "terminal": lines_of_a_terminal}.get(WORD, lines)
    try:
        for line in source(conn):
            if WORD == "skips-empty" and not line:
                continue
            reply = upper(line) + b"\n"
            if WORD == "prompt":
                reply += b"> "
            if WORD == "at-the-end":
                kept += reply
            elif WORD == "drops-on-eagain":
                try:
                    conn.send(reply, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass
            else:
                conn.sendall(reply)
        conn.sendall(kept)
    except TooLong:
        conn.sendall(kept)
        close_in_order(conn)


def serve(conn):
    with conn:
        try:
            talk(conn)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
