# defect: the server ends when it writes to a client that is gone
# mistake: errors of recv() are caught, those of send() are not, and it sends first and asks for the end of the input later
# trips: tcp/survive/close-with-unread-data, tcp/survive/reset-in-mid-message, tcp/survive/connect-and-vanish, process/life/keeps-running
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def receive(conn):
    try:
        return conn.recv(65536)
    except ConnectionError:
        return b""  # reset by the client: as good as an end


def serve(conn, owed):
    ended = False
    try:
        if not owed:
            owed += receive(conn)
            ended = not owed
        del owed[:conn.send(owed)]
    except BlockingIOError:
        pass
    if ended:
        selector.unregister(conn)
        conn.close()
    else:
        selector.modify(conn, selectors.EVENT_WRITE if owed else selectors.EVENT_READ, owed)


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
