# defect: it cannot be started again on its port while connections of its earlier life are in TIME-WAIT
# mistake: socketserver leaves SO_REUSEADDR off unless allow_reuse_address is set
# trips: process/restart/same-port
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
    request_queue_size = 128
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
