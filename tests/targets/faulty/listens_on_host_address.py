# defect: it listens on 127.0.1.1, an address that nobody told it
# mistake: bind(gethostbyname(gethostname())) was copied from an example; on many Linux machines /etc/hosts answers 127.0.1.1
# trips: tcp/listen/told-address
import socketserver
import sys


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


with Server(("127.0.1.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
