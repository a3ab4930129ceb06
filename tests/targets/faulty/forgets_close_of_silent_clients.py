# defect: the socket of a client that leaves without having sent a byte is not closed
# mistake: cleaning up was put where the first message is handled, so without a message there is none
# trips: tcp/close/empty-connection, tcp/close/nothing-left-in-close-wait
import socket
import sys
import threading
import time

waiting = set()  # accepted, no message yet


def talk(conn, data):
    waiting.discard(conn)
    with conn:
        while data:
            conn.sendall(data)
            data = conn.recv(65536)


def echo(conn):
    try:
        if data := conn.recv(65536):
            talk(conn, data)
    except OSError:
        conn.close()  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.2)  # no descriptors left
            continue
        waiting.add(conn)
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
