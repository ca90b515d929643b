"""Calls of every route by every role, each with a real thing behind every id."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from jinja2 import FileSystemBytecodeCache

from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.contracts.access_kinds import PERSONAL
from tests.contracts.access_matrix import Row
from tests.contracts.access_world import PLACES, World
from tests.support import templates
from tests.support.savepoints import SavepointDatabase

CALLS: dict[str, list[tuple[str | None, bool]]] = {
    ".": [(None, False)],
    "*": [(None, True), ("outside", True)],
    "+": [("inside", True), ("sibling", False), ("parent", False)],
    "^": [("inside", True), ("parent", True), ("sibling", False)],
    "o": [("mine", True), ("others", False)],
}
"""Mark → (place, let in) of each call; None is one's own place or thing, `outside` every other place."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, compiled: FileSystemBytecodeCache) -> Iterator[World]:
    """The city on a database of its own: other tests of this worker go on beside it."""
    folder = tmp_path_factory.mktemp("access")
    file = folder / "city.db"
    templates.migrated(file)
    runtime = Runtime.build(make_settings(folder, database_url=f"sqlite:///{file}"))
    database = SavepointDatabase(f"sqlite:///{file}")
    with database.undone() as connection:
        made = World(dataclasses.replace(runtime, db=database))
        made.connection = connection
        made.app.jinja_env.bytecode_cache = compiled
        yield made
    database.dispose()


def calls(row: Row, role: str) -> list[tuple[str, bool]]:
    """Which places to try, and whether each is let in."""
    places: Sequence[str] = ("mine", "others") if row.kind in PERSONAL else PLACES
    own = places[0]
    others = () if row.kind == "nothing" else places[1:]
    found: list[tuple[str, bool]] = []
    for place, let_in in CALLS[row.marks[role]]:
        found += [(other, let_in) for other in others] if place == "outside" else [(place or own, let_in)]
    return found


def address(world: World, row: Row, ids: dict[str, str]) -> str:
    """The row's address with its variables filled."""
    rule = world.rules[row.method, row.address]
    values: dict[str, Any] = {"filename": "css/base.css", "verb": "copy", "kind": "srt", "number": 1} | ids
    adapter = world.app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=row.method)


def filled(sent: Any, ids: dict[str, str]) -> Any:
    """What is sent, with ids in the place of their names."""
    return {key: value.format(**ids) if isinstance(value, str) else value for key, value in sent.items()}
