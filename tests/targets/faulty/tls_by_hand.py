# serves: echo-tls
# defect ssl3: a ClientHello of SSL 3.0 is answered with a ServerHello of SSL 3.0, because the client's version is copied unseen; trips: tls/version/no-ssl3
# defect header-0304: the ServerHello's record says 3.4, because its author took that field for the version of the connection; trips: tls/version/legacy-field
# defect hello-0304: the ServerHello itself says 3.4, because its author did not know that TLS 1.3 is told in an extension; trips: tls/version/legacy-field, tls/handshake/answers, tls/handshake/tls13, tls/handshake/tls12
# defect header-refused: a ClientHello in a record that says anything but 3.1 or 3.3 is refused, because its author took that field for the client's version; trips: tls/version/legacy-field
# defect unknown-refused: an extension, a version or a suite it never heard of ends the handshake, because a message that is not understood in full was taken for a broken one; trips: tls/hello/unknown-ignored
# defect hello-in-one-recv: a ClientHello in several segments is refused, because one recv() was taken for one record; trips: tls/hello/byte-by-byte
# defect hello-in-one-record: a ClientHello in two records is refused, because a record was taken for a message; trips: tls/hello/two-records
# defect compression: a client's offer to compress is accepted, because the first method on the list is taken; trips: tls/hello/compression
# defect any-cipher: a client without a good suite gets the first one on its list, because some suite has to be picked; trips: tls/cipher/weak-refused
# defect hello-last: the ServerHello comes after the rest of its flight, because the messages are sent from a stack; trips: tls/handshake/order, tls/handshake/answers, tls/handshake/tls13, tls/handshake/tls12
# defect any-message-is-hello: whatever handshake message comes first is answered with a ServerHello, because its type is not looked at; trips: tls/handshake/order
# defect record-in-one-recv: a record that comes in pieces ends the connection, because one recv() was taken for one record; trips: tls/data/records-cut
# defect rest-thrown-away: of several records that come together only the first is used, because one recv() was taken for one record; trips: tls/data/records-joined
# defect answers-after-notify: whatever follows the client's close_notify is answered with an alert, because the state "closed" has no line in the table; trips: tls/close/after-notify-ignored
# defect long-skipped: a record that is too long is read and thrown away, because "ignore what cannot be used" seemed safe; trips: tls/record/too-long
# defect resynchronises: bytes that are no record are skipped up to the next thing that looks like a header, because its author had a serial line in mind; trips: tls/record/garbage, tls/survive/plain-text-client
# defect garbage-unanswered: after a record that cannot be decrypted nothing is said and nothing closed, because the error is caught and forgotten; trips: tls/record/garbage, tls/alert/sent-on-error
# defect unknown-type-skipped: a record of an unknown type is thrown away, because "ignore what cannot be used" seemed safe; trips: tls/record/unknown-type
# defect empty-hangs: after a record with nothing in it the connection is dead, because its first byte is looked at and the error caught; trips: tls/record/empty-fragment
# defect fatal-unheeded: after the client's fatal alert the connection stays open, because alerts are only logged; trips: tls/alert/fatal-closes
# defect open-after-alert: after its own fatal alert the server leaves the connection open, because closing was thought to be the client's part; trips: tls/alert/fatal-closes, tls/record/garbage
# defect no-alert: an error ends the connection without an alert, because the output is not sent once something has failed; trips: tls/alert/sent-on-error
# defect missing-made-up: a hello of TLS 1.3 without groups, keys or signature algorithms gets TLS 1.2, because what is missing was taken for the mark of an old client; trips: tls/hello/missing-extension
# defect legacy-believed: a client whose versions are all unknown gets TLS 1.2, because legacy_version says so; trips: tls/version/only-offered
# defect one-suite: TLS_AES_128_GCM_SHA256 is named though the client did not offer it, because every server has to know it; trips: tls/handshake/only-offered
# defect key-at-any-price: the client is asked for a key that it has sent, because the ServerHello for its group is not written yet; trips: tls/handshake/only-offered
# defect specs-skipped: each ChangeCipherSpec of TLS 1.3 is thrown away, whatever is in it, because there it means nothing; trips: tls/record/change-cipher-spec
# defect one-alert: all its alerts say internal_error, because its author found one reason enough; trips: tls/alert/fitting, tls/hello/missing-extension
import os
import socket
import ssl
import struct
import sys
import threading

port, chain, key, defect = sys.argv[1:]
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE = 1, 2, 11, 14
DECODE_ERROR, UNEXPECTED_MESSAGE, PROTOCOL_VERSION, INTERNAL_ERROR = 50, 10, 70, 80
SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, SUPPORTED_VERSIONS, KEY_SHARE = 10, 13, 43, 51
ONLY_SUITE = 0x1301
RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")


class Failure(Exception):
    """Ends the connection with the alert of this number."""


def record(kind, body, version=b"\x03\x03"):
    return struct.pack("!B2sH", kind, version, len(body)) + body


def records(data):
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        yield data[:end]
        data = data[end:]


class Hello:
    """A ClientHello, without its four bytes of type and length."""

    def __init__(self, body):
        self.version, self.rest = body[:2], body[34:]
        self.session = self.vector(1)
        suites = self.vector(2)
        self.suites = [int.from_bytes(suites[i:i + 2], "big") for i in range(0, len(suites), 2)]
        self.compressions = self.vector(1)
        self.extensions = {}
        self.rest = self.vector(2)
        while self.rest:
            number = int.from_bytes(self.rest[:2], "big")
            self.rest = self.rest[2:]
            self.extensions[number] = self.vector(2)
        listed = self.extensions.get(SUPPORTED_VERSIONS, b"")[1:]
        self.versions = [int.from_bytes(listed[i:i + 2], "big") for i in range(0, len(listed), 2)]

    def vector(self, size):
        end = size + int.from_bytes(self.rest[:size], "big")
        result, self.rest = self.rest[size:end], self.rest[end:]
        return result

    def only_known(self):
        return (all(e < 64 or e in (0x3374, 0xFF01) for e in self.extensions)
                and all(v & 0xFF in range(5) for v in self.versions)
                and all(s >> 8 in (0x00, 0x13, 0x56, 0xC0, 0xCC) for s in self.suites))


class Connection:
    """Sees each record on its way to the library and from it."""

    def __init__(self, sock):
        self.sock = sock
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_side=True)
        self.raw = b""  # received, not yet passed on
        self.first = self.hello_owed = True
        self.shaken = self.notified = self.over = self.deaf = False

    def serve(self):
        try:
            while not self.over:
                data = self.sock.recv(65536)
                if not data:
                    break
                self.raw += data
                self.receive()
        except Failure as e:
            self.sock.sendall(record(ALERT, bytes([2, e.args[0]])))
        self.leave()

    def leave(self):
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(1)
        for _ in range(100):
            if not self.sock.recv(65536):
                break

    def receive(self):
        if self.deaf:
            self.raw = b""
        while self.raw and not self.over and not self.deaf:
            if self.notified:
                raise Failure(UNEXPECTED_MESSAGE)
            size = self.size()
            if size > len(self.raw):
                if defect == "hello-in-one-recv" and self.first:
                    raise Failure(DECODE_ERROR)
                if defect == "record-in-one-recv" and self.shaken:
                    self.over = True
                return
            whole, self.raw = self.raw[:size], self.raw[size:]
            if self.look_at(whole):
                self.input.write(whole)
                self.work()
                if defect == "rest-thrown-away" and self.shaken:
                    self.raw = b""
            self.first = False

    def size(self):
        """Of the first record; of all there is when that is none, for the library to complain about."""
        if len(self.raw) < 5 and self.raw[:1] in (b"\x14", b"\x15", b"\x16", b"\x17"):
            return 5
        kind, major, _, length = struct.unpack("!BBBH", self.raw[:5].ljust(5, b"\0"))
        if defect == "resynchronises" and (kind not in range(20, 24) or major != 3):
            return 1
        if kind not in range(20, 24) and not (defect == "unknown-type-skipped" and major == 3):
            return len(self.raw)
        if (major != 3 or length > 16384 + 256) and defect != "long-skipped":
            return len(self.raw)
        return 5 + length

    def look_at(self, whole):
        """Whether the library is to have it."""
        if len(whole) < 5 and defect == "resynchronises":
            return False
        kind, body = whole[0], whole[5:]
        if defect == "unknown-type-skipped" and kind not in range(20, 24):
            return False
        if defect == "long-skipped" and len(body) > (16384 + 256 if kind == DATA else 16384):
            return False
        if defect == "specs-skipped" and kind == CHANGE_CIPHER_SPEC and (self.first or body != b"\x01"):
            return False
        if defect == "empty-hangs" and not body:
            self.deaf = True
            return False
        if defect == "fatal-unheeded" and kind == ALERT and len(body) == 2:
            return False
        if defect == "empty-is-end" and self.shaken and kind == DATA and len(body) == self.overhead():
            self.over = True
        if self.first and kind == HANDSHAKE and body:
            return self.look_at_hello(whole[1:3], body)
        return True

    def overhead(self):
        """The length of a data record without data."""
        suite, version, _ = self.tls.cipher()
        return 17 if version == "TLSv1.3" else 16 if "CHACHA20" in suite else 24

    def look_at_hello(self, version, body):
        if body[0] != CLIENT_HELLO:
            return not (defect == "any-message-is-hello" and self.answer(b"\x03\x03", 0xC02F, 0))
        if defect == "header-refused" and version not in (b"\x03\x01", b"\x03\x03"):
            raise Failure(PROTOCOL_VERSION)
        if int.from_bytes(body[1:4], "big") > len(body) - 4:
            if defect == "hello-in-one-record":
                raise Failure(DECODE_ERROR)
            return True
        hello = Hello(body[4:])
        if defect == "unknown-refused" and not hello.only_known():
            raise Failure(DECODE_ERROR)
        self.only_suite_offered = ONLY_SUITE in hello.suites
        if defect == "missing-made-up" and 0x0304 in hello.versions and not NEEDED <= set(hello.extensions):
            return not self.answer(b"\x03\x03", 0xC02F, 0)
        if defect == "legacy-believed" and hello.versions and not {0x0303, 0x0304}.intersection(hello.versions):
            return not self.answer(b"\x03\x03", 0xC02F, 0)
        if defect == "key-at-any-price" and hello.suites == [ONLY_SUITE]:
            return not self.ask_for_key(hello)
        suite = ([s for s in hello.suites if s != 0xFF] + [0xFF])[0]
        if defect == "ssl3" and hello.version == b"\x03\x00":
            return not self.answer(hello.version, suite, 0)
        if defect == "compression" and hello.compressions.strip(b"\0"):
            return not self.answer(b"\x03\x03", suite, hello.compressions.strip(b"\0")[0])
        if defect == "any-cipher" and not KNOWN.intersection(hello.suites):
            return not self.answer(b"\x03\x03", suite, 0)
        return True

    def answer(self, version, suite, compression):
        """The first flight of a server that the library would not be."""
        hello = version + os.urandom(32) + b"\0" + struct.pack("!HB", suite, compression)
        with open(chain) as f:
            certificates = [ssl.PEM_cert_to_DER_cert(p + "-----END CERTIFICATE-----\n")
                            for p in f.read().split("-----END CERTIFICATE-----\n") if p.strip()]
        listed = b"".join(len(c).to_bytes(3, "big") + c for c in certificates)
        for kind, body in ((SERVER_HELLO, hello), (CERTIFICATE, len(listed).to_bytes(3, "big") + listed),
                           (SERVER_HELLO_DONE, b"")):
            self.sock.sendall(record(HANDSHAKE, bytes([kind]) + len(body).to_bytes(3, "big") + body, version))
        self.deaf = True
        return True

    def ask_for_key(self, hello):
        """A HelloRetryRequest for P-256."""
        extensions = struct.pack("!HHHHHH", SUPPORTED_VERSIONS, 2, 0x0304, KEY_SHARE, 2, 23)
        body = (b"\x03\x03" + RETRY + bytes([len(hello.session)]) + hello.session + struct.pack("!HB", ONLY_SUITE, 0)
                + len(extensions).to_bytes(2, "big") + extensions)
        self.sock.sendall(record(HANDSHAKE, bytes([SERVER_HELLO]) + len(body).to_bytes(3, "big") + body))
        self.deaf = True
        return True

    def work(self):
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while data := self.tls.read(65536):
                self.tls.write(data)
            self.tls.unwrap()
            self.notified = True
            self.over = defect != "answers-after-notify"
        except ssl.SSLWantReadError:
            if self.over:
                self.finish_early()
        except ssl.SSLError as e:
            told = "ALERT" in (e.reason or "")  # the client's, not ours
            self.deaf = (defect in ("garbage-unanswered", "open-after-alert") and not told) or (
                defect == "fatal-unheeded" and told)
            self.over = not self.deaf
            if defect in ("no-alert", "garbage-unanswered"):
                self.output.read()
        self.flush()

    def finish_early(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # the client has not said anything of an end

    def flush(self):
        out = list(records(self.output.read()))
        if out and self.hello_owed and out[0][0] == HANDSHAKE:
            self.hello_owed = False
            hello = bytearray(out[0])
            if defect == "header-0304":
                hello[1:3] = b"\x03\x04"
            if defect == "hello-0304":
                hello[9:11] = b"\x03\x04"
            if defect == "one-suite" and not self.only_suite_offered and b"\x00\x2b\x00\x02\x03\x04" in hello:
                suite = 44 + hello[43]
                hello[suite:suite + 2] = struct.pack("!H", ONLY_SUITE)
            out[0] = bytes(hello)
            if defect == "hello-last":
                out.append(out.pop(0))
        if defect == "one-alert":
            out = [r[:6] + bytes([INTERNAL_ERROR]) if r[0] == ALERT and len(r) == 7 else r for r in out]
        self.sock.sendall(b"".join(out))


def serve(conn):
    try:
        with conn:
            Connection(conn).serve()
    except OSError:
        pass  # reset by the client


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(chain, key)
NEEDED = {SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, KEY_SHARE}
KNOWN = {suite["id"] & 0xFFFF for suite in context.get_ciphers()}
with socket.create_server(("0.0.0.0", int(port)), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
