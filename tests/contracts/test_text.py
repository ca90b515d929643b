"""Text from outside is cut before it is normalised, by one function, in time that grows with its length alone."""

import ast
import random
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.text import MARKS, normal_form, tidy_text
from tests.contracts.source import python

HOME = "core/text.py"
MARKING = [chr(c) for c in range(0x110000) if unicodedata.combining(unicodedata.normalize("NFKD", chr(c))[:1] or "a")]
"""Every character that is, or becomes when it is decomposed, a combining mark first of all."""


def test_nothing_else_normalises() -> None:
    """`unicodedata.normalize` by whatever name, and library calls that call it on what they are given."""
    wanted = {"normalize", "is_normalized", "secure_filename"}
    found = {
        (path, node.lineno)
        for path, nodes in python()
        for node in nodes
        if (isinstance(node, ast.Attribute) and node.attr in wanted)
        or (isinstance(node, ast.ImportFrom) and wanted & {name.name for name in node.names})
    }
    assert {path for path, _ in found} == {HOME}, sorted(found)


def test_every_use_names_a_length() -> None:
    """A length of the caller's own choosing, never the text's."""
    for path, nodes in python():
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"tidy_text", "normal_form"}:
                length = node.args[1] if len(node.args) > 1 else None
                named = list(ast.walk(length)) if length else []
                assert named and not any(isinstance(n, ast.Call) for n in named), (path, node.lineno)


@given(st.text(max_size=80))
def test_a_short_text_is_what_unicode_says(text: str) -> None:
    runs = "".join("m" if c in MARKING else " " for c in text)
    if "m" * (MARKS + 1) not in runs:
        assert normal_form(text, 100) == unicodedata.normalize("NFKC", text)
    assert len(tidy_text(text, 10)) <= 10
    assert tidy_text(text, 10) == tidy_text(text, 10).strip()


def test_spaces_around_do_not_count_and_the_rest_is_cut_first() -> None:
    assert tidy_text(" " * 500 + "ＡＢ１２\u3000", 4) == "AB12"
    assert tidy_text("㎢" * 100, 30) == "km2" * 10
    assert tidy_text("é" * 5 + "x" * 1_000_000, 6) == "éééééx"


@pytest.mark.parametrize(
    "marks", ["two alternating", "every mark there is", "half-width voiced signs", "on each letter"]
)
def test_time_grows_with_the_length_alone(marks: str) -> None:
    """Sixteen times the text takes about sixteen times as long, where normalising it as it came took 256 times."""
    chosen = random.Random(7)

    def text(size: int) -> str:
        if marks == "every mark there is":
            return "a" + "".join(chosen.choices(MARKING, k=size))
        pattern = {
            "two alternating": "\u0300\u0316",
            "half-width voiced signs": "\uff9e\u0316",
            "on each letter": "ệ\u0316",
        }
        return "a" + pattern[marks] * (size // 2)

    def cost(size: int) -> float:
        given_text, spent = text(size), []
        for _ in range(3):
            before = time.process_time()
            normal_form(given_text, size)
            spent.append(time.process_time() - before)
        return min(spent)

    assert cost(64_000) < 16 * 6 * max(cost(4_000), 1e-4)


def test_the_contract_reads_the_whole_application() -> None:
    assert (Path(__file__).parents[2] / "academy" / HOME).exists()
    assert len(python()) > 200
