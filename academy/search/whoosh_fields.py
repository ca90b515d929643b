"""The Whoosh schema: our own tokens, no stored text, numbers in columns."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from whoosh import columns, fields, formats

from academy.search.lectures import Lecture, windows
from academy.search.names import suggestions
from academy.search.question import STOP
from academy.search.text import Segmenter, normalise, pairs

NUMBERS = ("lecture", "item", "first", "last", "length")
DIGEST = "digest"


class Tokens(fields.FieldType):  # type: ignore[misc]
    """Takes a list of tokens. A posting is a document and how often; positions are not kept, because an
    exact phrase is checked against the cue table, which is the truth, and positions double the index."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None, scorable=False)

    def index(self, value: list[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        for token, times in Counter(value).items():
            yield token.encode(), times, float(times), b""


def bucket(pair: str) -> str:
    """A pair of characters as the index knows it: some share a bucket, which keeps the list of terms short.

    A phrase is checked against the captions anyway; a false candidate costs that look and nothing else.
    """
    return f"{crc32(pair.encode()) & 0xFFFF:04x}"


def _buckets(normal: str) -> list[str]:
    return list({bucket(pair) for pair in pairs(normal)})


def schema() -> fields.Schema:
    """`key` finds a lecture's documents, `w` words, `b` buckets of pairs of characters, `t` names, `s` suggestions."""
    made = fields.Schema(key=Tokens(), w=Tokens(), b=Tokens(), t=Tokens(), s=Tokens())
    for name in NUMBERS:
        made.add(name, fields.COLUMN(columns.NumericColumn("I")))
    made.add(DIGEST, fields.COLUMN(columns.NumericColumn("Q")))
    return made


def documents(lecture: Lecture, segmenter: Segmenter) -> Iterator[dict[str, Any]]:
    """The lecture's card, then its windows: neighbours in the index."""
    key = [str(lecture.lecture_id)]
    names = [lecture.title, lecture.lecturer, lecture.category, *(part.title for part in lecture.parts)]
    normal = [normalise(name) for name in names]
    summary = normalise(lecture.summary)
    title_words = [word for name in normal for word in segmenter.words(name)]
    yield {
        "key": key,
        "t": title_words + [word for word in segmenter.words(summary) if word not in STOP],
        "b": _buckets("\n".join([*normal, summary])),
        "s": [f"{key}\t{shown}" for key, shown in suggestions(lecture, segmenter)],
        "lecture": lecture.lecture_id,
        "length": len(title_words),
        DIGEST: lecture.digest(),
    }
    for part in lecture.parts:
        for window in windows(part):
            text = normalise(window.text)
            words = segmenter.words(text)
            yield {
                "key": key,
                "w": words,
                "b": _buckets(text),
                "lecture": lecture.lecture_id,
                "item": window.item_id,
                "first": window.first,
                "last": window.last,
                "length": len(words),
            }
