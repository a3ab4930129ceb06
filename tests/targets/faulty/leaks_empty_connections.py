# defect: the descriptor of a connection without data is never closed; only its two directions are
# mistake: a connection enters the table at accept() and leaves it in the code that handles data
# trips: process/leak/descriptors
import socket
import sys
import threading
import time

connected = {}


def echo(conn):
    try:
        data = conn.recv(65536)
        if not data:
            conn.shutdown(socket.SHUT_RDWR)
            return
        with connected.pop(conn.fileno()):
            while data:
                conn.sendall(data)
                data = conn.recv(65536)
    except OSError:
        connected.pop(conn.fileno(), None)  # reset by the client
        conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        connected[conn.fileno()] = conn
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
