# client-of: echo
# defect: it gives up when nothing comes for 50 milliseconds
# mistake: the time-out was chosen by the speed of the author's own machine
# trips: client/reply/delayed
import socket
import sys

REQUEST = b"now\nat once\nimmediately\n"

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=0.05) as conn:
        conn.sendall(REQUEST)
        reply = b""
        while len(reply) < len(REQUEST):
            data = conn.recv(4096)
            if not data:
                sys.exit("the connection ended too early")
            reply += data
        conn.shutdown(socket.SHUT_WR)
        conn.settimeout(3)
        if reply != REQUEST or conn.recv(1):
            sys.exit("the reply is wrong")
except OSError as e:
    sys.exit(str(e))
print(reply.decode(), end="")
