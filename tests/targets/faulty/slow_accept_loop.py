# defect: after each accept() the server is busy for five seconds before it accepts the next client
# mistake: work that waits, such as asking the DNS for the client's name, is done in the accept loop instead of in the thread
# trips: tcp/accept/one-after-another, tcp/accept/burst, tcp/accept/fifty-at-once, tcp/accept/silent-client-blocks-nobody, tcp/isolation/interleaved
import socket
import sys
import threading
import time


def echo(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client


def name_of(address):
    time.sleep(5)  # stands for gethostbyaddr() with a name server that does not answer
    return address[0]


with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    while True:
        conn, address = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
        print("client from", name_of(address), flush=True)
