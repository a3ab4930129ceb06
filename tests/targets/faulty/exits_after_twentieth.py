# defect: the program ends when it has accepted twenty clients
# mistake: a counted loop, made for a test with a known number of clients, was left in
# trips: process/life/keeps-running, tcp/accept/fifty-at-once
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    for _ in range(20):
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
sys.exit()
