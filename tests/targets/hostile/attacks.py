# behaviour: tries one thing that a target must not be able to do; serves well if it failed, says so and exits with status 9 if it worked
# usage: attacks.py PORT ATTACK [ARGUMENT]
import os
import signal
import socket
import subprocess
import sys
import time

import echo


def write(path):
    """Writes a file where it has no business."""
    with open(path, "w", encoding="ascii") as file:
        file.write("was here")
    return f"wrote {path}"


def leave(paths):
    """Leaves files where it can; who looks for them afterwards sees whether they stayed."""
    for path in paths.split(","):
        write(path)


def read_variable(canary):
    """Looks for a value in every environment that can be read."""
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if canary.encode() in file.read():
                    return f"read {canary} from process {entry}"
        except OSError:
            pass
    return None


def see_processes(name):
    """Looks for a process whose program has this name."""
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if any(os.path.basename(word.decode(errors="replace")) == name for word in words[:2]):
            return f"sees {words}"
    return None


def connect(address):
    """Connects to a server outside."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=2):
        return f"connected to {address}"


def send_datagram(address):
    """Sends a datagram to another machine."""
    host, port = address.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hello", (host, int(port)))
    return f"sent a datagram to {address}"


def kill_first(_):
    """Ends the first process: if that works, we end with it."""
    os.kill(1, signal.SIGTERM)
    os.kill(1, signal.SIGKILL)
    time.sleep(0.2)


def make_namespace(_):
    """Becomes root in a user namespace of its own."""
    done = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False)
    return "made a user namespace" if done.returncode == 0 else None


def mount(_):
    """Mounts a file system."""
    done = subprocess.run(["mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return "mounted a file system" if done.returncode == 0 else None


def capture(_):
    """Opens a packet socket."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
    return "opened a packet socket"


def fill_process_table(count):
    """Starts more processes than a target may have; what was started stays, in sessions of its own."""
    for _ in range(int(count)):
        if os.fork() == 0:
            os.setsid()
            signal.pause()
    return f"started {count} processes"


def open_descriptors(_):
    """Looks for descriptors that somebody forgot to close."""
    extra = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}") and not os.readlink(f"/proc/self/fd/{fd}").endswith("/fd")]
    return f"inherited {[os.readlink(f'/proc/self/fd/{fd}') for fd in extra]}" if extra else None


attack, argument = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
try:
    success = globals()[attack.replace("-", "_")](argument)
except OSError:
    success = None
if success:
    print(f"ESCAPED: {success}", file=sys.stderr)
    sys.exit(9)
echo.serve(echo.listen(sys.argv[1]))
