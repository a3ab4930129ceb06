"""A server that meets the assignment: python3 server.py PORT"""
import socket
import sys
import threading


def serve(client):
    try:
        with client, client.makefile("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    client.sendall(line.upper())
    except OSError:
        pass  # this client is gone; the others are not


listener = socket.create_server(("", int(sys.argv[1])), backlog=128)
while True:
    client, _ = listener.accept()
    threading.Thread(target=serve, args=(client,), daemon=True).start()
