"""Runs one command within limits; started as a script, so that nothing happens between fork and exec
in a process with threads. It imports only what Python starts with: the start costs 15 ms.

Usage: ``python -I -S jail.py PARENT CPU_S MEMORY_MIB FILE_MIB -- COMMAND …``
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def main(argv: list[str]) -> None:
    """Set the limits and become the command."""
    parent, cpu, memory, size = (int(value) for value in argv[:4])
    command = argv[5:]
    libc = ctypes.CDLL(None, use_errno=True)
    # A killed worker takes its children along: two encoders must never write the same folder.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    # No network at all where the system lets us; elsewhere the protocol whitelist stands alone.
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    os.nice(10)
    for what, value in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory << 20),
        (resource.RLIMIT_FSIZE, size << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        ceiling = resource.getrlimit(what)[1]
        value = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        resource.setrlimit(what, (value, value))
    os.execv(command[0], command)  # noqa: S606 - an argument list by design, never a shell


if __name__ == "__main__":
    main(sys.argv[1:])
