"""Selects the configured index."""

from pathlib import Path
from weakref import WeakKeyDictionary

from academy.core.database import Database
from academy.core.environment import SettingsError
from academy.core.runtime import Runtime
from academy.search.backends.interface import SearchBackend
from academy.search.backends.postgresql.backend import PostgresBackend
from academy.search.backends.whoosh.backend import WhooshBackend

_open: "WeakKeyDictionary[Database, dict[tuple[str, Path], SearchBackend]]" = WeakKeyDictionary()


def search_backend(runtime: Runtime) -> SearchBackend:
    """The backend; one per process, database and data folder, so that its caches are shared."""
    kept = _open.setdefault(runtime.db, {})
    key = runtime.settings.search_backend, runtime.settings.data_dir
    if key not in kept:
        kept[key] = _make(runtime)
    return kept[key]


def _make(runtime: Runtime) -> SearchBackend:
    if runtime.settings.search_backend == "whoosh":
        return WhooshBackend(runtime.settings.data_dir / "search")
    if runtime.settings.search_backend == "postgresql":
        return PostgresBackend(runtime.db)
    raise SettingsError(f"ACADEMY_SEARCH={runtime.settings.search_backend!r} is neither whoosh nor postgresql")
