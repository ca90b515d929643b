"""Timing lines as SubRip and WebVTT files really write them. Pure."""

import dataclasses
import re

from academy.core.text import normal_form

MOST = 200
"""Maximum length of a timing line; longer lines are text."""

_DASH = "[-\u2010-\u2015\u2212]"
_ARROW = re.compile(f"{_DASH}(?: ?{_DASH}){{0,2}} ?(?:>|\uff1e|&gt;)|[\u2192\u27f6\u21d2]")
_NO_ARROW = re.compile(r"(?<=[,.]\d{3})\s?(?:[-=~\u2010-\u2015\u2212\uff1d]{1,3}[>\uff1e]?|>{1,3})\s?(?=\d)")
"""Signs between two times to the millisecond, which no sentence has."""
_TIME = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)(?:[,.](\d{1,3}))?")
_LIKE_TIME = re.compile(r"[-+]?\d{1,6}\s{0,3}[:：]")


@dataclasses.dataclass(frozen=True)
class Timing:
    """Start and end in milliseconds; None where that part cannot be parsed."""

    start_ms: int | None
    end_ms: int | None


def timing_of(line: str) -> Timing | None:
    """The times of a timing line; None for text, though it may contain an arrow.

    The proper arrow is ``-->``. Editors turn it into ``->``, ``–>`` or ``→``, which also occur in sentences: such an
    arrow counts only between two complete times.
    """
    head = normal_form(line.strip().lstrip("\ufeff"), MOST)  # full-width figures and colons
    arrow = _ARROW.search(head) or _NO_ARROW.search(head)
    if arrow is None:
        return None
    start, rest = head[: arrow.start()].strip(), head[arrow.end() :].split(maxsplit=1)
    end = rest[0] if rest else ""
    found = Timing(milliseconds(start), milliseconds(end))
    if arrow[0] == "-->":
        is_timing = " " not in start and (any(map(_LIKE_TIME.match, (start, end))) or not (start or end))
    else:
        is_timing = all(_LIKE_TIME.match(time) and _is_whole(time) for time in (start, end))
    return found if is_timing else None


def escaped(line: str) -> str:
    """The line with its arrows as entities where it would be parsed as a timing line."""
    if timing_of(line) is None:
        return line
    return _STROKE.sub(lambda found: f"&#{ord(found[0])};", line)


_STROKE = re.compile("[-=~\u2010-\u2015\u2212\u2192\u27f6\u21d2\uff0d\uff1d\uff5e]")


def _is_whole(time: str) -> bool:
    """Whether it has hours, minutes and seconds, or a fraction: `12:30` alone is a time of day."""
    return time.count(":") == 2 or "," in time or "." in time


def milliseconds(text: str) -> int | None:
    """A time in milliseconds; negative where the text has a minus; None where it cannot be parsed."""
    sign = -1 if text.startswith("-") else 1
    match = _TIME.fullmatch(text.lstrip("-")) if text.isascii() else None
    if match is None:
        return None
    hours, minutes, seconds, part = match.groups()
    total = ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((part or "0").ljust(3, "0"))
    return sign * total - (1 if sign < 0 and total == 0 else 0)
