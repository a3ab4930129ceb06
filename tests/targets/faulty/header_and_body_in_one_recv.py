# defect: of the first message only what the first recv() gave is echoed; what follows within 100 ms is thrown away
# mistake: one send() is expected to arrive as one recv(), and left-overs are flushed so that they do not disturb later ones
# trips: echo/data/every-segmentation, echo/data/every-size
import select
import socket
import sys
import threading
import time


def flush_input(conn):
    while select.select([conn], [], [], 0)[0]:
        if not conn.recv(65536):
            return  # the end of the input stays to be seen


def echo(conn):
    with conn:
        try:
            data = conn.recv(65536)
            time.sleep(0.1)
            flush_input(conn)
            while data:
                conn.sendall(data)
                data = conn.recv(65536)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
