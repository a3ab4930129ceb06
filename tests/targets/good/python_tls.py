# serves: echo-tls
"""TLS echo server, one daemon thread per connection: all that comes before the
client's close_notify goes back, then follow a close_notify of ours and the FIN."""
import errno
import socket
import ssl
import sys
import threading

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ended = threading.Event()  # set whenever a connection is over


def wait_for_room():
    """Out of descriptors or threads: wait until a connection ends."""
    ended.wait(1)
    ended.clear()


def echo(conn):
    conn.do_handshake()
    while data := conn.recv(65536):
        conn.sendall(data)
    conn.unwrap()  # the client's close_notify is here, so this waits for nothing


def leave(conn):
    """FIN, and what still comes is thrown away: close() with input unread would
    reset the connection and could destroy an alert on its way."""
    conn.shutdown(socket.SHUT_WR)
    conn.settimeout(1)
    for _ in range(100):
        if not conn.recv(65536):  # not decrypted any more
            break


def serve(context, conn):
    try:
        with context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False,
                                 suppress_ragged_eofs=False) as conn:
            try:
                echo(conn)
            except ssl.SSLError:
                pass  # not TLS, no version in common, no close_notify …; the library has sent its alert
            leave(conn)
    except OSError:
        pass  # reset by the client, or silent after our FIN
    finally:
        ended.set()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(sys.argv[2], sys.argv[3])
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
                    threading.Thread(target=serve, args=(context, conn), daemon=True).start()
                    break
                except RuntimeError:  # no more threads to be had
                    wait_for_room()


main()
