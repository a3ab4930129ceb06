# serves: echo-udp
# defect host_address: it listens on 127.0.1.1, which nobody told it: the author copied bind(gethostbyname(gethostname())); trips: udp/listen/told-address
# defect twice: every answer is sent twice, because "UDP loses datagrams, and two of them seldom"; trips: udp/reply/one-per-datagram
# defect chat: every answer goes to the last eight peers, because the program was the chat server of an earlier exercise; trips: udp/reply/to-sender, udp/peers/interleaved
# defect new_socket: answers come from a port of their own, since the author makes a socket for each answer as accept() does in TCP; trips: udp/reply/from-asked-port
# defect greets: "echo: " stands before the data, to make plain who has answered; trips: udp/data/right-answer
# defect end_of_file: an empty datagram ends the server, because its author knows from TCP that no bytes mean the end; trips: udp/data/empty
# defect drops_repeats: a datagram equal to the one before is not answered, because it must be the network's copy of that one; trips: udp/order/duplicated
# defect receive_timeout: half a second without datagrams ends the server once it has had one, because "all clients have been served" then; trips: udp/idle/still-answers
# defect no_checksum: answers carry no checksum, which the author switched off to be faster and because "Ethernet has one"; trips: udp/wire/checksum
# defect error_queue: a peer that is gone when the answer comes ends the server, whose author asked for ICMP errors and does not catch them; trips: udp/survive/unreachable-peer
import collections
import socket
import sys
import time

SO_NO_CHECK = 11  # <asm/socket.h>; Python has no name for it
IP_RECVERR = 11  # <linux/in.h>

port, word = int(sys.argv[1]), sys.argv[2]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if word == "no_checksum":
    sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
if word == "error_queue":
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
sock.bind(("127.0.1.1" if word == "host_address" else "0.0.0.0", port))

peers = collections.deque(maxlen=8)
previous = None


def answer(data, peer):
    if word == "twice":
        sock.sendto(data, peer)
    elif word == "greets":
        data = b"echo: " + data[:65501]
    elif word == "error_queue":
        time.sleep(0.002)  # the answer takes a moment
    elif word == "new_socket":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
            fresh.sendto(data, peer)
        return
    elif word == "chat":
        if peer not in peers:
            peers.append(peer)
        for other in peers:
            if other != peer:
                sock.sendto(data, other)
    sock.sendto(data, peer)


while True:
    try:
        data, peer = sock.recvfrom(65536)
        if word == "end_of_file" and not data:
            break
        if word == "drops_repeats" and previous == (data, peer):
            continue
        if word == "receive_timeout":
            sock.settimeout(0.5)
        previous = data, peer
        answer(data, peer)
    except TimeoutError:
        break
    except OSError:
        if word == "error_queue":
            raise
sock.close()
