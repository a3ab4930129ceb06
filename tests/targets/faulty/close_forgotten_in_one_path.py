# defect: when a client leaves less than half a second after its last data, the socket is not closed
# mistake: the function has two ways out, "end while waiting for a message" and "end after data", and only one of them closes
# trips: tcp/close/nothing-left-in-close-wait, tcp/close/fin-answered-by-fin
import select
import socket
import sys
import threading
import time

clients = set()


def leave(conn):
    clients.discard(conn)
    conn.close()


def echo(conn):
    try:
        while data := conn.recv(65536):  # a new message
            conn.sendall(data)
            while select.select([conn], [], [], 0.5)[0]:  # and what belongs to it
                data = conn.recv(65536)
                if not data:
                    return
                conn.sendall(data)
        leave(conn)
    except OSError:
        leave(conn)  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        clients.add(conn)
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
