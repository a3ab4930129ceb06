# client-of: echo-tls
"""TLS echo client: trusts one authority and the name localhost, sends three
lines, compares what comes back, and ends its session before its connection."""
import socket
import ssl
import sys

REQUEST = b"the quick brown fox\njumps over\nthe lazy dog\n"


def talk(conn):
    conn.sendall(REQUEST)
    reply = b""
    while len(reply) < len(REQUEST):
        data = conn.recv(len(REQUEST) - len(reply))
        if not data:
            raise EOFError(f"the session ended after {len(reply)} of {len(REQUEST)} bytes")
        reply += data
    if reply != REQUEST:
        raise ValueError("the reply is not what was sent")
    conn.unwrap().close()  # our close_notify, the server's, and the FIN
    return reply


def main():
    port, ca = sys.argv[1:]
    # Verifies the chain, its dates and the name. The common name counts for
    # nothing only if that is said, and a FIN alone is no end of a session.
    context = ssl.create_default_context(cafile=ca)
    context.hostname_checks_common_name = False
    try:
        # The timeout is one for connect(), the handshake and each recv() and send() later.
        with socket.create_connection(("127.0.0.1", int(port)), timeout=3) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as conn:
                reply = talk(conn)
    except (OSError, EOFError, ValueError) as e:
        sys.exit(f"tls_echo_client: {e}")  # on stderr, with exit code 1
    sys.stdout.write(reply.decode())


main()
