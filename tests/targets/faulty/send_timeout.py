# defect: a client that does not take a reply within 0.2 seconds is disconnected
# mistake: a time limit for sending, from the fear of blocking, and a small send buffer that makes it matter
# trips: tcp/data/slow-reader
import socket
import sys
import threading


def echo(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    try:
        while data := conn.recv(65536):
            conn.settimeout(0.2)
            conn.sendall(data)
            conn.settimeout(None)
    except OSError:
        pass  # reset by the client, or too slow
    finally:
        conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
