#!/usr/bin/env python3
"""Records the golden captures of real sockets: unshare -n python3 record.py [FOLDER [NAME...]] (Linux, root, iproute2, openssl,
tcpdump; `unshare -rn` without root, for all but the captures of loopback).

Two network namespaces, each with a TUN device: what one kernel sends, this program captures, and hands to the other kernel 1 ms
later, or drops it, holds it back, or adds segments of its own. So the end points are real and what happens on the way is exact.
The capture is taken where the sender is, before anything is dropped, unless a situation says `at the receiver`. Segments that
this program makes up are sent to one end only, as an attacker's would be; the answers are the kernel's.
"""
import ctypes
import fcntl
import heapq
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

C = ctypes.CDLL(None, use_errno=True)
NEW_NET = 0x40000000
CLIENT, SERVER = 0, 1
ADDRESSES = [("10.9.0.1", "fd00:9::1"), ("10.9.0.2", "fd00:9::2")]
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Segment:
    """A TCP segment in an IPv4 packet; for anything else all numbers are 0."""

    def __init__(self, side, raw):
        self.side, self.raw = side, raw
        self.flags = self.seq = self.ack = self.length = 0
        if raw[0] >> 4 == 4 and raw[9] == 6:
            head = (raw[0] & 15) * 4
            self.sport, self.dport, self.seq, self.ack, offset, self.flags = struct.unpack_from("!HHIIBB", raw, head)
            self.length = len(raw) - head - (offset >> 4) * 4


class Host:
    def __init__(self, side, mtu):
        C.unshare(NEW_NET)
        self.side = side
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tun, 0x400454CA, struct.pack("16sH22x", b"wire", 0x1001))  # TUNSETIFF: TUN, no packet information
        four, six = ADDRESSES[side]
        for words in (f"addr add {four}/24 dev wire", f"addr add {six}/64 dev wire nodad", f"link set wire mtu {mtu} addrgenmode none up", "link set lo up"):
            subprocess.run(["ip", *words.split()], check=True)
        Path("/proc/sys/net/ipv4/tcp_fastopen").write_text("3")
        Path("/proc/sys/net/ipv4/tcp_ecn").write_text("0")

    def enter(self):
        C.setns(self.namespace, NEW_NET)

    def socket(self, kind=socket.SOCK_STREAM, family=socket.AF_INET, port=0):
        self.enter()
        made = socket.socket(family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(5)
        made.bind((ADDRESSES[self.side][family == socket.AF_INET6], port))
        return made


class Wire(threading.Thread):
    """Carries packets between the two hosts. `rule` says of each what becomes of it: None (dropped) or its delay in seconds."""

    def __init__(self, mtu=1500, at_receiver=False):
        super().__init__(daemon=True)
        self.hosts = [Host(side, mtu) for side in (CLIENT, SERVER)]
        self.rule = lambda segment: 0.001
        self.at_receiver, self.seen, self.frames, self.queue, self.lock = at_receiver, [], [], [], threading.Lock()
        self.over, self.kept = False, []
        self.start()

    def capture(self, raw):
        self.frames.append((time.time_ns(), raw))

    def run(self):
        while not self.over:
            wait = max(0, self.queue[0][0] - time.monotonic()) if self.queue else 0.05
            for ready in select.select([host.tun for host in self.hosts], [], [], min(wait, 0.05))[0]:
                side = CLIENT if ready == self.hosts[CLIENT].tun else SERVER
                raw = os.read(ready, 70000)
                if raw[0] >> 4 == 6 and raw[6] == 58 and raw[40] in (133, 134, 135, 136, 143):
                    continue  # neighbour discovery is no matter of ours
                segment = Segment(side, raw)
                with self.lock:
                    self.seen.append(segment)
                    if not self.at_receiver:
                        self.capture(raw)
                    delay = self.rule(segment)
                    if delay is not None:
                        heapq.heappush(self.queue, (time.monotonic() + delay, len(self.seen), segment))
            with self.lock:
                while self.queue and self.queue[0][0] <= time.monotonic():
                    segment = heapq.heappop(self.queue)[2]
                    if self.at_receiver:
                        self.capture(segment.raw)
                    os.write(self.hosts[1 - segment.side].tun, segment.raw)

    def inject(self, like, flags, seq, ack=0, data=b"", window=502):
        """A segment as if from the sender of `like`."""
        source, target = (socket.inet_aton(ADDRESSES[side][0]) for side in (like.side, 1 - like.side))
        head = [like.sport, like.dport, seq % 2**32, ack % 2**32, 0x50, flags, window]
        pseudo = source + target + struct.pack("!BBH", 0, 6, 20 + len(data))
        body = struct.pack("!HHIIBBHHH", *head, 0, 0) + data
        body = struct.pack("!HHIIBBHHH", *head, checksum(pseudo + body), 0) + data
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0x5150, 0x4000, 64, 6, 0, source, target)
        raw = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + body
        with self.lock:
            self.seen.append(Segment(like.side, raw))
            self.capture(raw)
            os.write(self.hosts[1 - like.side].tun, raw)

    def wait(self, condition, within=8):
        """Until a segment for which the condition holds has been seen: that segment."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with self.lock:
                found = [segment for segment in self.seen if condition(segment)]
            if found:
                return found[-1]
            time.sleep(0.002)
        raise TimeoutError("what was waited for did not travel")

    def last(self, side):
        return self.wait(lambda segment: segment.side == side and segment.flags)

    def quiet(self, seconds=0.1):
        """Until nothing has travelled for a while."""
        count = -1
        while count != len(self.seen):
            count = len(self.seen)
            time.sleep(seconds)

    def end(self):
        self.over = True
        self.join()
        for host in self.hosts:
            os.close(host.tun)
            os.close(host.namespace)

    def pair(self, port=40000, family=socket.AF_INET, small=0):
        """An established connection: the client's end, the server's end, and the listener."""
        listener = self.hosts[SERVER].socket(family=family, port=7000)
        if small:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, small)
        listener.listen()
        client = self.hosts[CLIENT].socket(family=family, port=port)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.connect(listener.getsockname()[:2])
        server, _ = listener.accept()
        server.settimeout(5)
        self.kept += [client, server, listener]  # a descriptor that Python collects would close, and that would be seen
        self.quiet(0.02)
        return client, server, listener

    def dropping(self, condition, times=1):
        left = [times]

        def rule(segment):
            if left[0] and condition(segment):
                left[0] -= 1
                return None
            return 0.001

        self.rule = rule


def drain(end):
    while end.recv(65536):
        pass


def abort(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def echo(client, server, data=b"hello"):
    client.sendall(data)
    server.sendall(server.recv(65536))
    got = client.recv(65536)
    assert got == data


def close_both(wire, client, server):
    client.close()
    drain(server)
    server.close()
    wire.quiet()


SITUATIONS = {}


def situation(function=None, **how):
    def register(made):
        SITUATIONS[made.__name__.replace("_", "-")] = (made, how)
        return made
    return register(function) if function else register


# --- How connections end ----------------------------------------------------------------------------------------------------------

@situation
def close_three_segments(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet(0.1)
    close_both(wire, client, server)


@situation
def close_four_segments(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    client.shutdown(socket.SHUT_WR)
    drain(server)
    wire.quiet(0.15)  # longer than an acknowledgment is delayed
    server.close()
    wire.quiet()


@situation
def close_by_server(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    server.close()
    drain(client)
    client.close()
    wire.quiet()


@situation
def fin_with_last_data(wire):
    client, server, _ = wire.pair()
    client.send(b"last words", socket.MSG_MORE)
    close_both(wire, client, server)


@situation
def rst_for_fin(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    client.shutdown(socket.SHUT_WR)
    drain(server)
    abort(server)
    wire.quiet()


@situation
def rst_after_data(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    server.close()
    wire.quiet()
    client.send(b"too late")
    wire.quiet()


@situation
def abort_by_client(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    abort(client)
    wire.quiet()


@situation
def abort_by_server(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    abort(server)
    wire.quiet()


@situation
def close_with_unread_data(wire):
    client, server, _ = wire.pair()
    client.send(b"never read")
    wire.quiet()
    server.close()
    wire.quiet()


@situation
def half_close_then_data(wire):
    client, server, _ = wire.pair()
    client.send(b"question")
    client.shutdown(socket.SHUT_WR)
    drain(server)
    for word in (b"an ", b"answer ", b"in parts"):
        server.send(word)
        wire.quiet(0.02)
    server.close()
    drain(client)
    client.close()
    wire.quiet()


@situation
def simultaneous_close(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.rule = lambda segment: 0.2 if segment.flags & FIN else 0.001
    client.close()
    server.close()
    wire.quiet(0.3)


@situation
def fin_acknowledgment_lost(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.dropping(lambda segment: segment.side == SERVER and not segment.flags & FIN)
    client.shutdown(socket.SHUT_WR)
    wire.quiet(0.5)
    drain(server)
    server.close()
    wire.quiet()


@situation
def fin_lost(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.dropping(lambda segment: segment.flags & FIN)
    client.close()
    drain(server)
    server.close()
    wire.quiet()


@situation
def fin_never_answered(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.dropping(lambda segment: segment.side == CLIENT, 100)
    client.close()
    wire.quiet(1)


# --- How connections begin --------------------------------------------------------------------------------------------------------

@situation
def syn_ack_lost(wire):
    wire.dropping(lambda segment: segment.side == SERVER)
    client, server, _ = wire.pair()
    close_both(wire, client, server)


@situation
def syn_unanswered(wire):
    wire.rule = lambda segment: None
    client = wire.hosts[CLIENT].socket(port=40000)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 2)
    try:
        client.connect((ADDRESSES[SERVER][0], 7000))
    except OSError:
        pass


@situation
def connection_refused(wire):
    client = wire.hosts[CLIENT].socket(port=40000)
    try:
        client.connect((ADDRESSES[SERVER][0], 7000))
    except ConnectionRefusedError:
        pass
    wire.quiet()


@situation
def simultaneous_open(wire):
    ends = [host.socket(port=7000) for host in wire.hosts]
    wire.rule = lambda segment: 0.2 if segment.flags == SYN else 0.001
    for end in ends:
        end.setblocking(False)
    for side, end in enumerate(ends):
        end.connect_ex((ADDRESSES[1 - side][0], 7000))
    wire.quiet(0.3)
    for end in ends:
        end.settimeout(5)
    echo(*ends)
    wire.quiet()
    close_both(wire, *ends)


@situation
def reused_after_close(wire):
    client, server, listener = wire.pair()
    echo(client, server)
    server.close()  # the server keeps TIME_WAIT, and a SYN with a greater number ends that (RFC 6191)
    drain(client)
    client.close()
    wire.quiet()
    again = wire.hosts[CLIENT].socket(port=40000)
    again.connect(listener.getsockname())
    server, _ = listener.accept()
    echo(again, server, b"again")
    wire.quiet()
    close_both(wire, again, server)


@situation
def reused_after_reset(wire):
    client, server, listener = wire.pair()
    echo(client, server)
    abort(client)
    wire.quiet()
    again = wire.hosts[CLIENT].socket(port=40000)
    again.connect(listener.getsockname())
    server, _ = listener.accept()
    echo(again, server, b"again")
    wire.quiet()
    close_both(wire, again, server)


@situation
def fast_open(wire):
    listener = wire.hosts[SERVER].socket(port=7000)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    listener.listen()
    for port in (40000, 40001):  # the first asks for a cookie, the second has it
        client = wire.hosts[CLIENT].socket(port=port)
        client.settimeout(None)
        client.sendto(b"data in the SYN", socket.MSG_FASTOPEN, listener.getsockname())
        server, _ = listener.accept()
        server.settimeout(5)
        server.recv(100)
        server.send(b"answer")
        client.recv(100)
        wire.quiet()
        close_both(wire, client, server)


# --- Segments that nobody should send: the answers are Linux' ---------------------------------------------------------------------

def disturbed(wire, disturb):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    disturb(wire.last(CLIENT))
    wire.quiet()
    server.sendall(b"still here")
    client.recv(100)
    wire.quiet()
    close_both(wire, client, server)


@situation
def syn_in_connection(wire):
    disturbed(wire, lambda last: wire.inject(last, SYN, last.seq + 50))


@situation
def rst_in_window_not_exact(wire):
    disturbed(wire, lambda last: wire.inject(last, RST, last.seq + 50))


@situation
def rst_beyond_window(wire):
    disturbed(wire, lambda last: wire.inject(last, RST, last.seq + 1_000_000))


@situation
def rst_exact(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    last = wire.last(CLIENT)
    wire.inject(last, RST, last.seq)
    wire.quiet()


@situation
def data_beyond_window(wire):
    disturbed(wire, lambda last: wire.inject(last, PSH | ACK, last.seq + 1_000_000, last.ack, b"far away"))


@situation
def ack_of_unsent_recorded(wire):
    disturbed(wire, lambda last: wire.inject(last, ACK, last.seq, last.ack + 100_000))


@situation
def syn_fin_to_listener(wire):
    listener = wire.hosts[SERVER].socket(port=7000)
    listener.listen()
    like = Segment(CLIENT, struct.pack("!BBHHHBBH4s4sHHIIBBHHH", 0x45, 0, 40, 0, 0, 64, 6, 0, bytes(4), bytes(4), 40000, 7000, 0, 0, 0x50, SYN, 0, 0, 0))
    wire.inject(like, SYN | FIN, 1000)
    wire.quiet()


# --- What is lost, late or slow ---------------------------------------------------------------------------------------------------

@situation
def keep_alive(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    time.sleep(2.5)
    close_both(wire, client, server)


@situation
def zero_window(wire):
    client, server, _ = wire.pair(small=2304)
    client.settimeout(0.3)
    sent = 0
    try:
        while sent < 3_000:
            sent += client.send(b"x" * 1000)
    except OSError:
        pass
    time.sleep(1)
    client.close()
    drain(server)
    server.close()
    wire.quiet(0.5)


@situation
def retransmission_timeout(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.dropping(lambda segment: segment.length)
    echo(client, server, b"lost the first time")
    wire.quiet()
    close_both(wire, client, server)


@situation
def fast_retransmission(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.dropping(lambda segment: segment.length == 101)
    for length in (100, 101, 102, 103, 104, 105):
        client.send(b"d" * length)
        time.sleep(0.0005)
    got = 0
    while got < 615:
        got += len(server.recv(1000))
    wire.quiet()
    close_both(wire, client, server)


@situation(at_receiver=True)
def out_of_order(wire):
    client, server, _ = wire.pair()
    echo(client, server)
    wire.quiet()
    wire.rule = lambda segment: 0.003 if segment.length == 101 else 0.001
    for length in (100, 101, 102):
        client.send(b"o" * length)
    got = 0
    while got < 303:
        got += len(server.recv(1000))
    wire.quiet()
    close_both(wire, client, server)


@situation
def urgent_data(wire):
    client, server, _ = wire.pair()
    client.send(b"plain")
    client.send(b"!", socket.MSG_OOB)
    client.send(b"more")
    wire.quiet()
    close_both(wire, client, server)


# --- Datagrams and IPv6 -----------------------------------------------------------------------------------------------------------

@situation
def ipv6_recorded(wire):
    client, server, _ = wire.pair(family=socket.AF_INET6)
    echo(client, server)
    wire.quiet()
    close_both(wire, client, server)


@situation
def udp_port_unreachable(wire):
    client = wire.hosts[CLIENT].socket(socket.SOCK_DGRAM, port=40000)
    client.connect((ADDRESSES[SERVER][0], 7000))
    client.send(b"anybody there?")
    wire.quiet()


@situation
def udp_fragments_recorded(wire):
    server = wire.hosts[SERVER].socket(socket.SOCK_DGRAM, port=7000)
    client = wire.hosts[CLIENT].socket(socket.SOCK_DGRAM, port=40000)
    client.sendto(b"f" * 3000, server.getsockname())
    data, peer = server.recvfrom(4000)
    server.sendto(data, peer)
    client.recv(4000)
    wire.quiet()


@situation
def udp_empty_datagrams(wire):
    server = wire.hosts[SERVER].socket(socket.SOCK_DGRAM, port=7000)
    for port in (40000, 40001, 40002):
        client = wire.hosts[CLIENT].socket(socket.SOCK_DGRAM, port=port)
        for data in (b"", b"one", b""):
            client.sendto(data, server.getsockname())
            got, peer = server.recvfrom(100)
            server.sendto(got, peer)
            client.recv(100)


# --- TLS --------------------------------------------------------------------------------------------------------------------------

def secured(wire, talk, client=lambda context: None, server=lambda context: None):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/cert",
                        "-subj", "/CN=localhost", "-days", "3650"], check=True, stderr=subprocess.DEVNULL)
        ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(f"{folder}/cert", f"{folder}/key")
    theirs.num_tickets = 0
    ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
    client(ours)
    server(theirs)
    near, far, _ = wire.pair()

    def serve():
        try:
            end = theirs.wrap_socket(far, server_side=True)
            end.sendall(end.recv(100))
            if talk == "truncated":  # not a word from TLS to the end of TCP's stream, as OpenSSL would say one
                bare = end.detach()
                os.set_blocking(bare, True)
                os.read(bare, 100)
                os.close(bare)
            else:
                end.recv(100)
                end.unwrap().close()
        except OSError:
            far.close()

    server_thread = threading.Thread(target=serve)
    server_thread.start()
    try:
        end = ours.wrap_socket(near)
        end.sendall(b"secret")
        end.recv(100)
        if talk == "truncated":
            os.close(end.detach())
        else:
            end.unwrap().close()
    except OSError:
        near.close()
    server_thread.join()
    wire.quiet()


def only(version):
    def limit(context):
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return limit


@situation
def tls12_close_notify(wire):
    secured(wire, "orderly", client=only(ssl.TLSVersion.TLSv1_2))


@situation
def tls13_close_notify(wire):
    secured(wire, "orderly")


@situation
def tls12_truncated(wire):
    secured(wire, "truncated", client=only(ssl.TLSVersion.TLSv1_2))



@situation
def tls_alert_protocol_version(wire):
    secured(wire, "orderly", client=only(ssl.TLSVersion.TLSv1_1))


@situation
def tls_alert_handshake_failure(wire):
    def narrow(cipher):
        def limit(context):
            only(ssl.TLSVersion.TLSv1_2)(context)
            context.set_ciphers(cipher)
        return limit
    secured(wire, "orderly", narrow("ECDHE-ECDSA-AES128-GCM-SHA256"), narrow("ECDHE-ECDSA-AES256-GCM-SHA384"))


# --- Loopback, as tcpdump sees it ------------------------------------------------------------------------------------------------

def loopback(path, wanted, family, address, size):
    """A client and a server on `lo`; root is needed, because tcpdump changes its user."""
    if os.fork() == 0:
        C.unshare(NEW_NET)
        subprocess.run("ip link set lo gso_max_size 150000 gso_max_segs 65535 mtu 65536 up".split(), check=True)
        tcpdump = subprocess.Popen(["tcpdump", "-Z", "root", "--immediate-mode", "-i", "lo", "-s", "128", "-U", "-w", str(path), *wanted], stderr=subprocess.PIPE, text=True)
        while "listening on" not in (line := tcpdump.stderr.readline()):
            if not line:
                print(f"{path.name}: tcpdump did not start")
                os._exit(1)
        listener = socket.socket(family)
        listener.bind((address, 7000))
        listener.listen()
        client = socket.socket(family)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_000_000)
        client.bind((address, 40000))
        client.connect((address, 7000))
        server, _ = listener.accept()
        client.sendall(b"b" * size)
        got = 0
        while got < size:
            got += len(server.recv(1_000_000))
        client.close()
        drain(server)
        server.close()
        time.sleep(1)
        tcpdump.terminate()
        tcpdump.wait()
        os._exit(0)
    os.wait()


def save(path, frames):
    """pcapng with one interface of raw IP packets and nanoseconds."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    file = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    file += block(1, struct.pack("<HHI", 101, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))
    for stamp, raw in frames:
        file += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(raw), len(raw)) + raw)
    path.write_bytes(file)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for name, (run, how) in SITUATIONS.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        wire = Wire(**how)
        try:
            run(wire)
        finally:
            wire.end()
        save(folder / f"{name}.pcapng", wire.frames)
        print(f"{name}: {len(wire.frames)} packets")
    if len(sys.argv) <= 2 or "loopback" in sys.argv[2:]:
        loopback(folder / "loopback.pcap", ["tcp"], socket.AF_INET, "127.0.0.1", 5)
        loopback(folder / "loopback-big-tcp.pcap", [], socket.AF_INET6, "::1", 400_000)  # the filter "tcp" does not see behind a jumbogram's extension header


main()
