# defect: of data that arrives in pieces only the last piece is echoed
# mistake: in the loop that collects a message until the line is quiet, the chunk is assigned where it should be appended
# trips: echo/data/every-segmentation, echo/data/every-size
import select
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while message := conn.recv(65536):
                while select.select([conn], [], [], 0.1)[0]:
                    chunk = conn.recv(65536)
                    if not chunk:
                        break
                    message = chunk
                conn.sendall(message)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
