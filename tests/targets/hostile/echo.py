"""A correct echo server for the programs here that misbehave in some other way."""
import socket
import threading


def answer(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client


def listen(port):
    return socket.create_server(("127.0.0.1", int(port)), backlog=128)


def serve(server):
    while True:
        try:
            conn, _ = server.accept()
        except ConnectionError:
            continue
        threading.Thread(target=answer, args=(conn,), daemon=True).start()
