# serves: echo-udp, discard-udp, daytime-udp, time-udp, chargen-udp
"""The five services over UDP: one socket, one blocking loop."""
import random
import socket
import string
import struct
import sys
import time

SINCE_1900 = 2208988800  # seconds from 1900 to 1970, RFC 868
PRINTABLE = (string.digits + string.ascii_letters + string.punctuation + " ").encode()

# From what was asked to what is answered; None is no answer, b"" an empty one.
SERVICES = {
    "echo-udp": lambda asked: asked,
    "discard-udp": lambda asked: None,
    "daytime-udp": lambda asked: time.strftime("%a, %d %b %Y %H:%M:%S UTC\r\n", time.gmtime()).encode(),
    "time-udp": lambda asked: struct.pack("!I", (int(time.time()) + SINCE_1900) % 2**32),
    "chargen-udp": lambda asked: bytes(random.choices(PRINTABLE, k=random.randint(0, 512))),
}


def main():
    answer_to = SERVICES[sys.argv[2]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind(("0.0.0.0", int(sys.argv[1])))
        while True:
            try:
                asked, peer = sock.recvfrom(65536)
                answer = answer_to(asked)
                if answer is not None:
                    sock.sendto(answer, peer)
            except OSError:
                pass  # one datagram or one peer; the next one may fare better


main()
