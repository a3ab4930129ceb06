# behaviour: serves well and does not end on SIGTERM, SIGINT or SIGHUP
import signal
import sys

import echo

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
echo.serve(echo.listen(sys.argv[1]))
