# defect: ten times a second it accepts one client and closes all others that have come meanwhile
# mistake: accept() is polled, and a student who saw old connection attempts pile up "empties the queue" by closing them
# trips: tcp/accept/burst, tcp/accept/fifty-at-once
import socket
import sys
import threading
import time


def echo(conn):
    try:
        while data := conn.recv(65536):
            conn.sendall(data)
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()


def accept(listener):
    try:
        conn, _ = listener.accept()
        conn.setblocking(True)
        return conn
    except BlockingIOError:
        return None


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    listener.setblocking(False)
    while True:
        time.sleep(0.1)
        if conn := accept(listener):
            threading.Thread(target=echo, args=(conn,), daemon=True).start()
            while pending := accept(listener):
                pending.close()
