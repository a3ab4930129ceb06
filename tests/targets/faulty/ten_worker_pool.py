# defect: ten clients are served at a time; the eleventh gets no answer until one of them leaves
# mistake: a pool of ten threads is used as if a task were short, but each task is a whole connection
# trips: tcp/accept/fifty-at-once
import socket
import sys
from concurrent.futures import ThreadPoolExecutor


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    with ThreadPoolExecutor(max_workers=10) as pool:
        while True:
            conn, _ = listener.accept()
            pool.submit(echo, conn)
