"""What the standard library raises over a zip archive that nobody can read."""

import struct
import zipfile
import zlib

BROKEN_ARCHIVE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    # Of an archive that is packed in a way zipfile does not know, or is encrypted.
    NotImplementedError,
    RuntimeError,
)
"""For `except` around opening and reading an archive from outside; whoever catches it refuses the file in words."""
