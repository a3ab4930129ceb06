# defect: the program serves one client and ends
# mistake: there is no loop around accept(); the example in the text book stopped after one client, too
# trips: process/life/keeps-running, tcp/accept/one-after-another, tcp/accept/burst, tcp/accept/fifty-at-once, tcp/accept/silent-client-blocks-nobody, tcp/isolation/interleaved
import socket
import sys

with socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128) as listener:
    conn, _ = listener.accept()
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # reset by the client
