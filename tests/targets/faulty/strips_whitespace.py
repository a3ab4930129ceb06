# defect: white space at both ends of what one recv() gave is not echoed, line ends in particular
# mistake: strip() is applied to network data by habit, as to a line from input()
# trips: echo/data/unchanged
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                message = data.strip()
                conn.sendall(message)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
