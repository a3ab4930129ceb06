# client-of: echo
# defect: it connects to port 7, whatever port it is given
# mistake: the port is a constant of the service, so why read it from the command line
# trips: client/connect/told-address
import socket
import sys

ECHO_PORT = 7
REQUEST = b"sol\nluna\nterra\n"

try:
    with socket.create_connection(("127.0.0.1", ECHO_PORT), timeout=3) as conn:
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
