# defect: when a client is slow to read, replies beyond 64 KiB are dropped
# mistake: the queue of a client is limited by throwing data away, where one must stop reading from that client
# trips: tcp/data/slow-reader, echo/data/every-size
import selectors
import socket
import sys

MOST_OWED = 65536
selector = selectors.DefaultSelector()


class Connection:
    def __init__(self, sock):
        self.sock, self.owed, self.eof = sock, bytearray(), False
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        selector.register(sock, selectors.EVENT_READ, self)

    def serve(self, events):
        try:
            if events & selectors.EVENT_READ:
                data = self.sock.recv(65536)
                self.eof = not data
                self.owed += data[:MOST_OWED - len(self.owed)]
            if self.owed:
                del self.owed[:self.sock.send(self.owed)]
        except BlockingIOError:
            pass
        except OSError:
            self.owed.clear()  # reset by the client
            self.eof = True
        if self.eof and not self.owed:
            selector.unregister(self.sock)
            self.sock.close()
        else:
            reading = 0 if self.eof else selectors.EVENT_READ
            selector.modify(self.sock, reading | (selectors.EVENT_WRITE if self.owed else 0), self)


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, events in selector.select():
            if key.fileobj is listener:
                Connection(listener.accept()[0])
            else:
                key.data.serve(events)
