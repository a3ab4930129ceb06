# client-of: echo
"""Echo client: sends three lines, reads until as many bytes are back, compares
them and closes in order. Three seconds of silence are too much."""
import socket
import sys

REQUEST = b"the quick brown fox\njumps over\nthe lazy dog\n"


def talk(conn):
    conn.sendall(REQUEST)
    reply = b""
    while len(reply) < len(REQUEST):
        data = conn.recv(len(REQUEST) - len(reply))
        if not data:
            raise EOFError(f"the connection ended after {len(reply)} of {len(REQUEST)} bytes")
        reply += data
    if reply != REQUEST:
        raise ValueError("the reply is not what was sent")
    conn.shutdown(socket.SHUT_WR)
    if conn.recv(1):
        raise ValueError("more came back than was sent")
    return reply


def main():
    try:
        # The timeout is one for connect() and for each recv() and send() later.
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
            reply = talk(conn)
    except (OSError, EOFError, ValueError) as e:
        sys.exit(f"echo_client: {e}")  # on stderr, with exit code 1
    sys.stdout.write(reply.decode())


main()
