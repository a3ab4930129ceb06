# behaviour: lives on and never makes a socket
import signal

signal.pause()
