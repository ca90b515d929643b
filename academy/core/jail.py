"""Runs one command within limits; started as a script, so that nothing happens between fork and exec
in a process with threads. It imports only what Python starts with: the start costs 15 ms.

Usage: ``python -I -S jail.py PARENT CPU_S MEMORY_MIB FILE_MIB [READABLE …] -- COMMAND …``

The command sees the system's programs, the readable paths and its own folder, and may write in its own folder
only: Landlock holds it (Linux 5.13 and newer; from 6.7 on it keeps it from TCP too, from 6.12 on from sending signals
to anybody outside). Where the kernel has Landlock and it fails, the command is not run; whether to work where the
kernel has none is decided before (`isolation.require_isolation`).
"""

import ctypes
import os
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK = {"create": 444, "add": 445, "restrict": 446}
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_SOCKET, _TRUNCATE = (1 << bit for bit in (0, 1, 2, 3, 9, 14))
_RIGHTS = (0, 13, 14, 15, 15)
"""Number of access rights of each Landlock version, up to truncation; later ones concern devices."""
_TCP, _TCP_SINCE = 0b11, 4
"""To bind and to connect: no port is allowed, also where the system gives no network namespace."""
_SCOPES, _SCOPES_SINCE = 0b11, 6
"""Abstract sockets and signals to outside processes: the worker has the same user, and could be killed."""
# What a program needs of the system. Not all of /etc and /proc: both hold secrets of others.
_SYSTEM = [
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/opt",
    "/nix",
    "/sys/devices/system/cpu",
    "/etc/fonts",
    "/etc/libreoffice",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/self",
    "/proc/sys",
    "/proc/version",
    "/proc/filesystems",
    "/etc/locale.alias",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
]
_DEVICES = ("/dev/null",)


def main(argv: list[str]) -> None:
    """Set the limits and become the command."""
    end = argv.index("--")
    parent, cpu, memory, size = (int(value) for value in argv[:4])
    command = argv[end + 1 :]
    enclose(parent, cpu, memory, size, argv[4:end])
    os.execv(command[0], command)  # noqa: S606 - an argument list by design, never a shell


def enclose(parent: int, cpu: int, memory: int, size: int, readable: list[str]) -> None:
    """Restrict this process for good: CPU seconds, address space and file size in MiB, readable paths.

    A script of ours calls this before it opens an uploaded file, where another start of Python would cost more than the
    work.

    Raises:
        SystemExit: the parent is gone, or Landlock exists and fails.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # A killed worker's children end with it: two encoders must never write the same folder.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    # No network namespace where the system refuses one; then ffmpeg's protocol whitelist is the only protection.
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
        # At the soft CPU limit the command gets SIGXCPU, at the hard one SIGKILL.
        most = value + 2 if what == resource.RLIMIT_CPU and ceiling == resource.RLIM_INFINITY else value
        resource.setrlimit(what, (value, most))
    # pathlib takes as long to import as all the rest.
    held = shut_in(libc, [*_SYSTEM, sys.prefix, sys.base_prefix, *readable], [os.getcwd(), *_DEVICES])  # noqa: PTH109
    if not held and version_of(libc):
        raise SystemExit("jail: Landlock is there and does not hold")


def version_of(libc: ctypes.CDLL) -> int:
    """The kernel's Landlock version; 0 for none."""
    return max(0, int(libc.syscall(_LANDLOCK["create"], None, ctypes.c_size_t(0), 1)))


def shut_in(libc: ctypes.CDLL, readable: list[str], writable: list[str]) -> bool:
    """Restrict this process and its children to these paths; False where that fails."""
    version = version_of(libc)
    if version < 1:
        return False
    handled = (1 << _RIGHTS[min(version, len(_RIGHTS) - 1)]) - 1
    attributes = struct.pack("Q", handled)
    if version >= _TCP_SINCE:
        attributes += struct.pack("Q", _TCP)
    if version >= _SCOPES_SINCE:
        attributes += struct.pack("Q", _SCOPES)
    rules = libc.syscall(_LANDLOCK["create"], attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    for path in readable:
        _allow(libc, rules, path, _EXECUTE | _READ_FILE | _READ_DIR)
    for path in writable:
        _allow(libc, rules, path, handled)
    # LibreOffice always puts a socket there; nothing else can be created or removed.
    _allow(libc, rules, "/tmp", _MAKE_SOCKET)  # noqa: S108
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(_LANDLOCK["restrict"], rules, 0) == 0
    os.close(rules)
    return bool(done)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH)
    except OSError:
        return  # not on this system
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib takes as long to import as all the rest
        rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
    libc.syscall(_LANDLOCK["add"], rules, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


if __name__ == "__main__":
    main(sys.argv[1:])
