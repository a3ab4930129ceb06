# defect: while one client does not read what it is owed, nobody else is served
# mistake: one select() loop for all clients, but its sockets are blocking, and sendall() waits for room
# trips: tcp/accept/slow-reader-blocks-nobody
import select
import socket
import sys

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128)
clients = set()

while True:
    ready, _, _ = select.select([listener, *clients], [], [])
    for one in ready:
        if one is listener:
            clients.add(listener.accept()[0])
            continue
        try:
            data = one.recv(65536)
            if data:
                one.sendall(data)
                continue
        except OSError:
            pass  # reset by the client
        clients.discard(one)
        one.close()
