"""Substation Alpha (ASS and SSA): the event lines, with the columns of their Format line. Pure."""

from collections.abc import Sequence

from academy.media.captions.formats import markup, refusals
from academy.media.captions.formats.model import COMMENT, DRAWING, ParseFindings
from academy.media.captions.formats.timing import milliseconds

_COLUMNS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def is_substation(filename: str, lines: Sequence[str]) -> bool:
    """Whether the file is one: it begins with a section, or has that suffix and an events section."""
    first = next((line.strip().lower() for line in lines[:200] if line.strip() and not line.startswith(";")), "")
    if filename.lower().endswith((".ass", ".ssa")):
        return first.startswith("[") or any(line.strip().lower() == "[events]" for line in lines)
    return first.startswith("[script info]") or first in {"[v4+ styles]", "[v4 styles]", "[events]"}


def parse(lines: Sequence[str], found: ParseFindings) -> None:
    """Parse the dialogue lines."""
    columns: Sequence[str] = _COLUMNS
    in_events = False
    for number, line in enumerate(lines, 1):
        if line.startswith("["):
            in_events = line.strip().lower() == "[events]"
        if not in_events:
            continue
        kind, _, rest = line.partition(":")
        kind = kind.strip().lower()
        if kind == "format":
            columns = [column.strip().lower() for column in rest.split(",")]
        elif kind in {"dialogue", "comment"}:
            values = dict(zip(columns, rest.split(",", len(columns) - 1), strict=False))
            _take(found, number, kind, values)
            if found.is_full:
                break


def _take(found: ParseFindings, number: int, kind: str, values: dict[str, str]) -> None:
    given = values.get("text")
    if given is None:
        found.errors.append(refusals.at_line(refusals.WRONG_COLUMNS, number))
        return
    words, draws = markup.of_substation(given)
    if kind == "comment":
        found.note(COMMENT, number, words or given)
        return
    if draws:
        found.note(DRAWING, number, given)
    start, end = (milliseconds(values.get(edge, "").strip()) for edge in ("start", "end"))
    found.add(number, start, end, words)
