# defect: it echoes what one recv() gave and closes the connection
# mistake: the thread's function handles a message, but a thread is started per connection; the loop is missing
# trips: tcp/close/server-waits-for-client, echo/data/every-segmentation, echo/data/every-size
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            conn.sendall(conn.recv(65536))
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
