# client-of: echo
# defect: its exit code is 0 whatever happens
# mistake: the message on stderr was thought to be enough; a script that starts the client sees only the code
# trips: client/exit/status, client/connect/refused, client/end/early-eof, client/end/reset
import socket
import sys

REQUEST = b"all\nis\nwell\n"


def talk(conn):
    conn.sendall(REQUEST)
    reply = b""
    while len(reply) < len(REQUEST):
        data = conn.recv(4096)
        if not data:
            raise ValueError("the connection ended too early")
        reply += data
    conn.shutdown(socket.SHUT_WR)
    if reply != REQUEST or conn.recv(1):
        raise ValueError("the reply is wrong")
    return reply


try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
        print(talk(conn).decode(), end="")
except (OSError, ValueError) as e:
    print(e, file=sys.stderr)
