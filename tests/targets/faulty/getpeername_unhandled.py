# defect: the server ends when a client resets its connection
# mistake: the error is caught, but the log line in the handler asks for getpeername(), and a reset socket has no peer any more
# trips: tcp/survive/connect-and-vanish, tcp/survive/reset-in-mid-message, process/life/keeps-running
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
    except OSError as e:
        print(conn.getpeername(), "is lost:", e, flush=True)
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
