# serves: daytime
# defect waits_for_request: nothing comes until the client has sent something, because a server "answers"; trips: daytime/reply/at-once
# defect colours: the line has escape sequences in it, because the author watched it in a terminal; trips: daytime/reply/printable
# defect welcome: a line of welcome precedes the time, because other servers have one, too; trips: daytime/reply/one-line
# defect format: what the client sends is used as the format of the time, an extension that RFC 867 does not know; trips: daytime/input/discarded
# defect stays_open: the connection stays open until the client ends it, because "the client has asked for it, so it closes"; trips: daytime/close/after-sending
# defect acknowledges (discard): each piece of data is answered by "ok", because the author wants the client to know that it has arrived; trips: discard/data/no-reply
# defect report (discard): at the end the client is told how many bytes there were, because the author found that useful; trips: discard/data/no-reply
# defect keeps (discard): it hangs up after 65536 bytes, because it keeps all it gets for the log, and recv(0) on a full buffer looks like the end; trips: discard/data/takes-all, tcp/close/server-waits-for-client
import select
import socket
import sys
import threading
import time

port, word = int(sys.argv[1]), sys.argv[2]


def drain(conn):
    while conn.recv(65536):
        pass


def daytime(conn):
    line = time.strftime("%A, %B %d, %Y %H:%M:%S-UTC", time.gmtime())
    if word == "waits_for_request" and not conn.recv(100):
        return
    if word == "colours":
        line = f"\x1b[32m{line}\x1b[0m"
    elif word == "welcome":
        line = f"Welcome to the daytime server!\r\n{line}"
    elif word == "format" and select.select([conn], [], [], 0.1)[0]:
        line = time.strftime(conn.recv(100).decode("ascii", "replace").replace("\0", ""), time.gmtime())
    conn.sendall(f"{line}\r\n".encode())
    if word != "stays_open":
        conn.shutdown(socket.SHUT_WR)
    conn.settimeout(60)
    drain(conn)


def discard(conn):
    size = 0
    while data := conn.recv(min(4096, 65536 - size) if word == "keeps" else 4096):
        size += len(data)
        if word == "acknowledges":
            conn.sendall(b"ok\r\n")
    if word == "report":
        conn.sendall(f"{size} bytes discarded\r\n".encode())


def serve(conn):
    try:
        (discard if word in ("acknowledges", "report", "keeps") else daytime)(conn)
    except OSError:
        pass  # reset by the client, or it would not end
    finally:
        conn.close()


with socket.create_server(("0.0.0.0", port), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            continue
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
