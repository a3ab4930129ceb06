# defect: all connections receive into one buffer, so clients that send at the same time get each other's bytes back
# mistake: the buffer is allocated once, "for speed", at the top of the module instead of in the function of the thread
# trips: tcp/isolation/interleaved
import socket
import sys
import threading
import time

buffer = bytearray(65536)


def echo(conn):
    try:
        while count := conn.recv_into(buffer):
            time.sleep(0.1)  # stands for some work on the message; other threads run meanwhile
            conn.sendall(bytes(buffer[:count]))
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
