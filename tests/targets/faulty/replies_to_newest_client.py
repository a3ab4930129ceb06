# defect: all replies go to the client that connected last
# mistake: the socket of the client is kept in one global variable, which every accept() overwrites
# trips: tcp/isolation/interleaved, tcp/accept/burst, tcp/accept/fifty-at-once
import socket
import sys
import threading

client = None


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                client.sendall(data)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()
