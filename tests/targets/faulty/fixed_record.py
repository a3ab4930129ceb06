# serves: fixed-record.yaml
# defect one-recv: a record that comes in pieces is dropped, for recv(16) is taken to give sixteen bytes; trips: message/cut/byte-by-byte, message/cut/anywhere, message/cut/with-pauses
# defect surplus: bytes are gathered until there are sixteen, and what came beyond them is forgotten; its author never sent two records at once; trips: message/join/message-and-a-half, message/join/two-in-one-segment, message/cut/anywhere
# defect whole-chunk: records that come together are reversed as one, for all that recv() gives is one record; trips: message/join/two-in-one-segment, message/pipeline/all-in-order
# defect pads: half a record at the end of the input is filled up with NULs and answered, to waste nothing; trips: message/end/half-a-message
# defect trims: white space and NULs at the end of a record come back at its end, for records are kept as trimmed text and padded again; trips: message/bytes/wrong
# defect newline: each reply is followed by a line feed, so that it looks better in a terminal; trips: message/reply/nothing-added
# defect pause: what has come of a record is forgotten after a pause of a quarter of a second, as if its sender had given up; trips: message/cut/with-pauses
# defect pairs: a reply waits for the next record, for the buffer has room for two and is answered when it is full; trips: message/reply/answers-while-open
# defect halves: the two halves are reversed, each in its place, since "a record is two 64-bit numbers in the other byte order"; trips: message/reply/right-answer
# defect newest-first: of records that came together the last is answered first, because list.pop() takes from the end; trips: message/pipeline/all-in-order, message/join/two-in-one-segment
import select
import socket
import sys
import threading

RECORD = 16
WORD = sys.argv[2] if len(sys.argv) > 2 else ""


def split(data):
    """The whole records in data, and the rest."""
    end = len(data) - len(data) % RECORD
    return [data[i:i + RECORD] for i in range(0, end, RECORD)], data[end:]


def records(conn):
    """Lists of records that have come, each list as soon as it is there."""
    come = b""
    while data := conn.recv(4096):
        come += data
        whole, come = split(come)
        if WORD == "surplus" and whole:
            whole, come = whole[:1], b""
        if WORD == "one-recv":
            come = b""
        if WORD == "whole-chunk" and whole:
            whole = [b"".join(whole)]
        if WORD == "pairs":
            odd = whole.pop() if len(whole) % 2 else b""
            come = odd + come
            if not whole and len(come) >= 2 * RECORD:
                whole, come = split(come)
        yield whole
        if WORD == "pause" and come and not select.select([conn], [], [], 0.25)[0]:
            come = b""
    if WORD == "pairs":
        yield split(come)[0]
    if WORD == "pads" and come:
        yield [come.ljust(RECORD, b"\0")]


def reverse(record):
    if WORD == "trims":
        return record.rstrip(b" \t\r\n\0")[::-1].ljust(RECORD)
    if WORD == "halves":
        return record[:8][::-1] + record[8:][::-1]
    return record[::-1]


def talk(conn):
    for whole in records(conn):
        while whole:
            record = whole.pop() if WORD == "newest-first" else whole.pop(0)
            conn.sendall(reverse(record) + (b"\n" if WORD == "newline" else b""))


def serve(conn):
    with conn:
        try:
            talk(conn)
        except OSError:
            pass  # reset by the client


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
