"""Runs a command and prints what it cost: wall and CPU seconds, peak memory in KiB, and the entries that it read."""

import json
import resource
import subprocess
import sys
import threading
import time


def watch(number, ended, peak):
    """The peak of the memory of a process; what the system tells at its end is that of this program before the exec."""
    while not ended.wait(0.02):
        with open(f"/proc/{number}/status", encoding="ascii") as status:
            peak.extend(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
ended, peak = threading.Event(), []
watcher = threading.Thread(target=watch, args=(process.pid, ended, peak))
watcher.start()
entries = 0
for line in process.stdout:
    if line.startswith(b"dn: "):
        entries += 1
    elif line.startswith(b"entries: "):
        entries = int(line.split()[1])
wall = time.perf_counter() - start
ended.set()
watcher.join()
status = process.wait()
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
if status != 0:
    sys.exit(f"it ended with {status}")
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps({"wall": wall, "cpu": cpu, "memory": max(peak, default=0), "entries": entries}))
