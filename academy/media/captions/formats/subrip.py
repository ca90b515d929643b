"""SubRip, which has no standard: all text between two timing lines belongs to the first. Pure.

A blank line inside a cue does not end it, as in most players.
"""

from collections.abc import Sequence

from academy.media.captions.formats import markup
from academy.media.captions.formats.model import UNTIMED, ParseFindings
from academy.media.captions.formats.timing import timing_of


def parse(lines: Sequence[str], found: ParseFindings) -> None:
    """Parse the cues of a SubRip file."""
    marks = [(at, timing) for at, line in enumerate(lines) if (timing := timing_of(line)) is not None]
    first = marks[0][0] if marks else len(lines)
    head, number = _without_number(lines[:first], None, in_head=True)
    _skip(head, found)
    for place, (at, timing) in enumerate(marks):
        is_last = place + 1 == len(marks)
        body: Sequence[str] = lines[at + 1 : len(lines) if is_last else marks[place + 1][0]]
        if not is_last:
            body, number = _without_number(body, number)
        found.add(at + 1, timing.start_ms, timing.end_ms, markup.of_subrip("\n".join(body)))
        if found.is_full:
            break


def _skip(head: Sequence[str], found: ParseFindings) -> None:
    """Skip text above the first timing line."""
    for at, line in enumerate(head):
        if words := markup.of_subrip(line):
            found.note(UNTIMED, at + 1, words)


def _without_number(
    body: Sequence[str], before: int | None, *, in_head: bool = False
) -> tuple[Sequence[str], int | None]:
    """The lines above a timing line without the cue number, and that number (or the previous one).

    A number can be a caption too. It is the cue number where it stands alone directly above the times; where a blank
    line is missing or extra, only if it continues the count.
    """
    end = len(body)
    while end and not body[end - 1].strip():
        end -= 1
    text = body[end - 1].strip().lstrip("\ufeff") if end else ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return body, before
    is_alone = end > 1 and not body[end - 2].strip()
    is_adjacent = end == len(body)
    if in_head or (is_adjacent and is_alone) or (before is not None and int(text) == before + 1):
        return body[: end - 1], int(text)
    return body, before
