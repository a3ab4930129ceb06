# defect: the server ends when a client resets its connection
# mistake: the end of a connection was only tried with close() on the other side, so nobody saw that recv() can raise
# trips: tcp/survive/reset-in-mid-message, tcp/survive/connect-and-vanish, process/life/keeps-running
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def serve(conn, owed):
    try:
        if not owed:
            owed += conn.recv(65536)
        if owed:
            del owed[:conn.send(owed)]
            selector.modify(conn, selectors.EVENT_WRITE if owed else selectors.EVENT_READ, owed)
            return
    except BlockingIOError:
        return
    except BrokenPipeError:
        pass  # the only error that the student ever met
    selector.unregister(conn)
    conn.close()


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                conn, _ = listener.accept()
                conn.setblocking(False)
                selector.register(conn, selectors.EVENT_READ, bytearray())
            else:
                serve(key.fileobj, key.data)
