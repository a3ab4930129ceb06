"""Echo server, one daemon thread per connection with blocking calls."""
import errno
import socket
import sys
import threading

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ended = threading.Event()  # set whenever a connection is over


def wait_for_room():
    """Out of descriptors or threads: wait until a connection ends."""
    ended.wait(1)
    ended.clear()


def echo(conn):
    try:
        while data := conn.recv(65536):
            conn.sendall(data)
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()
        ended.set()


def main():
    # create_server() sets SO_REUSEADDR itself.
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
                    threading.Thread(target=echo, args=(conn,), daemon=True).start()
                    break
                except RuntimeError:  # no more threads to be had
                    wait_for_room()


main()
