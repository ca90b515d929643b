"""The index of this house, as its settings say."""

from pathlib import Path
from weakref import WeakKeyDictionary

from academy.core.db import Database
from academy.core.house import House
from academy.core.settings import SettingsError
from academy.search.backend import SearchBackend
from academy.search.postgres_backend import PostgresBackend
from academy.search.whoosh_backend import WhooshBackend

_open: "WeakKeyDictionary[Database, dict[tuple[str, Path], SearchBackend]]" = WeakKeyDictionary()


def backend(house: House) -> SearchBackend:
    """The backend; one per process, database and data folder, so that what it read is kept."""
    kept = _open.setdefault(house.db, {})
    key = house.settings.search_backend, house.settings.data_dir
    if key not in kept:
        kept[key] = _make(house)
    return kept[key]


def _make(house: House) -> SearchBackend:
    if house.settings.search_backend == "whoosh":
        return WhooshBackend(house.settings.data_dir / "search")
    if house.settings.search_backend == "postgresql":
        return PostgresBackend(house.db)
    raise SettingsError(f"ACADEMY_SEARCH={house.settings.search_backend!r} is neither whoosh nor postgresql")
