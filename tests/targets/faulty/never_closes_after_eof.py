# defect: at the end of the input it leaves the loop but does not close the socket
# mistake: a list of all clients keeps every socket alive, so the end of the thread closes nothing
# trips: tcp/close/fin-answered-by-fin, tcp/close/nothing-left-in-close-wait, tcp/close/empty-connection
import socket
import sys
import threading
import time

clients = []


def echo(conn):
    try:
        while data := conn.recv(65536):
            conn.sendall(data)
    except OSError:
        conn.close()  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        clients.append(conn)
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
