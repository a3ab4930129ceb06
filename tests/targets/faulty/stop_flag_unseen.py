# defect: it does not end on SIGTERM
# mistake: the handler sets a flag for the loop, but accept() goes on waiting after a signal, and the loop never looks
# trips: process/stop/on-sigterm
import signal
import socket
import sys
import threading
import time

running = True


def stop(number, frame):
    global running
    running = False


def echo(conn):
    try:
        with conn:
            while data := conn.recv(65536):
                conn.sendall(data)
    except OSError:
        pass  # reset by the client


signal.signal(signal.SIGTERM, stop)
with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while running:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
