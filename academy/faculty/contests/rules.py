"""Rules of a contest, as pure functions: who may score what, how scores become a result, what takes part.

What goes in are points of a panel and facts about the lecture. How many asked for a topic, watched a recording or
marked a lecture highly is no parameter of any function here.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LEFT = 3
"""Scores that must be left for any to be trimmed."""
HIGHEST = 100


class Finding(enum.StrEnum):
    """Why a lecture does not take part."""

    NOT_HELD = "not_held"
    OTHER_TERM = "other_term"
    NOT_EVALUATED = "not_evaluated"
    NO_CONSENT = "no_consent"


class Bar(enum.StrEnum):
    """Why a judge does not score a nomination."""

    TAUGHT = "taught"
    NOMINATED = "nominated"
    SAME_UNIT = "same_unit"


@dataclass(frozen=True)
class LectureFacts:
    """What eligibility depends on."""

    is_held: bool
    is_of_term: bool
    is_evaluated: bool
    """Its evaluation by participants is closed with enough answers; how good the marks are plays no part."""
    has_consent: bool
    """All who taught it agree that it is published."""


def findings(facts: LectureFacts) -> list[Finding]:
    """Everything that keeps a lecture out; empty when it takes part."""
    checks = (
        (facts.is_held, Finding.NOT_HELD),
        (facts.is_of_term, Finding.OTHER_TERM),
        (facts.is_evaluated, Finding.NOT_EVALUATED),
        (facts.has_consent, Finding.NO_CONSENT),
    )
    return [finding for is_met, finding in checks if not is_met]


def bar_of(*, judge_path: str, unit_paths: Sequence[str], root_path: str, taught: bool, nominated: bool) -> Bar | None:
    """Why a judge is barred from a nomination, or None.

    Args:
        judge_path: materialised path of the judge's organisation.
        unit_paths: paths of the units in which its lecturers held posts.
        root_path: path of the whole tree: holding a post there makes not everybody a colleague, only those directly
            in it.
        taught: the judge is one of its lecturers.
        nominated: the judge proposed it.
    """
    if taught:
        return Bar.TAUGHT
    if nominated:
        return Bar.NOMINATED
    for unit in unit_paths:
        if judge_path == unit or (unit != root_path and judge_path.startswith(unit)):
            return Bar.SAME_UNIT
    return None


def points(scores: Mapping[str, int], weights: Mapping[str, int]) -> Fraction:
    """A judge's points for a nomination: the weighted mean of its criteria.

    Raises:
        ValueError: a criterion is missing or unknown, or points are out of their bounds.
    """
    if scores.keys() != weights.keys() or any(not 0 <= one <= HIGHEST for one in scores.values()):
        raise ValueError("scores do not fit the criteria")
    return Fraction(sum(scores[key] * weight for key, weight in weights.items()), sum(weights.values()))


def total(given: Sequence[Fraction], trimmed: int) -> Fraction | None:
    """The mean of the points without so many of the highest and of the lowest; all of them where fewer than `LEFT`
    would be left. None of nothing."""
    ordered = sorted(given)
    if trimmed and len(ordered) - 2 * trimmed >= LEFT:
        ordered = ordered[trimmed:-trimmed]
    return sum(ordered, Fraction()) / len(ordered) if ordered else None


def hundredths(value: Fraction) -> int:
    """Hundredths of a point, halves rounded up."""
    return (value * 100 + Fraction(1, 2)).__floor__()


def chosen(totals: Mapping[int, int], places: int) -> set[int]:
    """Keys of the best totals: as many as there are places, and all that equal the last of them."""
    if not totals:
        return set()
    ordered = sorted(totals.values(), reverse=True)
    last = ordered[min(places, len(ordered)) - 1]
    return {key for key, value in totals.items() if value >= last}
