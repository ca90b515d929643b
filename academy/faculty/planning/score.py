"""What a plan is worth, and what forbids it: counted from its lectures alone, without the solver.

The solver's answer is checked with these two functions, the benchmark's brute force and greedy peer are built on them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from academy.faculty.planning.problem import PlannedLecture, PlanningProblem, by_evening, by_lecturer


class Score(NamedTuple):
    """What a plan leaves undone. Less is better, and an earlier field counts before all that follow it."""

    slipping: int
    """Obligations due before the next term that stay unmet."""
    undemanded: int
    """Topics of the teaching plan that are not taught."""
    unmet: int
    """Voices whose topic is not taught."""
    empty: int
    """Evenings with a sitting and no lecture."""
    misfit: int
    """Sum over lecturers and topics: 0 the main subject, 1 another one, 2 none of theirs."""
    load: int
    """Sum over lectures of how many the same lecturer gave before it in the year: least when all give equally many."""
    uneven: int
    """Pairs of lectures on the same evening: least when evenings are equally full."""
    moved: int
    """Of the draft before: pairs of lecturer and topic, and of lecturer and evening, that are no more."""


def score(problem: PlanningProblem, lectures: Sequence[PlannedLecture]) -> Score:
    """What the lectures leave undone."""
    taught = {one.topic for one in lectures}
    given = by_lecturer(lectures)
    evenings = Counter(one.evening for one in lectures)
    left = [topic for topic in problem.topics if topic.key not in taught]
    met = sum(
        sum(duty.counts(one.evening) for one in given[lecturer.key]) >= duty.lectures
        for lecturer, duty in problem.pressing
    )
    fits = (
        problem.misfit(problem.candidate[lecturer], problem.topic[one.topic]) or 0
        for one in lectures
        for lecturer in one.lecturers
    )
    return Score(
        slipping=len(problem.pressing) - met,
        undemanded=sum(topic.demanded for topic in left),
        unmet=sum(topic.voices for topic in left),
        empty=sum(not evenings[evening] for evening in problem.evenings),
        misfit=sum(fits),
        load=sum(_steps(len(own), problem.candidate[lecturer].taught) for lecturer, own in given.items()),
        uneven=sum(_steps(number) for number in evenings.values()),
        moved=len(kept_pairs(problem.previous) - kept_pairs(lectures)),
    )


def kept_pairs(lectures: Iterable[PlannedLecture]) -> set[tuple[str, object]]:
    """What people remember of a draft: who teaches what, and who comes on which evening."""
    parted = [(lecturer, one) for one in lectures for lecturer in one.lecturers]
    return {(lecturer, one.topic) for lecturer, one in parted} | {(lecturer, one.evening) for lecturer, one in parted}


def _steps(number: int, first: int = 0) -> int:
    """first + (first + 1) + …, so many terms."""
    return number * first + number * (number - 1) // 2


class Violation(NamedTuple):
    """A rule that a plan breaks: its name, and the key of what breaks it."""

    rule: str
    key: str


def violations(problem: PlanningProblem, lectures: Sequence[PlannedLecture]) -> list[Violation]:
    """Every rule that the plan breaks, with the key of the topic, sitting or lecturer; empty for a plan that may be."""
    found = [Violation("topic-twice", key) for key, n in Counter(one.topic for one in lectures).items() if n > 1]
    found += [Violation("sitting-twice", key) for key, n in Counter(one.sitting for one in lectures).items() if n > 1]
    for one in lectures:
        found += [Violation(rule, one.topic) for rule in _broken(problem, one)]
    for evening, those in by_evening(lectures).items():
        comers = Counter(lecturer for one in those for lecturer in one.lecturers)
        found += [Violation("two-places", f"{key} {evening}") for key, n in comers.items() if n > 1]
    for lecturer, given in by_lecturer(lectures).items():
        if len(given) > problem.candidate[lecturer].limit:
            found.append(Violation("limit", lecturer))
    for ruling in problem.rulings:
        if any(map(ruling.fits, lectures)) != ruling.wanted:
            found.append(Violation("ruling", str(ruling)))
    return found


def _broken(problem: PlanningProblem, one: PlannedLecture) -> Iterable[str]:
    """Rules that a lecture breaks by itself."""
    topic, sitting = problem.topic[one.topic], problem.sitting[one.sitting]
    lecturers = [problem.candidate[key] for key in one.lecturers]
    rules = {
        "evening": sitting.evening != one.evening,
        "seats": sitting.seats < topic.seats,
        "evening-of-topic": topic.evenings is not None and one.evening not in topic.evenings,
        "number": len(set(one.lecturers)) != topic.lecturers or list(one.lecturers) != sorted(one.lecturers),
        "subject": any(problem.misfit(lecturer, topic) is None for lecturer in lecturers),
        "availability": any(one.evening not in lecturer.evenings for lecturer in lecturers),
    }
    return (rule for rule, broken in rules.items() if broken)
