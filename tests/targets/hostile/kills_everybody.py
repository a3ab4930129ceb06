# behaviour: once it has a first client, sends SIGKILL to every process that it may signal
import os
import signal
import sys

import echo

server = echo.listen(sys.argv[1])
server.accept()
os.kill(-1, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
