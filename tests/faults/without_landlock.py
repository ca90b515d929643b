"""Runs Python as if the kernel had no Landlock, or one that fails: a seccomp filter answers its calls with an error.

Usage: ``python -m tests.faults.without_landlock all|restrict CODE``; ``restrict`` lets the version be asked, so that
only the last step fails.
"""

import ctypes
import errno
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def forbid(first: int, last: int) -> None:
    """Answer these system calls with "no such call" from now on, in this process and its children."""
    rows = [(_LOAD, 0, 0, 0)]
    for number in range(first, last + 1):
        rows += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    rows.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    program = struct.pack("HxxxxxxP", len(rows), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no seccomp")


if __name__ == "__main__":
    forbid(*{"all": (444, 446), "restrict": (446, 446)}[sys.argv[1]])
    exec(sys.argv[2])  # noqa: S102 - the test's own words
