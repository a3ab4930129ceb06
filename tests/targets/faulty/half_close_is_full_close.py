# defect: at the client's FIN the socket is shut down in both directions and closed, though replies still wait in a queue
# mistake: an empty recv() is read as "the client is gone", and the reading thread does not ask the writing one before it closes
# trips: tcp/half-close/drains-then-closes
import queue
import socket
import sys
import threading
import time


def write(conn, replies):
    chunks = []
    try:
        while b"" not in chunks:
            chunks = [replies.get()]
            time.sleep(0.1)  # collects small replies for one big segment
            while not replies.empty():
                chunks.append(replies.get())
            conn.sendall(b"".join(chunks))
    except OSError:
        pass  # reset by the client, or closed by the other thread


def read(conn):
    replies = queue.SimpleQueue()
    threading.Thread(target=write, args=(conn, replies), daemon=True).start()
    try:
        while data := conn.recv(65536):
            replies.put(data)
        conn.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()
        replies.put(b"")


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=read, args=(conn,), daemon=True).start()
