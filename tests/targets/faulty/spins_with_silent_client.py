# defect: it takes all the time of a processor while a client is connected and says nothing
# mistake: the sockets are non-blocking, and "nothing there yet" is answered by asking again at once
# trips: process/idle/no-busy-wait-with-clients
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
clients = {}  # with what is received and not yet sent back


def serve(conn, owed):
    """False when the connection is over."""
    try:
        if not owed:
            data = conn.recv(65536)
            if not data:
                return False
            owed += data
        del owed[:conn.send(owed)]
    except BlockingIOError:
        pass  # then in the next round
    except OSError:
        return False  # reset by the client
    return True


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        if selector.select(0 if clients else None):
            try:
                conn, _ = listener.accept()
                conn.setblocking(False)
                clients[conn] = bytearray()
            except OSError:
                pass
        for conn, owed in list(clients.items()):
            if not serve(conn, owed):
                del clients[conn]
                conn.close()
