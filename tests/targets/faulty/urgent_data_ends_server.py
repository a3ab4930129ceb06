#!/usr/bin/env python3
# defect: an exceptional condition on one connection (urgent data) ends the whole server
# mistake: takes the third list that select() returns for broken sockets and gives up
# trips: tcp/segments/survives
import select
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])), backlog=128, reuse_port=False)
pending = {listener: b""}

while True:
    writers = [s for s in pending if pending[s]]
    readable, writable, broken = select.select(list(pending), writers, list(pending))
    if broken:
        sys.exit("select: a socket is broken")
    for sock in readable:
        if sock is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            pending[client] = b""
            continue
        if sock not in pending:
            continue
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            continue
        except OSError:
            data = b""
        if data:
            pending[sock] += data
        elif pending[sock]:
            sock.setblocking(True)
            try:
                sock.sendall(pending[sock])
            except OSError:
                pass
            del pending[sock]
            sock.close()
        else:
            del pending[sock]
            sock.close()
    for sock in writable:
        if sock in pending and pending[sock]:
            try:
                sent = sock.send(pending[sock])
                pending[sock] = pending[sock][sent:]
            except BlockingIOError:
                pass
            except OSError:
                del pending[sock]
                sock.close()
