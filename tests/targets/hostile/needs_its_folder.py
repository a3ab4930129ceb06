# behaviour: serves well, and ends if it cannot keep a log in its working folder
import sys

import echo

with open("visitors.log", "a", encoding="ascii") as log:
    log.write("started\n")
echo.serve(echo.listen(sys.argv[1]))
