# serves: kv-prefix.yaml
# defect header-in-one-recv: the connection is closed when the prefix comes in two pieces, for "four bytes always come together"; trips: message/cut/in-the-frame, message/cut/byte-by-byte
# defect payload-in-one-recv: the connection is closed when the payload comes in pieces, for recv(n) is taken to give n bytes; trips: message/cut/anywhere, message/cut/byte-by-byte, message/cut/with-pauses
# defect pause: what has come of a message is dropped after a pause of a quarter of a second, to get back in step; trips: message/cut/with-pauses
# defect signed: 0xFFFFFFFF is -1, which is below the limit, and gets an empty reply: the format of struct.unpack() is ">i"; trips: message/length/negative
# defect no-limit: it waits for as many bytes as are announced, whatever the number, and keeps them all; trips: message/length/huge, message/size/one-over, message/size/endless
# defect empty-is-end: an empty message ends the connection, for an empty result means the end of the input; trips: message/size/empty
# defect all-that-came: the payload is all that has come behind the prefix, and the prefix says only when to answer; trips: message/length/short, message/join/two-in-one-segment, message/join/message-and-a-half
# defect half-answered: when the input ends within a payload its begin is answered, since the loop that gathers it ends the same way; trips: message/end/half-a-message
# defect pool: replies come in the order in which the work on them ends: each message is given to a pool of threads; trips: message/pipeline/all-in-order
# defect sorted: the bytes come back in descending order: sorted(reverse=True) was taken for reversed(); trips: message/reply/right-answer
# defect characters: characters are reversed and not bytes, and what is no UTF-8 is lost, for [::-1] was tried on a str; trips: message/bytes/wrong
# defect newline: each reply is followed by a line feed, as with print(); trips: message/reply/nothing-added
import concurrent.futures
import select
import socket
import sys
import threading
import time

LONGEST = 65536
WORD = sys.argv[2] if len(sys.argv) > 2 else ""


class Stale(Exception):
    pass


def receive(conn, length, begun=True):
    """So many bytes, or fewer at the end of the input."""
    data = bytearray()
    while len(data) < length:
        if WORD == "pause" and (begun or data) and not select.select([conn], [], [], 0.25)[0]:
            raise Stale
        piece = conn.recv(min(length - len(data), 65536))
        if not piece:
            break
        data += piece
    return bytes(data)


def reply(conn, payload):
    reverse = payload[::-1]
    if WORD == "sorted":
        reverse = bytes(sorted(payload, reverse=True))
    if WORD == "characters":
        reverse = payload.decode(errors="ignore")[::-1].encode()
    conn.sendall(len(reverse).to_bytes(4, "big") + reverse + (b"\n" if WORD == "newline" else b""))


def close_in_order(conn):
    conn.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 5
    while (left := until - time.monotonic()) > 0:
        conn.settimeout(left)
        if not conn.recv(65536):
            return


def read_message(conn):
    """A payload, or None at the end of the input; ValueError if it is too long."""
    prefix = conn.recv(4) if WORD == "header-in-one-recv" else receive(conn, 4, begun=False)
    if len(prefix) < 4:
        return None
    length = int.from_bytes(prefix, "big", signed=WORD == "signed")
    if length > LONGEST and WORD != "no-limit":
        raise ValueError(length)
    payload = conn.recv(length) if WORD == "payload-in-one-recv" and length else receive(conn, length)
    if len(payload) < length and (WORD != "half-answered" or not payload):
        return None
    return None if WORD == "empty-is-end" and not payload else payload


def talk(conn):
    while True:
        try:
            payload = read_message(conn)
        except Stale:
            continue
        if payload is None:
            return
        reply(conn, payload)


def talk_with_one_buffer(conn):
    come = b""
    while data := conn.recv(65536):
        come += data
        if len(come) < 4:
            continue
        length = int.from_bytes(come[:4], "big")
        if length > LONGEST:
            raise ValueError(length)
        if len(come) >= 4 + length:
            reply(conn, come[4:])
            come = b""


def talk_with_pool(conn):
    one_at_a_time = threading.Lock()

    def work(payload):
        time.sleep(min(len(payload), 1000) / 5000)  # stands for a look-up in a data base
        with one_at_a_time:
            reply(conn, payload)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        while (payload := read_message(conn)) is not None:
            pool.submit(work, payload)


def serve(conn):
    with conn:
        try:
            {"all-that-came": talk_with_one_buffer, "pool": talk_with_pool}.get(WORD, talk)(conn)
        except ValueError:
            close_in_order(conn)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
