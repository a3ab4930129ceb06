# behaviour: serves well; a helper in a session of its own, with an empty environment, ignores signals and lives on
# usage: leaves_a_helper.py PORT MARK
import os
import signal
import sys

import echo

HELPER = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: signal.pause()"

server = echo.listen(sys.argv[1])
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        server.close()
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        os.chdir("/")
        os.execve(sys.executable, ["helper", "-c", HELPER, sys.argv[2]], {})
    os._exit(0)
os.wait()
echo.serve(server)
