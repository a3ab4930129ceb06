# serves: http
# defect until-eof: it answers when the client has ended its output: the whole input is read before anything else; trips: http/reply/answers
# defect no-version: the reply begins with "HTTP 200 OK", as people call it; trips: http/reply/status-line
# defect characters: Content-Length is the number of characters, and the page has umlauts; trips: http/reply/content-length-exact
# defect no-length: there is no Content-Length and the connection stays open, so that nobody knows where a body ends; trips: http/reply/delimited
# defect no-date: the server has a clock and sends no Date, for all browsers did without; trips: http/reply/date
# defect asctime: Date has the format of time.asctime(); trips: http/reply/date
# defect head-is-get: HEAD is answered like GET, with a body; trips: http/request/head-no-body
# defect head-empty: HEAD is answered with Content-Length: 0, as no body follows; trips: http/request/head-same-headers
# defect soft-404: a page that is not there is answered with 200 and "not found"; trips: http/request/unknown-path
# defect any-method: each method but POST is treated like GET; trips: http/request/unknown-method
# defect exact-names: names of fields are looked up in a dictionary as they were sent, so that "host" is not "Host"; trips: http/request/header-case
# defect colon-space: fields are split at ": ", and one without the space is refused; trips: http/request/optional-whitespace
# defect no-host: a request of HTTP/1.1 without Host is served, as there is one host only; trips: http/request/missing-host
# defect last-host: the second Host takes the place of the first, since fields are kept in a dictionary; trips: http/request/two-hosts
# defect split: a request line may have any number of words from two on: split() and the first two are all that is looked at; trips: http/request/malformed-line
# defect index-error: a malformed request is not answered: the exception ends the thread's work and the connection; trips: http/request/malformed-line, http/request/missing-host, http/request/two-hosts, http/request/space-before-colon, http/request/bad-content-length
# defect strips-names: white space before the colon is not minded, since names are stripped; trips: http/request/space-before-colon
# defect any-version: HTTP/2.0 and 9.9 are served like HTTP/1.1; trips: http/request/bad-version
# defect long-target: a target of more than 8000 bytes is not answered, only closed upon; trips: http/request/long-target
# defect long-header: the same for a field that long; trips: http/request/long-header
# defect empty-line: an empty line before the request is a malformed request; trips: http/request/leading-crlf
# defect origin-only: http://host/ is no page, for targets are compared with "/"; trips: http/request/absolute-form
# defect int: +3 and 1_0 are lengths, and -1, too, of an empty body: int() takes them; trips: http/request/bad-content-length
# defect body-left: a body is not read, and taken for the next request; trips: http/request/body-consumed, http/connection/pipelined
# defect dot-dot: the path is joined to the folder as it is, with all its ".."; trips: http/request/no-traversal
# defect decodes-late: ".." is looked for before %2e is decoded; trips: http/request/no-traversal
# defect one-each: the connection is closed after each reply, which does not say so; trips: http/connection/keep-alive, http/connection/pipelined
# defect stays: Connection: close is not looked at, the connection stays open; trips: http/connection/close-honoured
# defect close-only: Connection: close is understood only if it is the whole value, in lower case; trips: http/connection/close-honoured, http/request/header-case
# defect stays-10: a connection of HTTP/1.0 stays open like one of HTTP/1.1; trips: http/connection/http10-closes
# defect new-makefile: a new file is made of the socket for each request, and what the old one had read ahead is lost; trips: http/connection/pipelined
# defect one-recv: what one recv() gives are whole requests; half of one closes the connection; trips: http/cut/byte-by-byte, http/cut/anywhere, http/request/body-consumed
# defect stays-at-eof: at the end of the input in a request the connection stays open, to wait for the rest; trips: http/end/half-a-request
# defect leaves-at-eof: a client whose output has ended gets no response: whoever has ended has gone; trips: http/end/half-close
import email.utils
import http
import io
import os
import re
import select
import socket
import sys
import threading
import time
import urllib.parse

LONGEST = 8000
WORD = sys.argv[2] if len(sys.argv) > 2 else ""
PAGE = "<!DOCTYPE html>\n<title>Hallo</title>\n<p>Grüße vom Server.</p>\n"
TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"


class Refused(Exception):
    """With a status; 0: the connection is closed without a reply."""


def read_line(stream, status, begun=True):
    line = stream.readline(LONGEST + 2).decode("latin-1")
    if line.endswith("\n"):
        return line[:-1].removesuffix("\r")
    if len(line) < LONGEST + 2:
        if WORD == "eof-is-empty-line" and (begun or line):
            return line
        raise EOFError(begun or line)
    raise Refused(0 if WORD == {414: "long-target", 431: "long-header"}[status] else status)


def read_fields(stream):
    fields = {}
    for _ in range(100):
        line = read_line(stream, 431)
        if not line:
            return fields
        space = {"strips-names": "[ \t]*"}.get(WORD, "")
        after = {"colon-space": " "}.get(WORD, "")
        field = re.fullmatch(f"({TOKEN}){space}:{after}[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*", line)
        if not field:
            raise Refused(400)
        name = field[1] if WORD == "exact-names" else field[1].title()
        if name == "Host" and name in fields and WORD != "last-host":
            raise Refused(400)
        if name == "Content-Length" and fields.get(name, field[2]) != field[2]:
            raise Refused(400)
        if name == "Connection" and name in fields:
            fields[name] += "," + field[2]
        else:
            fields[name] = field[2]
    raise Refused(431)


def skip_body(stream, text):
    if WORD == "int":
        try:
            length = int(text)
        except ValueError:
            raise Refused(400)
    elif not re.fullmatch("[0-9]+", text):
        raise Refused(400)
    else:
        length = int(text[:12])
    if len(text) > 12:
        raise Refused(413)
    if WORD == "body-left":
        return
    if WORD == "body-in-one-recv" and length > 0:
        stream.read1(length)
        return
    while length > 0:
        data = stream.read(min(length, 65536))
        if not data:
            raise EOFError(True)
        length -= len(data)


def read_request(stream):
    """Method, target, whether of HTTP/1.0, and the fields."""
    line = read_line(stream, 414, begun=False)
    if not line and WORD != "empty-line":
        line = read_line(stream, 414, begun=False)
    request = re.fullmatch(rf"({TOKEN}) ([!-~]+) HTTP/([0-9])\.([0-9])", line)
    if WORD == "split" and len(line.split()) >= 2:
        request = request or ["", *line.split()[:2], "1", "1"]
    if not request:
        raise Refused(400)
    if request[3] != "1" and WORD != "any-version":
        raise Refused(505)
    old = request[4] == "0" and request[3] == "1"
    fields = read_fields(stream)
    if "Host" not in fields and not old and WORD != "no-host":
        raise Refused(400)
    if "Transfer-Encoding" in fields:
        raise Refused(501)
    skip_body(stream, fields.get("Content-Length", "0"))
    return request[1], request[2], old, fields


def find(target):
    """The text that the target names, or None."""
    if WORD != "origin-only":
        target = re.sub("^http://[^/?]*", "", target, flags=re.IGNORECASE)
    path = target.split("?")[0] or "/"
    inside = ".." not in path
    path = urllib.parse.unquote(path)
    if path == "/":
        return PAGE
    if WORD != "decodes-late":
        inside = ".." not in path
    if "\0" in path or not (inside or WORD == "dot-dot"):
        return None
    try:
        with open(os.getcwd() + "/" + path, errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError:
        return None


def respond(conn, status, text, head=False, close=False, kind="text/plain; charset=utf-8"):
    length = len(text) if WORD == "characters" else len(text.encode(errors="surrogateescape"))
    if head and WORD == "head-empty":
        length = 0
    date = time.asctime() if WORD == "asctime" else email.utils.formatdate(usegmt=True)
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", f"Content-Type: {kind}"]
    if WORD == "no-version":
        lines[0] = f"HTTP {status} {http.HTTPStatus(status).phrase}"
    if WORD != "no-date":
        lines.append(f"Date: {date}")
    if WORD != "no-length":
        lines.append(f"Content-Length: {length}")
    if status == 405:
        lines.append("Allow: GET, HEAD")
    if close:
        lines.append("Connection: close")
    body = "" if head and WORD != "head-is-get" else text
    conn.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode(errors="surrogateescape"))


def serve_request(conn, stream):
    """Serves one request; false if the connection is to be closed."""
    try:
        method, target, old, fields = read_request(stream)
        if WORD == "leaves-at-eof" and select.select([conn], [], [], 0.05)[0] and not conn.recv(1, socket.MSG_PEEK):
            raise EOFError(True)
        if method not in ("GET", "HEAD", "POST") and WORD != "any-method":
            raise Refused(501)
        if not re.match("/|https?://", target, re.IGNORECASE):
            raise Refused(400)
        text = find(target)
    except Refused as e:
        status = e.args[0]
        if status and not (WORD == "index-error" and status == 400):
            respond(conn, status, "", close=True)
        return False
    connection = fields.get("Connection", "")
    close = "close" in re.split(r"[ \t]*,[ \t]*", connection.lower())
    if WORD == "close-only":
        close = connection == "close"
    if WORD == "stays":
        close = False
    if old and WORD != "stays-10":
        close = True
    if method == "POST":
        respond(conn, 405, "read only\n", close=close)
    elif text is None:
        respond(conn, 200 if WORD == "soft-404" else 404, "not found\n", method == "HEAD", close)
    else:
        respond(conn, 200, text, method == "HEAD", close, "text/html; charset=utf-8")
    return not close and WORD != "one-each"


def talk(conn):
    stream = conn.makefile("rb")
    if WORD == "until-eof":
        stream = io.BytesIO(stream.read())
    while WORD == "one-recv" and (data := conn.recv(65536)):
        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            try:
                if not serve_request(conn, stream):
                    return
            except EOFError:
                return
    while serve_request(conn, stream):
        if WORD == "new-makefile":
            stream = conn.makefile("rb")


def close_in_order(conn):
    conn.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 5
    while (left := until - time.monotonic()) > 0:
        conn.settimeout(left)
        if not conn.recv(65536):
            return


def serve(conn):
    with conn:
        try:
            talk(conn)
            close_in_order(conn)
        except EOFError as e:
            if WORD == "stays-at-eof" and e.args[0]:
                waiting.append(conn.dup())
        except OSError:
            pass  # reset by the client


waiting = []
with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
