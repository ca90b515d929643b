"""Exceptions of the standard library for a zip archive that cannot be read."""

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
    # Raised for compression methods that zipfile does not know, and for encrypted archives.
    NotImplementedError,
    RuntimeError,
)
"""For `except` around opening and reading an archive from outside; the caller refuses the file with a message."""
