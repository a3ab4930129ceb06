# serves: kv-prefix.yaml
"""Reverses length-prefixed messages, on socketserver: rfile.read(n) gives n bytes, or fewer at the end of the input."""
import errno
import socket
import socketserver
import sys
import threading
import time

LONGEST = 65536
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Reverse(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while len(prefix := self.rfile.read(4)) == 4:
                length = int.from_bytes(prefix, "big")
                if length > LONGEST:
                    return self.close_in_order()
                payload = self.rfile.read(length)
                if len(payload) < length:
                    return
                self.wfile.write(prefix + payload[::-1])
        except OSError:
            pass  # reset by the client

    def close_in_order(self):
        """Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset."""
        self.request.shutdown(socket.SHUT_WR)
        until = time.monotonic() + 5
        while (left := until - time.monotonic()) > 0:
            self.request.settimeout(left)
            if not self.request.recv(65536):
                return


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


with Server(("0.0.0.0", int(sys.argv[1])), Reverse) as server:
    server.serve_forever()
