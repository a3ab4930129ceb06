# defect: when one client resets its connection, the connections of all others are closed too
# mistake: the try block stands around the loop over all ready clients, and its handler "starts afresh"
# trips: tcp/survive/reset-in-mid-message
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
clients = set()


def leave(conn):
    clients.discard(conn)
    selector.unregister(conn)
    conn.close()


def serve(conn, owed):
    try:
        if not owed:
            owed += conn.recv(65536)
        if not owed:
            leave(conn)
            return
        del owed[:conn.send(owed)]
        selector.modify(conn, selectors.EVENT_WRITE if owed else selectors.EVENT_READ, owed)
    except BlockingIOError:
        pass
    except BrokenPipeError:
        leave(conn)


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        try:
            ready = selector.select()
            ready.sort(key=lambda entry: entry[0].fileobj is listener)  # old clients before new ones
            for key, _ in ready:
                if key.fileobj is listener:
                    conn, _ = listener.accept()
                    conn.setblocking(False)
                    selector.register(conn, selectors.EVENT_READ, bytearray())
                    clients.add(conn)
                else:
                    serve(key.fileobj, key.data)
        except ConnectionResetError:
            for conn in list(clients):
                leave(conn)
