# client-of: echo
# defect: its output depends on how the reply is cut, since each piece is printed on a line of its own
# mistake: one recv() was taken for one line, and print() adds the line end
# trips: client/reply/same-output
import socket
import sys

REQUEST = b"ham\nspam\neggs\n"
pieces = []

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
        conn.sendall(REQUEST)
        reply = b""
        while len(reply) < len(REQUEST):
            data = conn.recv(4096)
            if not data:
                sys.exit("the connection ended too early")
            reply += data
            pieces.append(data)
        conn.shutdown(socket.SHUT_WR)
        if reply != REQUEST or conn.recv(1):
            sys.exit("the reply is wrong")
except OSError as e:
    sys.exit(str(e))
for piece in pieces:
    print(piece.decode())
