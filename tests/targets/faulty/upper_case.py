# defect: lower-case letters come back as capitals
# mistake: an exercise of the week before, the "shouting server", was handed in as the echo server
# trips: echo/data/unchanged, echo/data/every-segmentation, echo/data/every-size, tcp/half-close/drains-then-closes, tcp/isolation/interleaved
import socket
import sys
import threading


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data.upper())
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
