# behaviour: once it has a first client, closes its listener and the client, and lives on
import signal
import socket
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
client, _ = server.accept()
server.close()
client.close()
signal.pause()
