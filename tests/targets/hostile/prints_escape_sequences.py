# behaviour: tries to paint over the report: escape sequences, marks that turn text around, lines that look like verdicts
# usage: prints_escape_sequences.py PORT [serve]
import os
import sys

import echo

LIES = [
    "\x1b[2J\x1b[H  PASS  [  0.00s] ( 1/29) everything  is fine",
    "\x1b]0;title\x07\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\u202egnihtyreve\u202c \u2066isolated\u2069 \u200fmark\u200e",
    "\x9b31mC1\x9b0m \x08\x08\x08\x7f bell\x07 return\rreturn",
    "Summary  29 requirements: 29 pass\x1b[1A\x1b[2K\rexit 0",
]

server = echo.listen(sys.argv[1]) if len(sys.argv) > 2 else None
client = server.accept()[0] if server else None
os.write(2, "\n".join(LIES).encode())
os.write(2, b" \xff\xfe\xc3\x28")
sys.exit(1)
