# drives: the socket module of Python, over the kernel's sockets
"""Driver for `sockconf check --driver`: carries out socket calls, one request per line of stdin (see docs/driver-protocol.md).

A socket bears the number that the kernel gave it, and a socket object lives for one call only. So there is no state here that the
kernel does not have, and a call on a number that is closed, or no socket, still gets the kernel's answer."""
import contextlib
import errno
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time

FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
DOMAINS = FAMILIES | {"unknown": 255}
TYPES = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM, "unknown": 255}
HOWS = {"rd": socket.SHUT_RD, "wr": socket.SHUT_WR, "rdwr": socket.SHUT_RDWR, "unknown": 255}
FLAGS = {"peek": socket.MSG_PEEK, "waitall": socket.MSG_WAITALL, "dontwait": socket.MSG_DONTWAIT, "oob": socket.MSG_OOB,
         "nosignal": socket.MSG_NOSIGNAL}
OPTIONS = {name: (socket.SOL_SOCKET, getattr(socket, "SO_" + name.upper())) for name in
           ("reuseaddr", "broadcast", "linger", "rcvtimeo", "sndtimeo", "rcvbuf", "sndbuf", "error", "type", "acceptconn")}
OPTIONS["nodelay"] = (socket.IPPROTO_TCP, socket.TCP_NODELAY)
OPTIONS["usertimeout"] = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
LINGER, TIMEVAL = struct.Struct("ii"), struct.Struct("ll")
EVENTS = {"in": select.POLLIN, "out": select.POLLOUT, "err": select.POLLERR, "hup": select.POLLHUP, "nval": select.POLLNVAL}
SYNONYMS = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP"}


class Unsupported(Exception):
    """The socket module has no way to say this."""


def known(table, word):
    if word not in table:
        raise Unsupported(word)
    return table[word]


def error_name(number):
    name = errno.errorcode[number]
    return SYNONYMS.get(name, name)


@contextlib.contextmanager
def borrowed(number, family=-1):
    """A socket object for the descriptor. To make one asks the kernel: OSError (EBADF, ENOTSOCK) if it is not a socket's."""
    sock = socket.socket(family, fileno=number)
    try:
        yield sock
    finally:
        sock.detach()  # or the descriptor would be closed with the object


@contextlib.contextmanager
def addressed(request):
    """The socket of the request and the address to give it; of the address's family, which need not be the socket's."""
    address = request["address"]
    if "length" in address:
        raise Unsupported("length")
    with borrowed(request["socket"], known(FAMILIES, address["family"])) as sock:
        yield sock, (address["ip"], address["port"])


def told(address):
    return {"family": "inet6" if len(address) == 4 else "inet", "ip": address[0], "port": address[1]}


def flags(request):
    number = 0
    for word in request.get("flags", ()):
        number |= known(FLAGS, word)
    return number


def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


class Driver:
    """A method for each call: takes the request, returns the fields of the answer."""
    hello = {"driver": 1, "name": "python socket", "profile": "linux", "lacks": ["interrupt"]}  # Python hides EINTR (PEP 475)

    def __init__(self):
        self.calls = {
            "socket": self.socket, "bind": self.bind, "connect": self.connect, "listen": self.listen, "accept": self.accept,
            "send": self.send, "recv": self.recv, "shutdown": self.shutdown, "close": self.close,
            "getsockname": self.getsockname, "getpeername": self.getpeername, "setsockopt": self.setsockopt,
            "getsockopt": self.getsockopt, "nonblocking": self.nonblocking, "poll": self.poll, "dup": self.dup,
            "open": self.open, "limit": self.limit, "reset": self.reset,
        }
        self.numbers = set()  # what reset has to close
        self.running = {}     # the background requests that are not answered yet: id to thread
        self.writing = threading.Lock()
        self.limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def opened(self, number):
        self.numbers.add(number)
        return {"value": number}

    def socket(self, request):
        domain, kind = known(DOMAINS, request["domain"]), known(TYPES, request["type"])
        return self.opened(socket.socket(domain, kind, request["protocol"]).detach())

    def bind(self, request):
        with addressed(request) as (sock, address):
            sock.bind(address)
        return {"value": 0}

    def connect(self, request):
        with addressed(request) as (sock, address):
            sock.connect(address)
        return {"value": 0}

    def listen(self, request):
        with borrowed(request["socket"]) as sock:
            sock.listen(request["backlog"])
        return {"value": 0}

    def accept(self, request):
        with borrowed(request["socket"]) as sock:
            peer, address = sock.accept()
        return self.opened(peer.detach()) | {"address": told(address)}

    def send(self, request):
        data = bytes.fromhex(request["data"])
        if "address" not in request:
            with borrowed(request["socket"]) as sock:
                return {"value": sock.send(data, flags(request))}
        with addressed(request) as (sock, address):
            return {"value": sock.sendto(data, flags(request), address)}

    def recv(self, request):
        # Python answers recv(0) itself, recvfrom(0) it passes on. The address of a stream is None.
        with borrowed(request["socket"]) as sock:
            data, address = sock.recvfrom(request["length"], flags(request))
        answer = {"value": len(data), "data": data.hex()}
        return answer | {"address": told(address)} if address else answer

    def shutdown(self, request):
        with borrowed(request["socket"]) as sock:
            sock.shutdown(known(HOWS, request["how"]))
        return {"value": 0}

    def close(self, request):
        self.numbers.discard(request["socket"])
        socket.close(request["socket"])
        return {"value": 0}

    def getsockname(self, request):
        if "room" in request:
            raise Unsupported("room")
        with borrowed(request["socket"]) as sock:
            return {"value": 0, "address": told(sock.getsockname())}

    def getpeername(self, request):
        if "room" in request:
            raise Unsupported("room")
        with borrowed(request["socket"]) as sock:
            return {"value": 0, "address": told(sock.getpeername())}

    def setsockopt(self, request):
        option, number = request["option"], request["number"]
        if option == "linger":
            number = LINGER.pack(number >= 0, max(number, 0))
        elif option in ("rcvtimeo", "sndtimeo"):
            number = TIMEVAL.pack(number // 1000, number % 1000 * 1000)
        with borrowed(request["socket"]) as sock:
            sock.setsockopt(*known(OPTIONS, option), number)
        return {"value": 0}

    def getsockopt(self, request):
        option = request["option"]
        where = known(OPTIONS, option)
        with borrowed(request["socket"]) as sock:
            if option == "linger":
                on, seconds = LINGER.unpack(sock.getsockopt(*where, LINGER.size))
                return {"value": seconds if on else -1}
            if option in ("rcvtimeo", "sndtimeo"):
                seconds, microseconds = TIMEVAL.unpack(sock.getsockopt(*where, TIMEVAL.size))
                return {"value": seconds * 1000 + microseconds // 1000}
            number = sock.getsockopt(*where)
        if option == "error":
            return {"value": 0, "error": error_name(number) if number else "0"}
        return {"value": number}

    def nonblocking(self, request):
        with borrowed(request["socket"]) as sock:
            sock.setblocking(not request["on"])
        return {"value": 0}

    def poll(self, request):
        poll = select.poll()
        poll.register(request["socket"], sum(known(EVENTS, word) for word in request["events"]))
        revents = sum(mask for number, mask in poll.poll(request["timeout"]))
        return {"value": int(revents != 0), "revents": [word for word, mask in EVENTS.items() if revents & mask]}

    def dup(self, request):
        return self.opened(socket.dup(request["socket"]))  # sock.dup() would set the blocking mode anew

    def open(self, request):
        return self.opened(os.open("/dev/null", os.O_RDWR))

    def limit(self, request):
        soft, hard = self.limits
        spare = request["spare"]
        if spare >= 0:  # the limit is the first free number that is not to be had
            free = (number for number in range(soft) if not is_open(number))
            soft = next((number for count, number in enumerate(free) if count == spare), soft)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return {"value": 0}

    def reset(self, request):
        resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)
        for number in list(self.numbers):
            with contextlib.suppress(OSError), borrowed(number) as sock:
                sock.shutdown(socket.SHUT_RDWR)  # wakes the threads that are blocked in a call on it; close() would not
            socket.close(number)
        self.numbers.clear()
        until = time.monotonic() + 1
        for thread in list(self.running.values()):
            thread.join(max(0, until - time.monotonic()))
        return {"value": 0}

    def answer(self, request):
        """Carries out the request. SIGPIPE is blocked, so that it waits for the thread that raised it to fetch it here."""
        try:
            answer = known(self.calls, request["call"])(request)
        except (Unsupported, ValueError, OverflowError, socket.gaierror):  # all but the first: Python itself refuses an argument
            return {"id": request["id"], "unsupported": True}
        except OSError as e:
            answer = {"errno": error_name(e.errno)}
        if signal.sigtimedwait({signal.SIGPIPE}, 0):
            answer["signals"] = ["SIGPIPE"]
        return {"id": request["id"]} | answer

    def write(self, message):
        sys.stdout.buffer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()

    def serve(self, request):
        answer = self.answer(request)
        with self.writing:
            self.running.pop(request["id"], None)
            self.write(answer)

    def serve_in_background(self, request):
        thread = threading.Thread(target=self.serve, args=(request,), daemon=True)
        self.running[request["id"]] = thread
        thread.start()
        thread.join(0.02)
        with self.writing:
            if request["id"] in self.running:
                self.write({"id": request["id"], "blocked": True})

    def run(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})  # for all threads, they inherit it
        self.write(self.hello)
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if request.get("background"):
                self.serve_in_background(request)
            else:
                self.serve(request)


if __name__ == "__main__":
    Driver().run()
