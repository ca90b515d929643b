"""Topics that are alike: any of them can be taught by the same lecturers, on the same evenings, in the same venues."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from academy.faculty.planning.problem import Candidate, PlannedTopic, PlanningProblem, Sitting


@dataclass(frozen=True)
class Bundle:
    """Topics alike in all but title, voices, and whether the teaching plan demands them. Never empty."""

    topics: tuple[PlannedTopic, ...]
    teachers: tuple[Candidate, ...]
    size: int
    """The least number of seats, of those that venues differ by, that is enough for them."""
    timed: bool
    """Whether it matters on which evening it is. Then the bundle is one topic."""

    @property
    def first(self) -> PlannedTopic:
        """The topic that stands for all."""
        return self.topics[0]


def sizes_of(sittings: Sequence[Sitting]) -> list[int]:
    """Numbers of seats by which topics differ: those between two of them fit into the same venues."""
    return [0, *(seats + 1 for seats in sorted({one.seats for one in sittings}))]


def bundles_of(problem: PlanningProblem, sizes: list[int]) -> list[Bundle]:
    """Every topic in one bundle, in the order in which the topics stand."""
    timed = {one.topic for one in problem.rulings if one.topic and (one.evening or one.sitting)}
    timed |= {one.key for one in problem.topics if one.lecturers > 1 or one.evenings is not None}
    single = timed | {one.topic for one in problem.rulings} | {one.topic for one in problem.previous}
    found: dict[tuple[object, int], list[PlannedTopic]] = defaultdict(list)
    for topic in problem.topics:
        size = max(one for one in sizes if one <= topic.seats)
        alike = topic.key if topic.key in single else (topic.subject, size, topic.levels)
        found[alike, size].append(topic)
    return [
        Bundle(tuple(those), tuple(problem.teachers[those[0].key]), size, those[0].key in timed)
        for (_, size), those in found.items()
    ]
