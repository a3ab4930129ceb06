# client-of: upper-line.yaml
"""Client of the service that returns each line in upper case: sends a line and
reads its reply before it sends the next, then closes in order."""
import socket
import sys

LINES = [b"alpha", b"Beta and Gamma", b"", b"delta 4"]


class Replies:
    """Lines, however the stream is cut."""

    def __init__(self, conn):
        self.conn = conn
        self.rest = b""

    def next(self):
        while b"\n" not in self.rest:
            data = self.conn.recv(4096)
            if not data:
                raise EOFError("the connection ended before the end of a line")
            self.rest += data
            if len(self.rest) > 4096:
                raise ValueError("a line without end")
        line, self.rest = self.rest.split(b"\n", 1)
        return line


def talk(conn):
    replies = Replies(conn)
    for line in LINES:
        conn.sendall(line + b"\n")
        reply = replies.next()
        if reply != line.upper():
            raise ValueError(f"the reply to {line} is {reply}")
        yield reply.decode()
    conn.shutdown(socket.SHUT_WR)
    if replies.rest or conn.recv(1):
        raise ValueError("more came back than was asked for")


def main():
    try:
        # The timeout is one for connect() and for each recv() and send() later.
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
            lines = list(talk(conn))
    except (OSError, EOFError, ValueError) as e:
        sys.exit(f"upper_line_client: {e}")  # on stderr, with exit code 1
    print(*lines, sep="\n")


main()
