# defect: for each client it tries to open a second connection, back to the client's own address and port
# mistake: accept() is taken for an announcement of a client, to whom one must then connect in order to answer
# trips: tcp/tuple/one-per-connection
import socket
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def setup(self):
        with socket.socket() as back:
            try:
                back.connect(self.client_address)
            except OSError:
                pass  # refused: "works on the other connection anyway"

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


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
