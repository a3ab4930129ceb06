# serves: http
"""HTTP/1.0 server on http.server of the standard library: one request per connection."""
import http.server
import sys

PAGE = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Grüße vom Server.</p>\n".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.split("?")[0] == "/":
            self.reply(200, "text/html; charset=utf-8", PAGE)
        else:
            self.reply(404, "text/plain", b"not found\n")

    do_HEAD = do_GET

    def do_POST(self):
        length = self.headers.get("Content-Length", "0").strip()
        if not (length.isascii() and length.isdigit()):
            self.send_error(400)
        elif len(length) > 7:
            self.send_error(413)
        elif len(self.rfile.read(int(length))) == int(length):  # or the input ended before
            self.reply(200, "text/plain", b"thank you\n")

    def reply(self, status, content_type, content):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # reset by the client
            super().handle_error(request, client_address)


Server(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
