#!/usr/bin/env python3
"""Writes the crafted golden captures: python3 craft.py [FOLDER]. The same bytes each time, and no library beside struct.

A situation is a list of segments, each a line that can be checked by eye:

    TIME WHO FLAGS SEQ[+LENGTH] [ACK] [KEY=VALUE ...]

WHO is a letter declared under `hosts`; what it sends goes to the first other host, or to to=WHO. FLAGS are letters of S F R P A U, or NONE.
SEQ and ACK are absolute. The byte at sequence number n is the letter 'a' + n % 26, so what is sent again is the same again, unless
fill=X says otherwise. A datagram is `TIME WHO UDP +LENGTH`; an ICMP or ICMPv6 "port unreachable" about line N (from 1) is `TIME WHO
UNREACHABLE about=N`. A line is a frame of the capture, but where it is cut into fragments.

Keys: win (4096), urg, mss, ws, sackok, tfo=HEX, fill, to, about; ttl; ipopt=HEX (options of IPv4); hbh, dstopts (extension headers
of IPv6); frag=N,N,... (bytes of the datagram in each fragment; the rest is the last), order=2,1 (in which they travel), keep=1 (only
these do); vlan=N[,N]; pad (to Ethernet's minimum); if=N (interface of a pcapng); section (a new one begins); simple (a Simple Packet
Block); noiplen (0 in the length field of IP, as for frames beyond 65535 octets).
"""
import struct
import sys
from decimal import Decimal
from pathlib import Path

EPOCH = 1_700_000_000
LINKS = {"null": 0, "ethernet": 1, "raw": 101, "loop": 108, "sll": 113, "ipv4": 228, "ipv6": 229, "sll2": 276}
V4 = {"C": "192.0.2.1:40000", "S": "192.0.2.2:7"}
V6 = {"C": "[2001:db8::1]:40000", "S": "[2001:db8::2]:7"}
SITUATIONS = []


def situation(name, text, hosts=None, link="ethernet", container="pcap", snap=65535, interfaces=None):
    SITUATIONS.append((name, text, hosts or V4, link, container, snap, interfaces))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Host:
    def __init__(self, index, text):
        address, port = text.rsplit(":", 1)
        self.port = int(port)
        self.six = "[" in address
        self.mac = bytes([2, 0, 0, 0, 0, index + 1])
        if self.six:
            left, _, right = address.strip("[]").partition("::")
            head = [int(part, 16) for part in left.split(":") if part]
            tail = [int(part, 16) for part in right.split(":") if part]
            self.address = struct.pack("!8H", *head, *[0] * (8 - len(head) - len(tail)), *tail)
        else:
            self.address = bytes(int(part) for part in address.split("."))


class Frame:
    """One line of a situation, as the network packets that it becomes."""

    def __init__(self, line, hosts, earlier):
        words = line.split()
        self.time, self.who, self.kind = Decimal(words[0]), words[1], words[2]
        plain = [word for word in words[3:] if word[0] in "+0123456789"]
        self.keys = dict((word.partition("=")[0], word.partition("=")[2]) for word in words[3:] if word not in plain)
        self.source = hosts[self.who]
        self.target = hosts[self.keys.get("to") or next(name for name in hosts if name != self.who)]
        self.number = len(earlier)
        if self.kind == "UNREACHABLE":
            protocol, body = self.unreachable(earlier)
        elif self.kind == "UDP":
            protocol, body = 17, self.udp(int(plain[0]))
        else:
            protocol, body = 6, self.tcp(plain)
        self.packets = self.ip(protocol, body)

    def number_of(self, key, default=0):
        return int(self.keys.get(key) or default)

    def pseudo(self, protocol, length):
        addresses = self.source.address + self.target.address
        return addresses + (struct.pack("!II", length, protocol) if self.source.six else struct.pack("!BBH", 0, protocol, length & 0xFFFF))

    def bytes(self, start, length):
        fill = self.keys.get("fill")
        return fill.encode() * length if fill else bytes(97 + (start + i) % 2**32 % 26 for i in range(length))

    def tcp(self, plain):
        sequence, _, length = plain[0].partition("+")
        sequence, length = int(sequence), int(length or 0)
        acknowledged = int(plain[1]) if len(plain) > 1 else 0
        letters = "" if self.kind == "NONE" else self.kind
        bits = sum({"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}[letter] for letter in letters)
        options = b""
        if "mss" in self.keys:
            options += struct.pack("!BBH", 2, 4, self.number_of("mss"))
        if "sackok" in self.keys:
            options += b"\1\1\4\2"
        if "ws" in self.keys:
            options += bytes([1, 3, 3, self.number_of("ws")])
        if "tfo" in self.keys:
            cookie = bytes.fromhex(self.keys["tfo"])
            options += bytes([34, 2 + len(cookie)]) + cookie
        options += b"\1" * (-len(options) % 4)
        payload = self.bytes(sequence + (1 if "S" in letters else 0), length)
        head = [self.source.port, self.target.port, sequence, acknowledged, (5 + len(options) // 4) << 4, bits, self.number_of("win", 4096)]
        without = struct.pack("!HHIIBBHHH", *head, 0, self.number_of("urg")) + options + payload
        value = checksum(self.pseudo(6, len(without)) + without)
        return struct.pack("!HHIIBBHHH", *head, value, self.number_of("urg")) + options + payload

    def udp(self, length):
        payload = self.bytes(0, length)
        head = (self.source.port, self.target.port, 8 + length)
        value = checksum(self.pseudo(17, 8 + length) + struct.pack("!HHHH", *head, 0) + payload) or 0xFFFF
        return struct.pack("!HHHH", *head, value) + payload

    def unreachable(self, earlier):
        about = earlier[self.number_of("about") - 1].packets[0]
        if self.source.six:
            body = struct.pack("!BBHI", 1, 4, 0, 0) + about
            return 58, struct.pack("!BBHI", 1, 4, checksum(self.pseudo(58, len(body)) + body), 0) + about
        body = struct.pack("!BBHI", 3, 3, 0, 0) + about
        return 1, struct.pack("!BBHI", 3, 3, checksum(body), 0) + about

    def ip(self, protocol, body):
        sizes = [int(size) for size in self.keys["frag"].split(",")] if "frag" in self.keys else []
        pieces, start = [], 0
        for size in sizes + [len(body) - sum(sizes)]:
            pieces.append((start, body[start:start + size]))
            start += size
        packets = [self.packet(protocol, offset, piece, offset + len(piece) < len(body)) for offset, piece in pieces]
        order = [int(place) for place in (self.keys.get("keep") or self.keys.get("order") or ",".join(str(i + 1) for i in range(len(packets)))).split(",")]
        return [packets[place - 1] for place in order]

    def packet(self, protocol, offset, piece, more):
        fragmented = more or offset > 0
        if self.source.six:
            # Headers that every fragment needs come before the fragment header, the others are part of what is fragmented.
            chain = [(0, b"\5\2\0\0\1\0")] if "hbh" in self.keys else []  # router alert, and one octet pair of padding
            chain += [(44, None)] if fragmented else []
            chain += [(60, b"\1\4\0\0\0\0")] if "dstopts" in self.keys else []  # six octets of padding
            types, headers = [kind for kind, _ in chain] + [protocol], b""
            for (_, content), following in zip(chain, types[1:]):
                if content is None:
                    headers += struct.pack("!BBHI", following, 0, offset | (1 if more else 0), self.number + 1)
                else:
                    headers += bytes([following, 0]) + content
            length = 0 if "noiplen" in self.keys else len(headers) + len(piece)
            return struct.pack("!IHBB", 6 << 28, length, types[0], self.number_of("ttl", 64)) + self.source.address + self.target.address + headers + piece
        options = bytes.fromhex(self.keys.get("ipopt", ""))
        total = 0 if "noiplen" in self.keys else 20 + len(options) + len(piece)
        flags = (0x2000 if more else 0) | offset // 8 if fragmented else 0x4000
        head = [0x40 | 5 + len(options) // 4, 0, total, self.number + 1, flags, self.number_of("ttl", 64), protocol]
        without = struct.pack("!BBHHHBBH", *head, 0) + self.source.address + self.target.address + options
        return struct.pack("!BBHHHBBH", *head, checksum(without)) + self.source.address + self.target.address + options + piece

    def on(self, link, packet, order):
        six = self.source.six
        kind = 0x86DD if six else 0x0800
        if link == "ethernet":
            tags = [int(tag) for tag in self.keys["vlan"].split(",")] if "vlan" in self.keys else []
            head = self.target.mac + self.source.mac
            for depth, tag in enumerate(tags):
                head += struct.pack("!HH", 0x88A8 if depth + 1 < len(tags) else 0x8100, tag)
            frame = head + struct.pack("!H", kind) + packet
            return frame + b"\0" * max(0, 60 - len(frame)) if "pad" in self.keys else frame
        if link == "null":  # the byte order of the machine that captured; AF_INET6 is 30 on macOS
            return struct.pack(order + "I", 30 if six else 2) + packet
        if link == "loop":
            return struct.pack("!I", 24 if six else 2) + packet
        outgoing = 4 if self.who == "C" else 0
        if link == "sll":
            return struct.pack("!HHH8sH", outgoing, 1, 6, self.source.mac, kind) + packet
        if link == "sll2":
            return struct.pack("!HHIHBB8s", kind, 0, 2, 1, outgoing, 6, self.source.mac) + packet
        return packet


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def written(text, hosts, link, container, snap, interfaces):
    hosts = {name: Host(index, where) for index, (name, where) in enumerate(hosts.items())}
    frames = []
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            frames.append(Frame(line, hosts, frames))
    order = ">" if container.endswith("-be") else "<"
    if container.startswith("pcapng"):
        return pcapng(frames, order, interfaces or [(link, 6)], snap)
    nano = "ns" in container
    file = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, LINKS[link])
    for frame in frames:
        for index, packet in enumerate(frame.packets):
            data = frame.on(link, packet, order)
            ticks = int((EPOCH + frame.time) * (10**9 if nano else 10**6)) + index
            unit = 10**9 if nano else 10**6
            file += struct.pack(order + "IIII", ticks // unit, ticks % unit, min(snap, len(data)), len(data)) + data[:snap]
    return file


def pcapng(frames, order, interfaces, snap):
    def section():
        head = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
        for link, resolution in interfaces:
            options = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
            head += block(order, 1, struct.pack(order + "HHI", LINKS[link], 0, snap) + options)
        return head

    file = section()
    for frame in frames:
        if "section" in frame.keys:  # in the other byte order, as when two machines' files are joined
            order = ">" if order == "<" else "<"
            file += section()
        link, resolution = interfaces[frame.number_of("if")]
        for index, packet in enumerate(frame.packets):
            data = frame.on(link, packet, order)
            kept = data[:snap]
            if "simple" in frame.keys:
                file += block(order, 3, struct.pack(order + "I", len(data)) + kept)
                continue
            ticks = int((EPOCH + frame.time) * 10**resolution) + index
            file += block(order, 6, struct.pack(order + "IIIII", frame.number_of("if"), ticks >> 32, ticks & 0xFFFFFFFF, len(kept), len(data)) + kept)
    return file


# --- Handshakes -------------------------------------------------------------------------------------------------------------------

situation("handshake-no-final-ack", """
0.000 C S   1000       mss=1460
0.010 S SA  5000 1001  mss=1460
1.010 S SA  5000 1001  mss=1460
""")

situation("handshake-wrong-ack", """
# The SYN+ACK acknowledges 1002, where only 1001 was sent; the client resets with that very number (RFC 9293 3.10.7.3).
0.000 C S   1000
0.010 S SA  5000 1002
0.020 C R   1002
""")

situation("handshake-final-ack-wrong", """
# The third segment acknowledges 5002 where 5001 is due; the server resets it (RFC 9293 3.10.7.4, SYN-RECEIVED).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5002
0.030 S R   5002
""")

situation("data-before-handshake", """
# The server sends data before the client has acknowledged its SYN.
0.000 C S   1000
0.010 S SA  5000 1001
0.011 S PA  5001+5 1001
0.020 C A   1001 5001
0.021 C A   1001 5006
0.030 C FA  1001 5006
0.040 S FA  5006 1002
0.050 C A   1002 5007
""")

situation("handshake-third-with-data", """
# The third segment may carry data: that is legal, and common.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C PA  1001+4 5001
0.030 S A   5001 1005
0.040 C FA  1005 5001
0.050 S FA  5001 1006
0.060 C A   1006 5002
""")

situation("syn-then-rst", """
0.000 C S   1000
0.500 C R   1001
""")

situation("syn-then-fin", """
# The half of a connection that one sees where the way back is another: a SYN, an ACK and a FIN of one side only.
0.000 C S   1000
0.020 C A   1001 5001
0.030 C FA  1001 5001
""")

situation("syn-ack-then-rst", """
# Backscatter: an answer to a SYN that the capture has not seen. The sender of a SYN+ACK is the destination.
0.000 S SA  5000 1001
0.010 S RA  5001 1001
""")

situation("syn-ack-then-fin", """
0.000 S SA  5000 1001
0.010 S FA  5001 1001
""")

situation("simultaneous-open-crafted", """
# Two SYNs cross, each is answered by SYN+ACK with the number of the sender's own SYN (RFC 9293 3.5, figure 7).
0.000 C S   1000
0.001 S S   5000
0.010 C SA  1000 5001
0.011 S SA  5000 1001
0.020 C PA  1001+3 5001
0.030 S A   5001 1004
0.040 C FA  1004 5001
0.050 S FA  5001 1005
0.060 C A   1005 5002
""")

# --- How connections end ----------------------------------------------------------------------------------------------------------

situation("data-after-fin", """
# The client sends 3 new octets beyond the sequence number of its FIN.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C FA  1001 5001
0.040 S A   5001 1002
0.050 C PA  1002+3 5001
0.060 S A   5001 1002
0.070 S FA  5001 1002
0.080 C A   1005 5002
""")

situation("fin-rst", """
# Both bits in one segment. A receiver looks at RST first (RFC 9293 3.10.7.4), so it is a reset.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+4 5001
0.040 S A   5001 1005
0.050 C FRA 1005 5001
""")

situation("rst-after-orderly-close", """
# All is closed and acknowledged; a late segment of the client meets no connection any more.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C FA  1001 5001
0.040 S FA  5001 1002
0.050 C A   1002 5002
0.060 C A   1002 5002
0.070 S R   5002
""")

# --- Numbers ----------------------------------------------------------------------------------------------------------------------

situation("sequence-wraps", """
# 2^32 = 4294967296: the second data segment begins below it and ends beyond.
0.000 C S   4294967280
0.010 S SA  5000 4294967281
0.020 C A   4294967281 5001
0.030 C PA  4294967281+10 5001
0.040 S A   5001 4294967291
0.050 C PA  4294967291+10 5001
0.060 S A   5001 5
0.070 C PA  5+10 5001
0.080 S A   5001 15
0.090 C FA  15 5001
0.100 S FA  5001 16
0.110 C A   16 5002
""")

situation("isn-before-wrap", """
# Both initial numbers are the last one that there is: the first octets have number 0.
0.000 C S   4294967295
0.010 S SA  4294967295 0
0.020 C A   0 0
0.030 C PA  0+6 0
0.040 S PA  0+6 6
0.050 C FA  6 6
0.060 S FA  6 7
0.070 C A   7 7
""")

situation("ack-of-unsent", """
# The client acknowledges 5101, and the server never sent more than its SYN; it answers with where it is (RFC 9293 3.10.7.4).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C A   1001 5101
0.040 S A   5001 1001
0.050 C FA  1001 5001
0.060 S FA  5001 1002
0.070 C A   1002 5002
""")

situation("out-of-window", """
# The server's window is 4096; number 101001 lies 100000 beyond what it expects. It answers with where it is.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  101001+4 5001
0.040 S A   5001 1001
0.050 C FA  1001 5001
0.060 S FA  5001 1002
0.070 C A   1002 5002
""")

situation("rst-out-of-window", """
# A reset 100000 beyond the window is not obeyed (RFC 5961 3.2): the connection goes on and closes in order.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C R   101001
0.040 C PA  1001+4 5001
0.050 S A   5001 1005
0.060 C FA  1005 5001
0.070 S FA  5001 1006
0.080 C A   1006 5002
""")

situation("syn-again-same-number", """
# An old duplicate of the SYN arrives in the established connection; the answer is a challenge ACK (RFC 5961 4.2).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C S   1000
0.040 S A   5001 1001
0.050 C FA  1001 5001
0.060 S FA  5001 1002
0.070 C A   1002 5002
""")

# --- What is lost, late or twice --------------------------------------------------------------------------------------------------

situation("overlap-same", """
# The second segment repeats the last 5 octets of the first and adds 5 new ones.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.031 C PA  1006+10 5001
0.040 S A   5001 1016
0.050 C FA  1016 5001
0.060 S FA  5001 1017
0.070 C A   1017 5002
""")

situation("overlap-differs", """
# The octets 1006 to 1010 are sent twice, and are not the same: nobody can know which of them the receiver took.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.031 C PA  1006+10 5001 fill=Z
0.040 S A   5001 1016
0.050 C FA  1016 5001
0.060 S FA  5001 1017
0.070 C A   1017 5002
""")

situation("retransmission-differs", """
# A whole segment is sent again with other octets.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.530 C PA  1001+10 5001 fill=Z
0.540 S A   5001 1011
0.550 C FA  1011 5001
0.560 S FA  5001 1012
0.570 C A   1012 5002
""")

situation("gap", """
# The octets 1011 to 1020 are nowhere in the capture, and are acknowledged: the capture has missed them, not the receiver.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 C PA  1021+10 5001
0.050 S A   5001 1031
0.060 C FA  1031 5001
0.070 S FA  5001 1032
0.080 C A   1032 5002
""")

situation("gap-of-an-ack", """
# The server's answer (5001 to 5010) is missing; the client's acknowledgment shows that it came.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.050 C A   1011 5011
0.060 C FA  1011 5011
0.070 S FA  5011 1012
0.080 C A   1012 5012
""")

situation("out-of-order-crafted", """
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.0301 C PA  1021+10 5001
0.0302 C PA  1011+10 5001
0.040 S A   5001 1031
0.050 C FA  1031 5001
0.060 S FA  5001 1032
0.070 C A   1032 5002
""")

situation("fast-retransmission-crafted", """
# The octets 1011 to 1020 are lost on their way: three duplicate acknowledgments ask for them (RFC 5681 3.2).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.031 C PA  1011+10 5001
0.032 C PA  1021+10 5001
0.033 C PA  1031+10 5001
0.034 C PA  1041+10 5001
0.040 S A   5001 1011
0.041 S A   5001 1011
0.042 S A   5001 1011
0.043 S A   5001 1011
0.050 C PA  1011+10 5001
0.060 S A   5001 1051
0.070 C FA  1051 5001
0.080 S FA  5001 1052
0.090 C A   1052 5002
""")

situation("data-never-answered", """
# The server falls silent: the same octets three times, each time after twice as long (RFC 6298 5.5).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.330 C PA  1001+10 5001
0.930 C PA  1001+10 5001
2.130 C PA  1001+10 5001
""")

situation("window-full", """
# The server's window is 20 octets, and the client fills it to the last one.
0.000 C S   1000
0.010 S SA  5000 1001 win=20
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.031 C PA  1011+10 5001
0.040 S A   5001 1021 win=20
0.050 C FA  1021 5001
0.060 S FA  5001 1022 win=20
0.070 C A   1022 5002
""")

situation("zero-window-crafted", """
# The window closes, two probes of one octet are not taken, then it opens (RFC 9293 3.8.6.1).
0.000 C S   1000
0.010 S SA  5000 1001 win=10
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 S A   5001 1011 win=0
0.340 C A   1011+1 5001
0.350 S A   5001 1011 win=0
0.950 C A   1011+1 5001
0.960 S A   5001 1011 win=100
0.970 C PA  1011+10 5001
0.980 S A   5001 1021 win=100
0.990 C FA  1021 5001
1.000 S FA  5001 1022 win=100
1.010 C A   1022 5002
""")

situation("begins-in-mid-flow", """
0.000 C PA  1001+10 5001
0.010 S PA  5001+10 1011
0.020 C A   1011 5011
0.030 C FA  1011 5011
0.040 S FA  5011 1012
0.050 C A   1012 5012
""")

situation("begins-with-the-server", """
# Without a SYN, whoever is seen first counts as the source, even if it is the well-known port.
0.000 S PA  5001+10 1011
0.010 C A   1011 5011
0.020 C PA  1011+10 5011
0.030 S A   5011 1021
""")

situation("ends-in-mid-flow", """
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 S PA  5001+10 1011
0.050 C A   1011 5011
""")

situation("fin-one-way", """
# The client half-closes, the server goes on sending, and the capture ends.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C FA  1001 5001
0.040 S A   5001 1002
0.050 S PA  5001+10 1002
0.060 C A   1002 5011
""")

situation("fin-one-way-server", """
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 S FA  5001 1001
0.040 C A   1001 5002
""")

situation("last-fin-not-acknowledged", """
# A FIN each way, and the capture ends before the last acknowledgment.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C FA  1001 5001
0.040 S FA  5001 1002
""")

# --- Flags that do not belong together --------------------------------------------------------------------------------------------

situation("syn-fin", """
# SYN and FIN in one segment: nobody answers.
0.000 C SF  1000
1.000 C SF  1000
""")

situation("christmas-tree", """
# FIN, SYN, RST, PSH, ACK and URG at once, into an established connection; RST decides.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C FSRPAU 1001 5001
""")

situation("null-flags", """
# No flag at all, which no segment of a connection may lack (RFC 9293 3.10.7.4: without ACK it is dropped).
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C NONE 1001
0.040 C FA  1001 5001
0.050 S FA  5001 1002
0.060 C A   1002 5002
""")

# --- Networks and links -----------------------------------------------------------------------------------------------------------

EXCHANGE = """
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 S PA  5001+10 1011
0.050 C FA  1011 5011
0.060 S FA  5011 1012
0.070 C A   1012 5012
"""


def each(extra, text=EXCHANGE):
    return "\n".join(line + " " + extra if line.strip() else line for line in text.splitlines())


situation("ipv4-options", each("ipopt=9404000001010100"), link="raw")
situation("ipv6", EXCHANGE, hosts=V6)
situation("ipv6-extension-headers", each("hbh dstopts"), hosts=V6)
situation("vlan", each("vlan=5"))
situation("qinq", each("vlan=100,5"))
situation("padded-frames", each("pad"))
situation("link-null", EXCHANGE, link="null")
situation("link-null-big-endian", EXCHANGE, link="null", container="pcap-be", hosts=V6)
situation("link-loop", EXCHANGE, link="loop")
situation("link-raw", EXCHANGE, link="raw")
situation("link-raw-ipv6", EXCHANGE, link="raw", hosts=V6)
situation("link-sll", EXCHANGE, link="sll")
situation("link-sll2", EXCHANGE, link="sll2")
situation("pcap-big-endian", EXCHANGE, container="pcap-be")
situation("pcap-nanoseconds", EXCHANGE, container="pcap-ns")
situation("pcap-nanoseconds-big-endian", EXCHANGE, container="pcap-ns-be")
situation("pcapng-big-endian", EXCHANGE, container="pcapng-be")

situation("pcapng-two-interfaces", """
# One flow, its two directions captured on interfaces of other link types, in microseconds and in nanoseconds.
0.000 C S   1000
0.010 S SA  5000 1001      if=1
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 S PA  5001+10 1011   if=1
0.050 C FA  1011 5011
0.060 S FA  5011 1012      if=1
0.070 C A   1012 5012
""", container="pcapng", interfaces=[("ethernet", 6), ("raw", 9)])

situation("pcapng-two-sections", """
# The second section has the other byte order, and its interface 0 is not the first section's.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+10 5001
0.040 S PA  5001+10 1011   section
0.050 C FA  1011 5011
0.060 S FA  5011 1012
0.070 C A   1012 5012
""", container="pcapng")

situation("pcapng-simple-packets", each("simple"), container="pcapng")

situation("ipv4-fragments", """
# A datagram of 8 + 3000 octets in three fragments, and the answer in one piece.
0.000 C UDP +3000 frag=1480,1480
0.010 S UDP +10
""")

situation("ipv4-fragments-out-of-order", """
0.000 C UDP +3000 frag=1480,1480 order=3,1,2
0.010 S UDP +10
""")

situation("ipv4-fragment-missing", """
# The last fragment never comes, so there is no datagram: only the second one is a flow's.
0.000 C UDP +3000 frag=1480,1480 keep=1,2
0.010 C UDP +10
""")

situation("ipv4-fragments-tcp", """
# A segment whose TCP header is in the first of two fragments.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+100 5001 frag=64
0.040 S A   5001 1101
0.050 C FA  1101 5001
0.060 S FA  5001 1102
0.070 C A   1102 5002
""")

situation("ipv6-fragments", """
0.000 C UDP +3000 frag=1432,1432
0.010 S UDP +10
""", hosts=V6)

situation("snap-length", """
# 64 octets of each frame are kept: the headers, and 10 octets of payload at most.
0.000 C S   1000
0.010 S SA  5000 1001
0.020 C A   1001 5001
0.030 C PA  1001+1000 5001
0.040 S PA  5001+1000 2001
0.050 C FA  2001 6001
0.060 S FA  6001 2002
0.070 C A   2002 6002
""", snap=64)

situation("gso-beyond-64k", """
# One frame of 70000 octets of payload, as a capture on the sending machine shows it: the length field of IP cannot say so and is 0.
0.000 C S   1000        ws=7
0.010 S SA  5000 1001   ws=7
0.020 C A   1001 5001
0.030 C PA  1001+70000 5001 noiplen
0.040 S A   5001 71001
0.050 C FA  71001 5001
0.060 S FA  5001 71002
0.070 C A   71002 5002
""", snap=128, container="pcapng")

situation("time-goes-backwards", """
# The clock is set back by 5 s in the middle; the order of the frames in the file stays what it is.
10.000 C S   1000
10.010 S SA  5000 1001
10.020 C A   1001 5001
5.030 C PA  1001+10 5001
5.040 S PA  5001+10 1011
5.050 C FA  1011 5011
5.060 S FA  5011 1012
5.070 C A   1012 5012
""")

# --- Datagrams --------------------------------------------------------------------------------------------------------------------

situation("udp-several-peers", """
# Two clients and one server; a datagram may be empty (RFC 768).
0.000 C UDP +10
0.001 D UDP +20 to=S
0.010 S UDP +10
0.011 S UDP +20 to=D
0.020 C UDP +0
0.030 S UDP +0
""", hosts={"C": "192.0.2.1:40000", "S": "192.0.2.2:7", "D": "192.0.2.3:50000"})

situation("udp-unreachable-ipv6", """
# ICMPv6 type 1, code 4 (RFC 4443 3.1): no socket has the port. The error quotes frame 1.
0.000 C UDP +10
0.010 S UNREACHABLE about=1
""", hosts=V6)

situation("udp-never-answered", """
# One side only, and never an answer.
0.000 C UDP +10
1.000 C UDP +10
2.000 C UDP +10
""")


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for name, text, hosts, link, container, snap, interfaces in SITUATIONS:
        path = folder / (name + (".pcapng" if container.startswith("pcapng") else ".pcap"))
        path.write_bytes(written(text, hosts, link, container, snap, interfaces))


main()
