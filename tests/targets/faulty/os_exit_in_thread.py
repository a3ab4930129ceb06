# defect: more than 1000 bytes in one recv() end the whole server
# mistake: a handler for all exceptions in a client's thread ends the process, and the message buffer is too small
# trips: process/life/keeps-running, echo/data/every-size
import os
import socket
import sys
import threading


def echo(conn):
    message = memoryview(bytearray(1000))
    with conn:
        try:
            while data := conn.recv(65536):
                message[:len(data)] = data
                conn.sendall(message[:len(data)])
        except OSError:
            pass  # reset by the client
        except Exception as e:
            print("fatal:", e, file=sys.stderr, flush=True)
            os._exit(1)


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
