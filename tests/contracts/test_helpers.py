"""Helpers of tests lie in one place, and no test borrows from another test."""

import ast
import functools
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted([*TESTS.rglob("*.py"), *(TESTS.parent / "benchmarks").glob("*.py")])


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names of what a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return frozenset(found)


def test_no_file_imports_from_a_test_module() -> None:
    borrowed = {
        f"{path.relative_to(TESTS.parent)}: {name}"
        for path in FILES
        for name in imported(path)
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    }
    assert sorted(borrowed) == [], "move what two files use into a helper beside them, or into tests/support"


def test_what_serves_several_folders_lies_in_support() -> None:
    """At the top there is the conftest alone; whoever looks for a helper of all tests looks in one folder."""
    assert sorted(path.name for path in TESTS.glob("*.py")) == ["__init__.py", "conftest.py"]


def test_every_helper_is_used() -> None:
    used = frozenset[str]().union(*map(imported, FILES))
    started = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    chosen = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    idle = [
        name
        for path in (TESTS / "support").glob("*.py")
        if path.stem != "__init__" and (name := f"tests.support.{path.stem}") not in used
        if f'"{name}"' not in started and f"-p {name}" not in chosen
    ]
    assert idle == []
