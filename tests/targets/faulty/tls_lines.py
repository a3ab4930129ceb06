# serves: upper-line-tls.yaml
# defect ragged-end: half a line is answered when the connection is cut, because OP_IGNORE_UNEXPECTED_EOF was to put an end to error messages and makes of each cut a regular end; trips: tls/close/cut-is-no-end
import socket
import ssl
import sys
import threading

port, chain, key, defect = sys.argv[1:]
MAX = 1024


def serve(conn):
    try:
        with context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False,
                                 suppress_ragged_eofs=False) as conn:
            conn.do_handshake()
            with conn.makefile("rb") as lines:
                while line := lines.readline(MAX + 1):
                    if len(line) > MAX and not line.endswith(b"\n"):
                        return
                    conn.sendall(line.rstrip(b"\n").upper() + b"\n")
            conn.unwrap()
    except OSError:
        pass  # no handshake, a broken record, a cut or reset connection


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(chain, key)
if defect == "ragged-end":
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
with socket.create_server(("0.0.0.0", int(port)), backlog=128) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
