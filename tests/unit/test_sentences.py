"""Dates inside sentences: written in one way in each language, and kept as dates until somebody reads them."""

import ast
import datetime as dt
import json
from pathlib import Path

import pytest

from academy.core.i18n import Message, msg, translator_for
from academy.core.months import month_of

CODE = Path(__file__).resolve().parents[2] / "academy"
DAY = dt.date(2026, 3, 5)
KINDS = {
    "day": (DAY, "2026年3月5日", "5 Mar 2026"),
    "month": (month_of(DAY), "2026年3月", "Mar 2026"),
    "moment": (dt.datetime(2026, 3, 4, 17, 30, tzinfo=dt.UTC), "2026年3月5日 01:30", "5 Mar 2026 01:30"),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_date_in_a_sentence_is_written_as_on_pages(kind: str) -> None:
    value, chinese, english = KINDS[kind]
    sentence = Message("%(when)s", {"when": value})
    again = Message.from_json(json.loads(json.dumps(sentence.to_json())))
    assert again.params["when"] == value and type(again.params["when"]) is type(value)
    assert str(again) == translator_for("zh")(again) == chinese
    assert translator_for("en")(again) == english
    within = msg("%(inner)s", inner=sentence)
    assert translator_for("en")(Message.from_json(within.to_json())) == english


@pytest.mark.thorough
def test_no_sentence_is_given_a_date_as_text() -> None:
    """Whoever writes a date into a sentence gives the date: how it looks is decided in one place."""
    wrong = [
        f"{path.relative_to(CODE)}:{node.lineno}"
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"msg", "gettext", "_"}
        for keyword in node.keywords
        if any(isinstance(part, ast.Attribute) and part.attr in {"isoformat", "strftime"} for part in ast.walk(keyword))
    ]
    assert wrong == []
