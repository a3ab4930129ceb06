# defect: after 65536 bytes on one connection nothing more is echoed
# mistake: a buffer of 64 KiB per client is filled from front to back, and its index is never set back
# trips: echo/data/every-size
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        buffer, end = bytearray(65536), 0
        try:
            while data := self.request.recv(65536):
                data = data[:len(buffer) - end]  # never beyond the buffer
                buffer[end:end + len(data)] = data
                self.request.sendall(buffer[end:end + len(data)])
                end += len(data)
        except OSError:
            pass  # reset by the client


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
