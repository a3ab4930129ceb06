# defect: each reply is followed by a prompt of two bytes
# mistake: the server was made for somebody who types into telnet, not for a program
# trips: echo/data/nothing-added, echo/data/every-segmentation, echo/data/every-size
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data + b"> ")
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
