# serves: http
"""HTTP/1.1 server on http.server of the standard library, with the checks that the library leaves to its user."""
import http.server
import io
import re
import socket
import sys
import time

LONGEST_TARGET = 8000
PAGE = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Grüße vom Server.</p>\n".encode()
REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ (/|[a-zA-Z]+://|\*)[!-~]* HTTP/[0-9]\.[0-9]\r?\n")


class Reader(io.BufferedReader):
    """Keeps the last line: the library does not tell whether a head is complete or the input ended in it."""
    last = b""

    def readline(self, size=-1):
        self.last = super().readline(size)
        return self.last


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # or errors would be answered as to HTTP/0.9: without a status line
    disable_nagle_algorithm = True  # head and body are sent one after the other

    def setup(self):
        super().setup()
        self.rfile = Reader(self.rfile.detach())

    def parse_request(self):
        if self.raw_requestline in (b"\r\n", b"\n"):  # one empty line is not minded
            self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline.endswith(b"\n"):
            self.command = None
            if len(self.raw_requestline) > 65536:
                self.send_error(414)
            self.close_connection = True  # half a request is no request
            return False
        good = REQUEST_LINE.fullmatch(self.raw_requestline)
        if not super().parse_request():
            return False
        if self.rfile.last not in (b"\r\n", b"\n"):
            self.close_connection = True
            return False
        wrong = 0 if good else 400
        hosts, lengths = self.headers.get_all("Host", []), self.headers.get_all("Content-Length", [])
        if self.headers.defects or self.headers.get_payload():
            wrong = 400
        if any(name != name.strip() or "\0" in value for name, value in self.headers.items()):
            wrong = 400
        if len(hosts) > 1 or (not hosts and self.request_version != "HTTP/1.0"):
            wrong = 400
        if len(lengths) > 1 or not all(re.fullmatch("[0-9]+[ \t]*", length) for length in lengths):
            wrong = 400
        if lengths and len(lengths[0]) > 7:
            wrong = wrong or 413
        if "Transfer-Encoding" in self.headers:
            wrong = 400 if lengths else wrong or 501
        if len(self.path) > LONGEST_TARGET:
            wrong = wrong or 414
        if re.search(r"(^|,)\s*close\s*(,|$)", self.headers.get("Connection", ""), re.IGNORECASE):
            self.close_connection = True
        if wrong:
            self.send_error(wrong)
            return False
        self.body = self.rfile.read(int(lengths[0])) if lengths else b""
        if lengths and len(self.body) < int(lengths[0]):
            self.close_connection = True
            return False
        return True

    def do_GET(self):
        path = re.sub("^http://[^/?]*", "", self.path, flags=re.IGNORECASE).split("?")[0]
        if path in ("", "/"):
            self.reply(200, "text/html; charset=utf-8", PAGE)
        else:
            self.reply(404, "text/plain", b"not found\n")

    do_HEAD = do_GET

    def do_POST(self):
        self.reply(200, "text/plain", b"thank you for %d bytes\n" % len(self.body))

    def reply(self, status, content_type, content):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def shutdown_request(self, request):
        """Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset."""
        try:
            request.shutdown(socket.SHUT_WR)
            until = time.monotonic() + 5
            while (left := until - time.monotonic()) > 0:
                request.settimeout(left)
                if not request.recv(65536):
                    break
        except OSError:
            pass  # reset by the client
        self.close_request(request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # reset by the client
            super().handle_error(request, client_address)


Server(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
