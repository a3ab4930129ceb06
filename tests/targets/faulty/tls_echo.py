# serves: echo-tls
# defect banner: a line of greeting goes out in clear before the handshake, because the plain server of last year greeted after accept(); trips: tls/wire/nothing-in-clear, tls/handshake/answers
# defect goodbye: a count of the bytes goes out in clear after the end, because unwrap() gives back a socket that can be written to; trips: tls/wire/nothing-in-clear
# defect plain-after-failure: after a failed handshake everything is echoed in clear, because clients without TLS are to be served as well; trips: tls/survive/plain-text-client, tls/survive/garbage, tls/wire/nothing-in-clear
# defect handshake-in-loop: a client that says nothing keeps all others out, because wrap_socket() in the accept loop does the handshake there; trips: tls/survive/silent-client
# defect failure-ends: the first handshake that fails ends the server, because only accept() was expected to fail in the accept loop; trips: tls/survive/garbage, tls/survive/plain-text-client, tls/survive/broken-off, tls/survive/silent-client, process/life/keeps-running
# defect lock-kept: after one failed handshake nobody gets in any more, because the lock around it is released in the good case only; trips: tls/survive/broken-off, tls/survive/garbage, tls/survive/plain-text-client, tls/survive/silent-client
# defect peeks-header: a ClientHello that comes in small pieces is turned away, because one peek is to tell TLS from everything else; trips: tls/hello/byte-by-byte
# defect no-notify: the connection ends without a close_notify, because close() was thought to send it; trips: tls/close/notify, tls/close/answers-notify
# defect notify-unanswered: nothing happens before the client's FIN, because only the end of the TCP connection is taken for an end; trips: tls/close/answers-notify
# defect plain-after-notify: what follows the client's close_notify is echoed in clear, because the loop goes on with the socket that unwrap() gave back; trips: tls/close/after-notify-ignored, tls/wire/nothing-in-clear
import os
import socket
import ssl
import sys
import threading

port, chain, key, defect = sys.argv[1:]
one_at_a_time = threading.Lock()


def echo(conn):
    total = 0
    while data := conn.recv(65536):
        conn.sendall(data)
        total += len(data)
    return total


def finish(conn, total):
    if defect == "no-notify":
        return
    if defect == "notify-unanswered":
        with socket.socket(fileno=os.dup(conn.fileno())) as tcp:
            while tcp.recv(65536):
                pass
    plain = conn.unwrap()
    if defect == "goodbye":
        plain.sendall(b"%d bytes\r\n" % total)
    if defect == "plain-after-notify":
        echo(plain)


def handshake(conn):
    if defect == "lock-kept":
        one_at_a_time.acquire()
    try:
        conn.do_handshake()
    except ssl.SSLError:
        if defect == "plain-after-failure":
            with socket.socket(fileno=conn.detach()) as plain:
                echo(plain)
        raise
    if defect == "lock-kept":
        one_at_a_time.release()


def serve(conn):
    try:
        if defect == "banner":
            conn.sendall(b"220 echo ready\r\n")
        if defect == "peeks-header" and conn.recv(3, socket.MSG_PEEK)[:2] != b"\x16\x03":
            conn.close()
            return
        with context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False) as conn:
            handshake(conn)
            finish(conn, echo(conn))
    except OSError:
        pass  # no handshake, a broken record, reset by the client


def serve_shaken(conn):
    try:
        with conn:
            finish(conn, echo(conn))
    except OSError:
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(chain, key)
with socket.create_server(("0.0.0.0", int(port)), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        work = serve
        if defect in ("handshake-in-loop", "failure-ends"):
            work = serve_shaken
            try:
                conn = context.wrap_socket(conn, server_side=True)
            except OSError:
                if defect == "failure-ends":
                    raise
                continue
        threading.Thread(target=work, args=(conn,), daemon=True).start()
