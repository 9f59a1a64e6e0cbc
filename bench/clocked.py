"""
Run one command from a small process: a child counts the memory of its parent, until it starts.

Its arguments are the command; the last line says exit code, CPU seconds, wall seconds, peak memory
in the system's unit, and the end of what was said on the error stream.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode(errors="replace")
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps([process.returncode, cpu, wall, used.ru_maxrss, said[-2000:]]))


if __name__ == "__main__":
    main()
