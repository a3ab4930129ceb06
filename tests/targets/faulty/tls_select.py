# serves: echo-tls
# defect forgets-pending: of several records that come together only the first is echoed, because it waits for the socket and forgets what the library still holds; trips: tls/data/records-joined
# defect want-read-ends: a record that comes in pieces ends the connection, because SSLWantReadError is an SSLError and those end connections; trips: tls/data/records-cut
# defect truncation-ends: a client that leaves without a close_notify ends the server, because unwrap() then raises where no error was expected; trips: tls/survive/truncation, process/life/keeps-running
# defect drops-at-notify: what is read together with the close_notify is not echoed, because the end is acted upon before the data; trips: tls/close/half-close
import selectors
import socket
import ssl
import sys

port, chain, key, defect = sys.argv[1:]
selector = selectors.DefaultSelector()


class Connection:
    """The library works between two buffers; the sockets stay out of its reach."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.sock = sock
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_side=True)
        self.shaken = self.over = False
        self.owed = b""  # encrypted and not yet sent
        selector.register(sock, selectors.EVENT_READ, self)

    def turn(self):
        """One round of reading or writing; false when the connection is over."""
        if not self.owed and not self.over:
            data = self.sock.recv(65536)
            if data:
                self.input.write(data)
                self.decrypt()
            else:
                self.input.write_eof()
                self.finish()
            self.owed = self.output.read()
        if self.owed:
            self.owed = self.owed[self.sock.send(self.owed):]
        selector.modify(self.sock, selectors.EVENT_WRITE if self.owed else selectors.EVENT_READ, self)
        return bool(self.owed) or not self.over

    def decrypt(self):
        plain = b""
        notified = False
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while self.input.pending and not notified:
                data = self.tls.read(65536)  # one record at most
                notified = not data
                plain += data
                if defect == "forgets-pending":
                    break
        except ssl.SSLError as e:
            if not isinstance(e, ssl.SSLWantReadError) or (defect == "want-read-ends" and self.shaken):
                self.over = True
        if notified and defect == "drops-at-notify":
            plain = b""
        if plain:
            self.tls.write(plain)
        if notified:
            self.finish()

    def finish(self):
        self.over = True
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            if defect == "truncation-ends" and self.shaken:
                raise


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(chain, key)
with socket.create_server(("0.0.0.0", int(port)), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for event, _ in selector.select():
            if event.fileobj is listener:
                Connection(listener.accept()[0])
                continue
            try:
                alive = event.data.turn()
            except (BlockingIOError, ConnectionError):
                alive = False  # reset by the client
            if not alive:
                selector.unregister(event.fileobj)
                event.fileobj.close()
