"""Python kept in strings is seen by no type checker: programs that tests start, and modules named for a command.

A renaming passed them by, and each failed only where its own slow test ran.
"""

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

from tests.contracts.source import ROOT

FOLDERS = ("academy", "benchmarks", "tests", "tools")
OURS = re.compile(r"(?:academy|benchmarks|tests|tools)(?:\.[A-Za-z_][A-Za-z_0-9]*)+")
IMPORT = re.compile(
    r"^\s*(?:from (?:academy|benchmarks|tests|tools)\b|import (?:academy|benchmarks|tests|tools)\b)", re.M
)
FILLED = "FILLED"
# A place that `str.format` fills in.
OPEN = re.compile(r"\{\w+(?:![rs])?\}")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a file that is no docstring, with its line; what an f-string fills in is called `FILLED`."""
    tree = ast.parse(path.read_text())
    seen: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            seen.add(id(node.value))
        elif isinstance(node, ast.JoinedStr) and id(node) not in seen:
            seen |= {id(part) for part in ast.walk(node)}
            pieces = (part.value if isinstance(part, ast.Constant) else FILLED for part in node.values)
            yield node.lineno, "".join(str(piece) for piece in pieces)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen:
            yield node.lineno, node.value


@cache
def every_string() -> tuple[tuple[str, str], ...]:
    """Every string of our code: (file:line, text)."""
    return tuple(
        (f"{path.relative_to(ROOT)}:{line}", text)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for line, text in strings(path)
    )


def resolved(name: str) -> object:
    """What a dotted name means, module or something in one.

    Raises:
        AttributeError, ImportError: nothing.
    """
    parts = name.split(".")
    found: object = importlib.import_module(parts[0])
    for number, part in enumerate(parts[1:], 2):
        if isinstance(found, ModuleType) and not hasattr(found, part):
            importlib.import_module(".".join(parts[:number]))
        found = getattr(found, part)
    return found


def unknown_names(script: str) -> list[str]:
    """Names of ours that a script imports, or takes from a module it imported, and that are not there."""
    tree = ast.parse(OPEN.sub(FILLED, script))
    modules: dict[str, object] = {}
    wrong: list[str] = []

    def look(name: str) -> object:
        try:
            return resolved(name)
        except (AttributeError, ImportError):
            wrong.append(name)
            return None

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and OURS.match(node.module + ".x"):
            for alias in node.names:
                modules[alias.asname or alias.name] = look(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if OURS.match(alias.name + ".x"):
                    look(alias.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if isinstance(module, ModuleType) and not hasattr(module, node.attr):
                wrong.append(f"{module.__name__}.{node.attr}")
    return wrong


def test_scripts_name_what_there_is() -> None:
    scripts = [(place, textwrap.dedent(text)) for place, text in every_string() if IMPORT.search(text)]
    assert len(scripts) > 5
    wrong = {place: names for place, text in scripts if (names := unknown_names(text))}
    assert wrong == {}


def test_dotted_names_in_strings_are_there() -> None:
    # Of two parts are files, servers and Flask's extensions too.
    named = {
        (text, place)
        for place, text in every_string()
        if FILLED not in text and OURS.fullmatch(text) and text.count(".") > 1
    }
    assert named
    wrong = {}
    for name, place in sorted(named):
        try:
            resolved(name)
        except (AttributeError, ImportError) as error:
            wrong[place] = str(error)
    assert wrong == {}


def test_programs_beside_a_module_are_there() -> None:
    beside = re.compile(r'Path\(__file__\)(?:\.resolve\(\))?\.with_name\("([^"]+)"\)')
    named = [
        path.with_name(name)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for name in beside.findall(path.read_text())
    ]
    assert len(named) > 3
    assert [str(path.relative_to(ROOT)) for path in named if not path.exists()] == []


def test_nginx_asks_addresses_that_are_routes(app: Flask) -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    asked = re.findall(r"proxy_pass http://academy(/[^;\s]+);", text)
    assert asked
    at = app.url_map.bind("example.org")
    assert [path for path in asked if not at.test(path, "GET")] == []


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("from academy import components\ncomponents.open_all()", ["academy.components.open_all"]),
        ("from academy.media import objects", ["academy.media.objects"]),
        (
            "from academy.media.storage import file_storage\nfile_storage.nothing",
            ["academy.media.storage.file_storage.nothing"],
        ),
        ("import academy.house", ["academy.house"]),
        ("from academy import components\ncomponents.import_all()", []),
    ],
)
def test_the_look_finds_what_is_not_there(script: str, names: list[str]) -> None:
    assert unknown_names(script) == names
