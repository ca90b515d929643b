"""Texts of syllabuses and handouts: passages, what changed between two versions, where a passage went. Pure."""

import datetime as dt
import enum
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from academy.core import clock
from academy.core.i18n import Message, msg
from academy.faculty.material_kinds import MaterialKind, MaterialState

TEXT_LENGTH, PASSAGE_LENGTH, MOST_PASSAGES = 60_000, 4_000, 400
MOST_PAGES = 100
NOTE_LENGTH, REASON_LENGTH, COMMENT_LENGTH, QUOTE_LENGTH = 300, 2_000, 1_000, 60
ALIKE = 0.4
"""Share of pairs of letters that two passages have in common from which one is called a change of the other."""
LOOK_AHEAD = 6
"""Passages among which a changed one is searched."""
_HIDDEN = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_CLAUSE = re.compile(r"[^，。；：！？、,.;!?\s]+[，。；：！？、,.;!?]?|\s+|[，。；：！？、,.;!?]")

MATERIAL_NAMES: dict[MaterialKind, Message] = {
    MaterialKind.SYLLABUS: msg("教案"),
    MaterialKind.HANDOUT: msg("讲义"),
}
MATERIAL_STATE_NAMES: dict[MaterialState, Message] = {
    MaterialState.DRAFT: msg("草稿"),
    MaterialState.SUBMITTED: msg("待审"),
    MaterialState.RETURNED: msg("已退回"),
    MaterialState.APPROVED: msg("已通过"),
    MaterialState.TAKEN_BACK: msg("已撤回"),
}


def clean(text: str, max_length: int) -> str:
    """Stored form of a text: cut, without control, bidirectional and other invisible characters, trimmed.

    Punctuation stays as it was typed: full-width commas are how Chinese is written.
    """
    text = text[:max_length].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return "".join(one for one in text if one in "\n\t\u3000" or (one.isprintable() and one not in _HIDDEN)).strip()


def passages_of(text: str) -> list[str]:
    """The paragraphs of a text: its lines that are not blank, each trimmed."""
    lines = (line.replace("\t", " ").strip(" \u3000") for line in clean(text, TEXT_LENGTH).split("\n"))
    return [line for line in lines if line]


def text_of(passages: Sequence[str]) -> str:
    """Paragraphs as they stand in a text field; `passages_of` reads the same again."""
    return "\n".join(passages)


def check_text(text: str) -> Message | None:
    """What is wrong with a typed text; None if nothing is."""
    if len(text) > TEXT_LENGTH:
        return msg("正文有 %(length)s 个字，最多 %(most)s 个。长的材料请传文件。", length=len(text), most=TEXT_LENGTH)
    found = passages_of(text)
    if not found:
        return msg("请写正文，或者传一个文件。")
    if len(found) > MOST_PASSAGES:
        return msg("正文有 %(count)s 段，最多 %(most)s 段。", count=len(found), most=MOST_PASSAGES)
    long = next((place for place, one in enumerate(found, 1) if len(one) > PASSAGE_LENGTH), None)
    if long is not None:
        return msg("第 %(place)s 段太长，每段最多 %(most)s 个字，请分段。", place=long, most=PASSAGE_LENGTH)
    return None


class Change(enum.StrEnum):
    """What became of a passage."""

    KEPT = "kept"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class PassageChange:
    """A passage of one of two versions, or one in both: the places from 1 are None where it does not stand."""

    change: Change
    before: int | None
    after: int | None


def compare(old: Sequence[str], new: Sequence[str]) -> list[PassageChange]:
    """What happened between two versions, in the order of reading: each passage of both exactly once."""
    found: list[PassageChange] = []
    for tag, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [PassageChange(Change.KEPT, first + n + 1, begin + n + 1) for n in range(last - first)]
        else:
            found += _rewritten(old, new, range(first, last), range(begin, end))
    return found


def _rewritten(old: Sequence[str], new: Sequence[str], olds: range, news: range) -> Iterator[PassageChange]:
    """Pair passages that are alike, in their order; what remains was removed or added."""
    at = news.start
    for place in olds:
        pairs = _pairs(old[place])
        ahead = range(at, min(at + LOOK_AHEAD, news.stop))
        alike = max(((_likeness(pairs, _pairs(new[one])), -one) for one in ahead), default=(0.0, 0))
        if alike[0] < ALIKE:
            yield PassageChange(Change.REMOVED, place + 1, None)
            continue
        yield from (PassageChange(Change.ADDED, None, one + 1) for one in range(at, -alike[1]))
        yield PassageChange(Change.CHANGED, place + 1, 1 - alike[1])
        at = 1 - alike[1]
    yield from (PassageChange(Change.ADDED, None, one + 1) for one in range(at, news.stop))


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(max(1, len(text) - 1))}


def _likeness(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def follow(old: Sequence[str], new: Sequence[str]) -> dict[int, PassageChange]:
    """Where each passage of an earlier version is in a later one, by its place."""
    return {one.before: one for one in compare(old, new) if one.before is not None}


def clause_changes(old: str, new: str) -> list[tuple[str, str]]:
    """Pieces of a changed passage in their order: ("same" | "gone" | "new", text), clause by clause."""
    before, after = _CLAUSE.findall(old), _CLAUSE.findall(new)
    pieces: list[tuple[str, str]] = []
    for tag, first, last, begin, end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            pieces.append(("same", "".join(before[first:last])))
            continue
        pieces += [("gone", "".join(before[first:last]))] if last > first else []
        pieces += [("new", "".join(after[begin:end]))] if end > begin else []
    return pieces


def quote_of(passage: str) -> str:
    """How a passage begins."""
    return passage if len(passage) <= QUOTE_LENGTH else passage[: QUOTE_LENGTH - 1] + "…"


@dataclass(frozen=True)
class Round:
    """A version as a round of the review."""

    number: int
    state: MaterialState


def approved_number(rounds: Sequence[Round]) -> int | None:
    """Number of the version that readers get: the newest that was approved; None if none was."""
    return max((one.number for one in rounds if one.state == MaterialState.APPROVED), default=None)


def teachable_number(rounds: Sequence[Round]) -> int | None:
    """Number of the version that may be taught; None while there is none.

    A version that was submitted after the approved one re-opens the review: until it is approved as well, or taken
    back, nothing may be taught. A draft that nobody has seen re-opens nothing.
    """
    put = [one for one in rounds if one.state not in {MaterialState.DRAFT, MaterialState.TAKEN_BACK}]
    newest = max(put, key=lambda one: one.number, default=None)
    return newest.number if newest is not None and newest.state == MaterialState.APPROVED else None


def round_days(submitted_at: dt.datetime, closed_at: dt.datetime) -> int:
    """Days that a round lasted on the city's calendar; 0 when it was decided on the day of its submission."""
    return max(0, (clock.to_city(closed_at).date() - clock.to_city(submitted_at).date()).days)


def median(days: Sequence[int]) -> float | None:
    """The middle one; of an even number the mean of both in the middle; None of nothing."""
    return float(statistics.median(days)) if days else None
