"""A long run of combining marks in every field of every form, and in every question: no route's work may grow with
its square. Which fields a route has is learnt from what it asks the form for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Request
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict

from tests.contracts import access_matrix as matrix
from tests.contracts.access_calls import address, filled
from tests.contracts.access_kinds import KINDS, PERSONAL
from tests.contracts.access_matrix import Row
from tests.contracts.access_world import NOBODY, World

pytestmark = pytest.mark.faults

SHORT, LONG = 2_000, 32_000
GROWTH = 12
"""Sixteen times the marks: by the square 256 times the work, and what else a request costs is the same."""


class Asked(ImmutableMultiDict[str, str]):
    """A form that notes what it is asked for and, once it holds a text, answers each such question with it."""

    names: set[str]
    text: str | None = None
    only: str = ""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:
        self.names.add(key)
        if key == self.only:
            return self.text
        return super().get(key, default, type)

    def getlist(self, key: str, type: Any = None) -> Any:
        self.names.add(key)
        return [self.text] if key == self.only else super().getlist(key, type)

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        return str(self.text) if key == self.only else str(super().__getitem__(key))


class Probe:
    """Requests of an application whose forms and questions note and answer."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.only, self.text = "", ""

    def fields(self, given: Any) -> Asked:
        made = Asked(given)
        made.names, made.only, made.text = self.names, self.only, self.text
        return made

    def request_class(self) -> type[Request]:
        probe = self

        class Probing(Request):
            @property
            def form(self) -> Any:
                return probe.fields(super().form)

            @property
            def args(self) -> Any:
                return probe.fields(super().args)

            @property
            def values(self) -> Any:
                return probe.fields(CombinedMultiDict([super().args, super().form]))

        return Probing


@pytest.fixture
def probe(world: World) -> Iterator[Probe]:
    made, before = Probe(), world.app.request_class
    world.app.request_class = made.request_class()
    yield made
    world.app.request_class = before


def cases() -> list[tuple[Row, str]]:
    """Every route with somebody whom it lets in."""
    found = []
    for row in matrix.rows():
        let_in = [role for role, mark in row.marks.items() if mark != "."]
        if let_in and row.method in {"GET", "POST"}:
            found.append((row, NOBODY if NOBODY in let_in else let_in[-1]))
    return found


def ask(world: World, row: Row, role: str) -> float:
    """Seconds of this process's processors that one call takes; whatever it changes is taken back."""
    ids = KINDS[row.kind](world, "mine" if row.kind in PERSONAL else "inside", role)
    sent = matrix.SENT.get(f"{row.method} {row.address}", {})
    data = filled(sent.get("data", {}), ids)
    headers = world.credentials(role)
    client = world.app.test_client(use_cookies=False)
    savepoint = world.connection.begin_nested()
    try:
        began = time.process_time()
        more = {"data": data} if row.method == "POST" else {}
        with client.open(address(world, row, ids), method=row.method, headers=headers, **more) as answer:
            answer.get_data()
        spent = time.process_time() - began
        assert answer.status_code != 500, (row.method, row.address, answer.status)
        return spent
    finally:
        savepoint.rollback()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_field_of_any_form_takes_the_square_of_its_length(world: World, probe: Probe, method: str) -> None:
    tried, slow = 0, []
    for row, role in cases():
        if row.method != method:
            continue
        probe.names.clear()
        probe.only = ""
        ask(world, row, role)
        for field in sorted(probe.names - {"csrf_token", "page"}):
            probe.only = field
            tried += 1
            for _ in range(3):  # a collection of rubbish, or a neighbour, may fall into one call
                probe.text = marked(SHORT)
                short = ask(world, row, role)
                probe.text = marked(LONG)
                long = ask(world, row, role)
                if long < GROWTH * max(short, 0.01):
                    break
            else:
                slow.append(f"{method} {row.address} {field}: {short:.3f} s, {long:.3f} s")
    assert tried > (30 if method == "GET" else 60), tried
    assert not slow, "\n".join(slow)


def marked(size: int) -> str:
    """A letter under a tower of marks that are not in order."""
    return "a" + "\u0300\u0316" * (size // 2)


def test_the_test_would_notice(world: World, probe: Probe) -> None:
    """What the routes did before: the same text, normalised as it came."""
    import unicodedata

    def cost(size: int) -> float:
        before = time.process_time()
        unicodedata.normalize("NFKC", marked(size))
        return time.process_time() - before

    assert cost(LONG) > GROWTH * max(cost(SHORT), 0.01)
