"""No file of a connected SQLite database may be opened beside SQLite in the same process.

POSIX drops every lock that a process holds on a file as soon as *any* of its descriptors of that file is closed. A look
into the file, a copy, a touch: SQLite's locks are gone without a word, another process takes itself for the last one,
deletes the journal, and what was committed into it is lost. So in the tests such an opening fails where it happens.
"""

import contextlib
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

_connected: set[str] = set()
_names: set[str] = set()
"""Their last parts: a quick look before the slow one, since every import opens files."""


class OpenedBesideSQLite(AssertionError):
    """A database file was opened while this process may hold SQLite's locks on it."""


def watch() -> None:
    """From now on, in this process and for good: an audit hook cannot be taken off."""
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event == "open":
        name = os.fsdecode(args[0]) if isinstance(args[0], (str, bytes)) else ""
        if Path(name).name in _names and (path := _plain(name)) in _connected and _is_open(path):
            raise OpenedBesideSQLite(f"{path} is opened beside SQLite: its locks would be dropped")
    elif event == "sqlite3.connect":
        name = os.fsdecode(args[0]) if isinstance(args[0], (str, bytes, os.PathLike)) else ""
        if name.startswith("file:"):
            name = unquote(urlsplit(name).path)
        if name and name != ":memory:":
            path = _plain(name)
            _connected.update((path, f"{path}-shm"))
            _names.update(Path(one).name for one in (path, f"{path}-shm", name, f"{name}-shm"))


def _plain(path: str) -> str:
    return os.path.realpath(path)


def _is_open(path: str) -> bool:
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) == path:
                return True
    return False
