# behaviour: serves well while a child of it prints for ever, as fast as it is read
import os
import sys

import echo

server = echo.listen(sys.argv[1])
if os.fork() == 0:
    server.close()
    os.nice(19)
    lines = b"DEBUG poll() returned 1\n" * 2500
    while True:
        os.write(1, lines)
echo.serve(server)
