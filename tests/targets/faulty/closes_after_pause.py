# defect: it closes the connection when the client pauses for 300 ms after a message
# mistake: TCP has no message ends, so a short silence is taken for the end of the request, and the connection with it
# trips: tcp/close/server-waits-for-client, tcp/idle/stays-open
import select
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
                if not select.select([conn], [], [], 0.3)[0]:
                    return
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
