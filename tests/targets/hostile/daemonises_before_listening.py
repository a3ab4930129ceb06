# behaviour: goes into the background as old daemons do, and listens there
import os
import sys
import time

import echo

parent = os.getpid()
if os.fork() > 0:
    os._exit(0)
os.setsid()
while os.getppid() == parent:
    time.sleep(0.01)
time.sleep(0.2)
echo.serve(echo.listen(sys.argv[1]))
