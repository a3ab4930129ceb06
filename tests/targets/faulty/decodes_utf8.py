# defect: bytes that are not valid UTF-8 come back as the replacement character
# mistake: bytes are turned into a string and back, with an error handler that makes the exception go away
# trips: echo/data/unchanged
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                text = data.decode("utf-8", "replace")
                self.request.sendall(text.encode("utf-8"))
        except OSError:
            pass  # reset by the client


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
