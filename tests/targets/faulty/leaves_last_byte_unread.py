# defect: every byte is echoed, but one stays in the receive buffer when the socket is closed, so the kernel sends RST, not FIN
# mistake: it looks at the data with MSG_PEEK and then takes one byte less than it saw out of the buffer
# trips: tcp/close/no-reset
import socket
import sys
import threading


def echo(conn):
    seen = 0  # bytes at the front that are echoed already
    try:
        # The system call returns when there is more than was seen before, or at the end of the input.
        while len(data := conn.recv(65536, socket.MSG_PEEK)) > seen:
            conn.sendall(data[seen:])
            if len(data) > 1:
                conn.recv(len(data) - 1)
            seen = 1
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, seen + 1)
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
