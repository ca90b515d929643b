"""A page that nothing leads to, or that no test calls, was forgotten half way."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.contracts import source

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

CODE = ("academy/web", "academy/http", "academy/rest")
TESTS = ("http", "components", "media", "browser", "faults")
KNOWN = {
    "/api/v1": "programs read the OpenAPI document",
    "/service-worker.js": "shell.js registers it",
    "/m/": "signed links are made by media.delivery",
    "/search/in/<item_public_id>": "the player looks through the transcript that it shows",
}
"""Beginnings of addresses to which no page leads, and why."""
EXPRESSION = r"\{[^{}]*\}"
VALUE = rf"(?:{EXPRESSION}|[^/\"'\s?]+)"
"""What stands in a test's text in the place of a parameter: an expression, or a value."""


def parts(rule: Rule) -> list[str | None]:
    """The parts of an address; None is a parameter."""
    return [None if "<" in part else part for part in str(rule).strip("/").split("/")]


def _written(part: str | None) -> str:
    if part is None:
        return VALUE
    stem, dot, suffix = part.partition(".")
    return re.escape(stem) + (rf"\.(?:{re.escape(suffix)}|{EXPRESSION})" if dot else "")


def calls(rule: Rule) -> re.Pattern[str]:
    """What a test that calls the address has in its text; a variable may stand for the beginning of it."""
    pieces = [_written(part) for part in parts(rule)]
    ways = ["/" + "/".join(pieces)]
    ways += [r"[}\"']/" + "/".join(pieces[place:]) for place, part in enumerate(parts(rule)) if place and part]
    return re.compile("(?:" + "|".join(ways) + r")(?=[\"'?#\s]|$)", re.M)


def test_every_page_is_led_to(app: Flask) -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in CODE
        for path in sorted(source.ROOT.joinpath(folder).rglob("*"))
        if path.suffix in {".py", ".html", ".js"} and "vendor" not in path.parts
    )
    routes = app.extensions["academy.routes"]
    declared = {*routes.menu.values(), *routes.landings.values()}
    ways: dict[str, bool] = defaultdict(bool)
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[2]
        linked = re.search(rf"[\"'](?:{re.escape(rule.endpoint)}|\.{name})[\"']", written) is not None
        # A form without an action sends to the address of its page.
        ways[str(rule)] |= linked or rule.endpoint in declared
    unled = [address for address, way in ways.items() if not way]
    assert [address for address in unled if not address.startswith(tuple(KNOWN))] == []
    assert [start for start in KNOWN if not any(address.startswith(start) for address in unled)] == []


def test_every_address_is_called_by_a_test(app: Flask) -> None:
    """The access matrix calls them all, and asks only who is let in."""
    written = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in TESTS
        for path in sorted(Path(source.ROOT, "tests", folder).glob("*.py"))
    )
    forgotten = {str(rule) for rule in app.url_map.iter_rules() if not calls(rule).search(written)}
    assert sorted(forgotten - {"/static/<path:filename>"}) == []
