"""What every run of the tests would make anew, kept in .cache/ until something it is made from changes: databases
that are migrated, pages that are compiled, and what bandit said of a file."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from alembic import command

from academy.cli.database import alembic_config
from tests.support.services import postgres

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "tests"

MIGRATIONS = (
    "migrations/**/*.py",
    "academy/core/*.py",
    "academy/**/models.py",
    "tests/support/services.py",
    "tests/support/templates.py",
    "requirements.txt",
)
PAGES = ("academy/app.py", "academy/http/*.py", "requirements.txt")


def digest(*patterns: str) -> str:
    """Of all files of these patterns, by name and content."""
    found = hashlib.sha256()
    for file in sorted(file for pattern in patterns for file in ROOT.glob(pattern)):
        found.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def kept(name: str, key: str, make: Callable[[Path], object]) -> Path:
    """What `make` makes at a place, for this key; older ones go. Whoever comes meanwhile waits for it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    place = CACHE / f"{name}-{key}"
    with _alone(name):
        if not place.exists():
            for old in CACHE.glob(f"{name}-*"):
                shutil.rmtree(old)
            begun = CACHE / f"{name}.new"
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(place)
    return place


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sqlite_file() -> Path:
    """A migrated SQLite database, to be copied."""

    def make(place: Path) -> None:
        command.upgrade(alembic_config(f"sqlite:///{place / 'new.db'}"), "head")

    return kept("sqlite", digest(*MIGRATIONS), make) / "new.db"


def migrated(file: Path) -> None:
    """Put a migrated SQLite database there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_file(), file)


def postgres_folder() -> Path:
    """The folder of a migrated PostgreSQL server that was stopped, to be copied."""

    def make(place: Path) -> None:
        with postgres(place, keep=True) as url:
            command.upgrade(alembic_config(url), "head")

    return kept("postgresql", digest(*MIGRATIONS), make)


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """A migrated database of its own, for transactions that commit; yields its URL."""
    if kind == "sqlite":
        migrated(folder / "academy.db")
        yield f"sqlite:///{folder / 'academy.db'}"
    else:
        with postgres(folder / "pg", like=postgres_folder()) as url:
            yield url


def pages_folder() -> Path:
    """Where compiled templates are kept; each is compiled anew when its text changes."""
    return kept("pages", digest(*PAGES) + importlib.metadata.version("jinja2"), lambda _place: None)
