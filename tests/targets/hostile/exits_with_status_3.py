# behaviour: prints why and exits before it listens
import sys

print("settings.ini: no such file", file=sys.stderr)
sys.exit(3)
