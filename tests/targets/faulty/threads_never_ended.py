# defect: each connection leaves a thread behind that waits for ever
# mistake: one thread reads and one writes, with a queue between; at the end only the reader is told
# trips: process/leak/threads
import queue
import socket
import sys
import threading
import time


def write(conn, owed):
    while data := owed.get():
        try:
            conn.sendall(data)
        except OSError:
            pass  # reset by the client: the reader will see it
        owed.task_done()


def read(conn):
    owed = queue.Queue(4)
    threading.Thread(target=write, args=(conn, owed), daemon=True).start()
    try:
        while data := conn.recv(16384):
            owed.put(data)
    except OSError:
        pass  # reset by the client
    owed.join()
    conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
            threading.Thread(target=read, args=(conn,), daemon=True).start()
        except (OSError, RuntimeError):
            time.sleep(0.2)  # no descriptors or threads left
