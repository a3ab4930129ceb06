# defect: what does not fit into the send buffer at once is lost
# mistake: on a non-blocking socket send() is called once, and nobody looks at how many bytes it took
# trips: echo/data/every-size, tcp/data/slow-reader
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def serve(conn):
    try:
        if data := conn.recv(65536):
            conn.send(data)
            return
    except BlockingIOError:
        return
    except OSError:
        pass  # reset by the client
    selector.unregister(conn)
    conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                conn, _ = listener.accept()
                conn.setblocking(False)
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # many clients, little memory
                selector.register(conn, selectors.EVENT_READ)
            else:
                serve(key.fileobj)
