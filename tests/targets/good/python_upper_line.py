# serves: upper-line.yaml
"""Upper-case server for lines, one daemon thread per connection; readline() puts the pieces together."""
import errno
import socket
import sys
import threading
import time

LONGEST = 1024
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ended = threading.Event()  # set whenever a connection is over


def wait_for_room():
    """Out of descriptors or threads: wait until a connection ends."""
    ended.wait(1)
    ended.clear()


def close_in_order(conn):
    """Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset."""
    conn.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 5
    while (left := until - time.monotonic()) > 0:
        conn.settimeout(left)
        if not conn.recv(65536):
            return


def upper(conn):
    try:
        with conn.makefile("rb") as lines:
            while line := lines.readline(LONGEST + 1):
                if len(line) > LONGEST and not line.endswith(b"\n"):
                    return close_in_order(conn)
                # Without a line feed it is the last line, which the end of the input ends.
                conn.sendall(line.removesuffix(b"\n").upper() + b"\n")
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()
        ended.set()


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
                    threading.Thread(target=upper, args=(conn,), daemon=True).start()
                    break
                except RuntimeError:  # no more threads to be had
                    wait_for_room()


main()
