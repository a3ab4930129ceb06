"""Echo server, one thread, non-blocking sockets and the selectors module."""
import errno
import selectors
import socket
import sys

MOST_OWED = 65536
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
selector = selectors.DefaultSelector()


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.owed = bytearray()  # received and not yet sent back
        self.eof = False         # the client has sent its FIN
        selector.register(sock, selectors.EVENT_READ, self)

    def serve(self):
        try:
            self.move_data()
        except OSError:  # reset by the client
            self.close()
            return
        if self.eof and not self.owed:
            self.close()
            return
        events = 0
        if not self.eof and len(self.owed) < MOST_OWED:
            events |= selectors.EVENT_READ
        if self.owed:
            events |= selectors.EVENT_WRITE
        selector.modify(self.sock, events, self)

    def move_data(self):
        space = MOST_OWED - len(self.owed)
        if not self.eof and space > 0:
            try:
                data = self.sock.recv(space)
                self.owed += data
                self.eof = not data
            except BlockingIOError:
                pass
        if self.owed:
            try:
                del self.owed[:self.sock.send(self.owed)]
            except BlockingIOError:
                pass

    def close(self):
        selector.unregister(self.sock)
        self.sock.close()


def main():
    with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)
        room = True
        while True:
            ready = selector.select(None if room else 1)
            if not room:  # try the listener again after each round
                selector.register(listener, selectors.EVENT_READ)
                room = True
            for key, _ in ready:
                if key.fileobj is not listener:
                    key.data.serve()
                    continue
                try:
                    sock, _ = listener.accept()
                    sock.setblocking(False)
                    Connection(sock)
                except OSError as e:
                    if e.errno in NO_ROOM:
                        selector.unregister(listener)
                        room = False


main()
