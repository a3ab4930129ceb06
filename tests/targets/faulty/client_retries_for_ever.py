# client-of: echo
# defect: when the connection is refused it tries again and again and never gives up
# mistake: started together with its server, it had to wait for that, and the loop got no limit
# trips: client/connect/refused, client/exit/in-time
import socket
import sys
import time

REQUEST = b"ready\nsteady\ngo\n"


def connect():
    while True:
        try:
            return socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3)
        except ConnectionRefusedError:
            time.sleep(0.2)


try:
    with connect() as conn:
        conn.sendall(REQUEST)
        reply = b""
        while len(reply) < len(REQUEST):
            data = conn.recv(4096)
            if not data:
                sys.exit("the connection ended too early")
            reply += data
        conn.shutdown(socket.SHUT_WR)
        if reply != REQUEST or conn.recv(1):
            sys.exit("the reply is wrong")
except OSError as e:
    sys.exit(str(e))
print(reply.decode(), end="")
