"""SubRip, which has no standard: whatever stands between two lines of times belongs to the first. Pure.

A blank line inside a cue ends nothing, as in most players: words after it are still words.
"""

from collections.abc import Sequence

from academy.media.captions.formats import markup
from academy.media.captions.formats.model import UNTIMED, ParseFindings
from academy.media.captions.formats.timing import timing_of


def parse(lines: Sequence[str], found: ParseFindings) -> None:
    """Read the cues of a SubRip file."""
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
    """Words above the first time have no place in the lecture."""
    for at, line in enumerate(head):
        if words := markup.of_subrip(line):
            found.note(UNTIMED, at + 1, words)


def _without_number(
    body: Sequence[str], before: int | None, *, in_head: bool = False
) -> tuple[Sequence[str], int | None]:
    """The lines above a line of times without the number of its cue, and that number (or the one before it).

    A figure can be a caption too. It is the number where it stands by itself right above the times;
    where a blank line is missing or too much, only if it goes on counting.
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
