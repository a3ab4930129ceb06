# behaviour: does not look at its argument: listens on a port of its own
import signal
import socket

server = socket.create_server(("127.0.0.1", 7007))
signal.pause()
