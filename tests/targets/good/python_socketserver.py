"""Echo server on socketserver.ThreadingTCPServer: one thread per connection,
with room to wait when descriptors or threads run out."""
import errno
import socketserver
import sys
import threading

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass  # reset by the client


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True
    ended = threading.Event()  # set whenever a connection is over

    def get_request(self):
        try:
            return super().get_request()
        except OSError as e:
            if e.errno in NO_ROOM:
                self.wait_for_room()
            raise  # the library goes back to its loop

    def process_request(self, request, client_address):
        while True:
            try:
                return super().process_request(request, client_address)
            except RuntimeError:  # no more threads to be had
                self.wait_for_room()

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.ended.set()

    def wait_for_room(self):
        self.ended.wait(1)
        self.ended.clear()


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
