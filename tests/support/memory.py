"""Where tests write: in memory, if the machine has enough of it.

Databases, uploads and indexes have the disk keep every commit. After a test nobody needs what it wrote, and a power cut
is not what tests try, so waiting for the disk was most of the time of what commits much.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the tests' own folder is below it
WANTED = 6 << 30
"""Bytes that must be free there and in the machine; a whole run leaves two gigabytes, films for the most part."""


def folder() -> Path | None:
    """The folder in memory below which everything of tests may lie; None where there is too little or none."""
    if not _is_roomy():
        return None
    made = MEMORY / f"academy-tests-{os.getuid()}"
    with contextlib.suppress(OSError):
        made.mkdir(mode=0o711, exist_ok=True)
        return made if made.stat().st_uid == os.getuid() and _starts_programs(made) else None
    return None


def _is_roomy() -> bool:
    try:
        free = shutil.disk_usage(MEMORY).free
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    available = next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
    return min(free, available) >= WANTED


def _starts_programs(where: Path) -> bool:
    """Containers often mount it so that nothing in it may be started; tests put programs of their own into folders."""
    with tempfile.TemporaryDirectory(dir=where) as place:
        script = Path(place) / "script"
        script.write_text("#!/bin/sh\n")
        script.chmod(0o755)
        try:
            return subprocess.run([script], check=False).returncode == 0
        except OSError:
            return False


TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes its folders; children inherit it."""


def use() -> None:
    """Have pytest's folders below `folder()`, unless somebody has chosen otherwise."""
    if TEMPORARY not in os.environ and (found := folder()) is not None:
        os.environ[TEMPORARY] = str(found)


def temporary() -> str | None:
    """Where what cannot lie below a test's own folder is put; None for the system's place."""
    return os.environ.get(TEMPORARY)
