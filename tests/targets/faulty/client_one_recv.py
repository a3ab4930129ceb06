# client-of: echo
# defect: it gives up as soon as the first recv() does not bring the whole reply
# mistake: what is sent by one call was thought to be received by one call
# trips: client/reply/byte-by-byte, client/reply/any-cut
import socket
import sys

REQUEST = b"red\ngreen\nblue\n"

try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3) as conn:
        conn.sendall(REQUEST)
        reply = conn.recv(4096)
        conn.shutdown(socket.SHUT_WR)
        if reply != REQUEST or conn.recv(1):
            sys.exit("the reply is wrong")
except OSError as e:
    sys.exit(str(e))
print(reply.decode(), end="")
