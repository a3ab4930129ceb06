# defect: replies stay in a buffer until it is full or the client has ended its output
# mistake: makefile() gives buffered files: read(4096) waits for 4096 bytes, and nobody calls flush()
# trips: echo/data/answers-while-open
import socket
import sys
import threading


def echo(conn):
    try:
        with conn, conn.makefile("rwb") as stream:
            while block := stream.read(4096):
                stream.write(block)
    except OSError:
        pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
