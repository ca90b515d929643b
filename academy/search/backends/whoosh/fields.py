"""The Whoosh schema: our own tokens, no stored text, numbers in columns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from whoosh import columns, fields, formats

from academy.search.lectures import Lecture, windows
from academy.search.literal import LiteralText, characters, numbers
from academy.search.query_parser import STOP
from academy.search.suggestions import suggestions
from academy.search.text import Segmenter

NUMBERS = ("lecture", "item", "first", "last", "length")
DIGEST = "digest"
PAIRS = "b"
SOUNDS = "h"


class Tokens(fields.FieldType):  # type: ignore[misc]
    """Tokens gathered by `bulk`. A posting is a document and a frequency; positions are not kept, because an exact
    phrase is checked against the cue table, and they double the index."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None, scorable=False)


def schema() -> fields.Schema:
    """`key` identifies a lecture's documents, `w` words, `b` pairs of characters (in `pairs`), `t` names, `s`
    suggestions; `h` is the pronunciations of a segment's words, written by `bulk` from `w` and `t`."""
    made = fields.Schema(key=Tokens(), w=Tokens(), b=Tokens(), t=Tokens(), s=Tokens(), h=Tokens())
    for name in NUMBERS:
        made.add(name, fields.COLUMN(columns.NumericColumn("I")))
    made.add(DIGEST, fields.COLUMN(columns.NumericColumn("Q")))
    return made


@dataclass
class Document:
    """Indexed content of a window or of a lecture's names."""

    numbers: dict[str, int]
    pairs: Any
    tokens: dict[str, list[str]] = field(default_factory=dict)


def documents(lecture: Lecture, segmenter: Segmenter) -> Iterator[Document]:
    """The lecture's card, then its windows: adjacent in the index."""
    key = [str(lecture.lecture_id)]
    names = [lecture.title, lecture.lecturer, lecture.category, *(part.title for part in lecture.parts)]
    named, summary = [LiteralText(name) for name in names], LiteralText(lecture.summary)
    title_words = [word for name in named for word in segmenter.words(name.words)]
    about = [word for word in segmenter.words(summary.words) if word not in STOP]
    offered = [f"{key}\t{shown}" for key, shown in suggestions(lecture, segmenter)]
    texts = [(window, LiteralText(window.text)) for part in lecture.parts for window in windows(part)]
    # The card has every character that is anywhere in the lecture: single characters occur in too many windows.
    everything = characters([*named, summary, *(text for _, text in texts)])
    yield Document(
        {"lecture": lecture.lecture_id, "length": len(title_words), DIGEST: lecture.digest()},
        np.concatenate([everything, numbers([*named, summary])]),
        {"key": key, "t": title_words + about, "s": offered},
    )
    for window, text in texts:
        words = segmenter.words(text.words)
        yield Document(
            {
                "lecture": lecture.lecture_id,
                "item": window.item_id,
                "first": window.first,
                "last": window.last,
                "length": len(words),
            },
            numbers([text]),
            {"key": key, "w": words},
        )


def add(writer: Any, document: Document) -> None:
    """Add a document to a writer of `bulk`."""
    pool, number = writer.pool, writer.docnum
    for name, tokens in document.tokens.items():
        pool.add_tokens(name, number, tokens)
    pool.add_pairs(number, document.pairs)
    writer.add_document(**document.numbers)
