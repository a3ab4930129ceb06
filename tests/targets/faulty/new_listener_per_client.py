# defect: for a second after each accept() nobody listens, and who connects then is refused
# mistake: socket, bind and listen stand inside the loop, so each client gets a listening socket of its own
# trips: tcp/handshake/three-way, tcp/listen/keeps-listening, tcp/accept/one-after-another, tcp/accept/burst, tcp/accept/fifty-at-once
import socket
import sys
import threading
import time


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client


while True:
    with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
        conn, _ = listener.accept()
    threading.Thread(target=echo, args=(conn,), daemon=True).start()
    time.sleep(1)  # "until the port is free again"
