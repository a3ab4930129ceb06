# serves: http
"""HTTP/1.1 server over plain sockets, one daemon thread per connection: a page of its own at /, files of its working folder elsewhere."""
import email.utils
import errno
import http
import mimetypes
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

LONGEST_LINE = 8000
MOST_FIELDS = 100
MOST_DIGITS = 12  # of a Content-Length
INDEX = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Grüße vom Server.</p>\n".encode()

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-~]+) HTTP/([0-9])\.([0-9])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
HOST = re.compile(rb"[0-9A-Za-z._~%!$&'()*+,;=:\[\]-]*")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;.*)?")

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ended = threading.Event()  # set whenever a connection is over


class Refused(Exception):
    """The request is answered with this status, and the connection closed."""


def read_line(stream, status_if_too_long):
    line = stream.readline(LONGEST_LINE + 2)
    if line.endswith(b"\n"):
        return line[:-1].removesuffix(b"\r")
    if len(line) < LONGEST_LINE + 2:
        raise EOFError
    raise Refused(status_if_too_long, line)


def read_fields(stream):
    """The fields with names in lower case, each with the list of its values."""
    fields = {}
    for _ in range(MOST_FIELDS):
        line = read_line(stream, 431)
        if not line:
            return fields
        field = FIELD.fullmatch(line)
        if not field:
            raise Refused(400)
        fields.setdefault(field[1].lower(), []).append(field[2])
    raise Refused(431)


def skip(stream, length):
    while length > 0:
        data = stream.read(min(length, 65536))
        if not data:
            raise EOFError
        length -= len(data)


def skip_body(conn, stream, fields, minor):
    """Reads the body, however it is delimited, and forgets it."""
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    if codings and (lengths or minor == 0):
        raise Refused(400)
    if len(set(lengths)) > 1 or not all(re.fullmatch(rb"[0-9]+", length) for length in lengths):
        raise Refused(400)
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        raise Refused(501)
    if lengths and len(lengths[0]) > MOST_DIGITS:
        raise Refused(413)
    length = int(lengths[0]) if lengths else 0
    if (length or codings) and minor > 0 and [v.lower() for v in fields.get(b"expect", [])] == [b"100-continue"]:
        conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    skip(stream, length)
    while codings:
        chunk = CHUNK.fullmatch(read_line(stream, 400))
        if not chunk:
            raise Refused(400)
        if int(chunk[1], 16) == 0:
            read_fields(stream)  # the trailer section
            return
        skip(stream, int(chunk[1], 16))
        if read_line(stream, 400):
            raise Refused(400)


def find(target):
    """Content type and content of what the target names; None if there is no such thing."""
    if target[:1] != b"/":  # absolute form: http://host/path
        absolute = re.fullmatch(rb"https?://[^/?#]+(.*)", target, re.IGNORECASE)
        if not absolute:
            raise Refused(400)
        target = absolute[1] if absolute[1].startswith(b"/") else b"/" + absolute[1]
    path = target.split(b"?")[0]
    if re.search(rb"%(?![0-9A-Fa-f]{2})", path):
        raise Refused(400)
    path = urllib.parse.unquote_to_bytes(path)
    if path == b"/":
        return "text/html; charset=utf-8", INDEX
    if b".." in path.split(b"/") or b"\0" in path or not os.path.isfile(b"." + path):
        return None
    try:
        with open(b"." + path, "rb") as file:
            return mimetypes.guess_type(os.fsdecode(path))[0] or "application/octet-stream", file.read()
    except OSError:
        return None


def respond(conn, status, content_type, content, head=False, close=False):
    extra = "Connection: close\r\n" if close else ""
    if status == 405:
        extra += "Allow: GET, HEAD\r\n"
    fields = (
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
        f"Date: {email.utils.formatdate(usegmt=True)}\r\n"
        f"Content-Type: {content_type}\r\n"
        f"Content-Length: {len(content)}\r\n"
        f"{extra}\r\n"
    )
    conn.sendall(fields.encode() + (b"" if head else content))


def serve_request(conn, stream):
    """Serves one request; false if the connection is to be closed."""
    line = b""
    try:
        line = read_line(stream, 414) or read_line(stream, 414)  # one empty line is not minded
        request = REQUEST_LINE.fullmatch(line)
        if not request:
            raise Refused(400)
        method, target, minor = request[1], request[2], int(request[4])
        if request[3] != b"1":
            raise Refused(505)
        fields = read_fields(stream)
        hosts = fields.get(b"host", [])
        if len(hosts) > 1 or (not hosts and minor > 0) or not all(map(HOST.fullmatch, hosts)):
            raise Refused(400)
        skip_body(conn, stream, fields, minor)
        if method not in (b"GET", b"HEAD", b"POST"):
            raise Refused(501)
        found = find(target)
    except Refused as refused:
        line = refused.args[1] if len(refused.args) > 1 else line
        status = refused.args[0]
        respond(conn, status, "text/plain", b"%d\n" % status, head=line.startswith(b"HEAD "), close=True)
        return False
    options = b",".join(fields.get(b"connection", [])).lower().split(b",")
    close = minor == 0 or b"close" in [option.strip() for option in options]
    if method == b"POST":
        respond(conn, 405, "text/plain", b"read only\n", close=close)
    elif found is None:
        respond(conn, 404, "text/plain", b"not found\n", head=method == b"HEAD", close=close)
    else:
        respond(conn, 200, *found, head=method == b"HEAD", close=close)
    return not close


def close_in_order(conn):
    """Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset."""
    conn.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 5
    while (left := until - time.monotonic()) > 0:
        conn.settimeout(left)
        if not conn.recv(65536):
            return


def serve(conn):
    try:
        with conn.makefile("rb") as stream:
            while serve_request(conn, stream):
                pass
            close_in_order(conn)
    except (OSError, EOFError):
        pass  # reset by the client, or the end of the input: half a request is no request
    finally:
        conn.close()
        ended.set()


def wait_for_room():
    """Out of descriptors or threads: wait until a connection ends."""
    ended.wait(1)
    ended.clear()


def main():
    with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
        while True:
            try:
                conn, _ = listener.accept()
            except OSError as e:
                if e.errno in NO_ROOM:
                    wait_for_room()
                continue
            while True:
                try:
                    threading.Thread(target=serve, args=(conn,), daemon=True).start()
                    break
                except RuntimeError:  # no more threads to be had
                    wait_for_room()


main()
