"""A key that somebody took is told from every other rule that a row breaks."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "academy"
LOOK_AGAIN = {
    "core/unique.py",
    "jobs/queue.py",
    "notifications/service.py",
    "accounts/authentication/throttle.py",
}
"""Modules that ask what the error is, or look for the other's row: the helpers themselves, and loops of their own."""


def test_only_helpers_catch_what_breaks_a_rule() -> None:
    """`unique_or` and `get_or_create` do: whoever catches every IntegrityError says of a missing row or a value against
    a rule that the name is taken."""
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "IntegrityError" in ast.unparse(node.type)
    }
    assert found == LOOK_AGAIN
