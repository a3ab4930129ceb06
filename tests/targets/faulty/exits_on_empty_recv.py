# defect: the server ends with an IndexError as soon as any client leaves, in whichever way
# mistake: the first byte of what recv() gave is looked at before asking whether it gave anything
# trips: tcp/survive/connect-and-vanish, tcp/survive/reset-in-mid-message, tcp/survive/close-with-unread-data, tcp/accept/one-after-another, process/life/keeps-running
import selectors
import socket
import sys

TELNET_COMMAND = 255
selector = selectors.DefaultSelector()
commands = 0


def receive(conn):
    try:
        return conn.recv(65536)
    except ConnectionError:
        return b""  # reset by the client: as good as an end


def serve(conn, owed):
    global commands
    if not owed:
        owed += receive(conn)
        if owed[0] == TELNET_COMMAND:
            commands += 1
        if not owed:  # too late to ask
            selector.unregister(conn)
            conn.close()
            return
    try:
        del owed[:conn.send(owed)]
    except BlockingIOError:
        pass
    except OSError:
        owed.clear()  # reset by the client: the next recv() tells the end
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
