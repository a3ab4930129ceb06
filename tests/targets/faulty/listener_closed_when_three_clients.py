# defect: while three or more clients are connected nobody listens; the listening socket comes back when one of them leaves
# mistake: the limit on the number of clients is kept by closing the listening socket instead of by counting
# trips: tcp/listen/keeps-listening, tcp/accept/fifty-at-once
import socket
import sys
import threading

MOST = 3
left = threading.Condition()
clients = 0


def echo(conn):
    global clients
    try:
        while data := conn.recv(65536):
            conn.sendall(data)
    except OSError:
        pass  # reset by the client
    finally:
        conn.close()
        with left:
            clients -= 1
            left.notify()


while True:
    with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
        while clients < MOST:
            conn, _ = listener.accept()
            with left:
                clients += 1
            threading.Thread(target=echo, args=(conn,), daemon=True).start()
    with left:
        left.wait_for(lambda: clients < MOST)
