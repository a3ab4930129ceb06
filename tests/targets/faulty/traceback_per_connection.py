# defect: each connection ends with a traceback on stderr, and the server goes on
# mistake: the entry in the table is deleted twice; an exception in a thread only ends the thread, so it was left at that
# trips: process/output/no-uncaught-error
import socket
import sys
import threading
import time

clients = {}


def leave(name):
    del clients[name]


def echo(conn, name):
    try:
        with conn:
            while data := conn.recv(65536):
                conn.sendall(data)
    except OSError:
        pass  # reset by the client
    finally:
        leave(name)
    leave(name)


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, name = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        clients[name] = conn
        threading.Thread(target=echo, args=(conn, name), daemon=True).start()
