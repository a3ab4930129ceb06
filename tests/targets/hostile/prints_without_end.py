# behaviour: prints for ever and never listens
import os

os.nice(19)
line = b"still warming up ...\n" * 1000
while True:
    os.write(1, line)
