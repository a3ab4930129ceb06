# serves: fixed-record.yaml
"""Reverses records of 16 bytes, one thread, non-blocking sockets and the selectors module."""
import errno
import selectors
import socket
import sys

RECORD = 16
MOST_OWED = 65536
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
selector = selectors.DefaultSelector()


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.come = bytearray()  # less than a record
        self.owed = bytearray()  # replies not yet sent
        self.eof = False         # the client has sent its FIN
        selector.register(sock, selectors.EVENT_READ, self)

    def serve(self):
        try:
            if not self.eof and len(self.owed) < MOST_OWED:
                self.receive()
            if self.owed:
                self.send()
        except OSError:  # reset by the client
            return self.close()
        if self.eof and not self.owed:  # half a record is no record
            return self.close()
        events = 0
        if not self.eof and len(self.owed) < MOST_OWED:
            events |= selectors.EVENT_READ
        if self.owed:
            events |= selectors.EVENT_WRITE
        selector.modify(self.sock, events, self)

    def receive(self):
        try:
            data = self.sock.recv(MOST_OWED)
        except BlockingIOError:
            return
        self.eof = not data
        self.come += data
        while len(self.come) >= RECORD:
            self.owed += self.come[:RECORD][::-1]
            del self.come[:RECORD]

    def send(self):
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
