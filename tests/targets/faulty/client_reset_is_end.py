# client-of: daytime
# defect: a reset passes for the end of the reply: it prints what it has and ends with exit code 0
# mistake: the server closes first in this protocol, and a reset was thought to be its other way to close
# trips: client/end/reset, client/exit/status
import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
        reply = b""
        try:
            while data := conn.recv(4096):
                reply += data
            if not reply.endswith(b"\n"):
                sys.exit("the connection ended too early")
        except ConnectionResetError:
            pass
except OSError as e:
    sys.exit(str(e))
print(reply.decode("ascii", "replace"), end="")
