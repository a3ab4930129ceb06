# behaviour: goes into the background when it listens already
import os
import sys

import echo

server = echo.listen(sys.argv[1])
if os.fork() > 0:
    os._exit(0)
os.setsid()
echo.serve(server)
