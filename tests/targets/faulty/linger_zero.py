# defect: every connection is ended by RST, because SO_LINGER is on with a time of zero
# mistake: the option was found on the web as a cure for "address already in use" and TIME-WAIT
# trips: tcp/close/no-reset, tcp/close/empty-connection
import socket
import socketserver
import struct
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass  # reset by the client


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True

    def shutdown_request(self, request):
        self.close_request(request)  # close() only


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
