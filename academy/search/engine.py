"""The index of this house, as its settings say."""

from weakref import WeakKeyDictionary

from academy.core.db import Database
from academy.core.house import House
from academy.core.settings import SettingsError
from academy.search.backend import SearchBackend
from academy.search.postgres_backend import PostgresBackend
from academy.search.whoosh_backend import WhooshBackend

_open: "WeakKeyDictionary[Database, SearchBackend]" = WeakKeyDictionary()


def backend(house: House) -> SearchBackend:
    """The backend; one per process and database, so that what it read is kept."""
    found = _open.get(house.db)
    if found is None:
        found = _open[house.db] = _make(house)
    return found


def _make(house: House) -> SearchBackend:
    if house.settings.search_backend == "whoosh":
        return WhooshBackend(house.settings.data_dir / "search")
    if house.settings.search_backend == "postgresql":
        return PostgresBackend(house.db)
    raise SettingsError(f"ACADEMY_SEARCH={house.settings.search_backend!r} is neither whoosh nor postgresql")
