# client-of: echo
# defect: it ends its connection by RST instead of FIN
# mistake: SO_LINGER with a time of zero was found on the web as a way to get rid of TIME-WAIT
# trips: client/close/orderly
import socket
import struct
import sys

REQUEST = b"hello\ngoodbye\n"

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.sendall(REQUEST)
        reply = b""
        while len(reply) < len(REQUEST):
            data = conn.recv(4096)
            if not data:
                sys.exit("the connection ended too early")
            reply += data
        if reply != REQUEST:
            sys.exit("the reply is wrong")
except OSError as e:
    sys.exit(str(e))
print(reply.decode(), end="")
