"""From a planning problem to its best plan."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from academy.faculty.planning.aims import aims_of
from academy.faculty.planning.model import PlanningModel
from academy.faculty.planning.problem import PlannedLecture, PlanningProblem, Sitting
from academy.faculty.planning.score import Score, score
from academy.faculty.planning.solver import minimise


@dataclass(frozen=True)
class Proposal:
    """The best lectures of a problem, in order of their evenings."""

    lectures: tuple[PlannedLecture, ...]
    score: Score
    proven: bool
    """Whether nothing better exists; else the search was cut short by its limit."""


def propose(problem: PlanningProblem) -> Proposal:
    """The plan that leaves least undone (`Score`); the same problem always gives the same plan.

    Raises `Infeasible` where the rulings contradict what is possible, and `SolverMissing`.
    """
    model = PlanningModel(problem)
    values, proven = minimise(model.program, aims_of(model))
    lectures = tuple(sorted(_Answer(model, values).lectures()))
    return Proposal(lectures, score(problem, lectures), proven)


@dataclass(frozen=True)
class _Answer:
    """What the solver chose: still without venues, and without the evening of topics that aren't timed."""

    model: PlanningModel
    values: list[int]

    def lectures(self) -> Iterator[PlannedLecture]:
        pinned = self.model.pinned
        placed = [*self._timed(), *self._matched()]
        for evening in self.model.problem.evenings:
            tonight = [(topic, lecturers) for topic, day, lecturers in placed if day == evening]
            venues = self._venues(evening, [topic for topic, _ in tonight if topic not in pinned])
            for topic, lecturers in tonight:
                sitting = pinned.get(topic) or venues[topic]
                yield PlannedLecture(evening, sitting.key, topic, tuple(sorted(lecturers)))

    def _timed(self) -> Iterator[tuple[str, dt.date, list[str]]]:
        lecturers: dict[tuple[int, dt.date], list[str]] = defaultdict(list)
        for (lecturer, number, evening), column in self.model.joins.items():
            if self.values[column]:
                lecturers[number, evening].append(lecturer)
        for (number, evening), names in lecturers.items():
            yield self.model.bundles[number].first.key, evening, names

    def _given(self) -> dict[tuple[str, int], list[str]]:
        """By lecturer and size: the topics that aren't timed. Of a bundle, what more people asked for goes to those
        who stand first among its lecturers."""
        topics: dict[tuple[str, int], list[str]] = defaultdict(list)
        for number, bundle in enumerate(self.model.bundles):
            if bundle.timed:
                continue
            taught = [one for one in bundle.topics if self.values[self.model.taught[one.key]]]
            taught.sort(key=lambda one: (-one.voices, one.key))
            for lecturer in bundle.teachers:
                share = self.values[self.model.gives[lecturer.key, number]]
                topics[lecturer.key, bundle.size] += [one.key for one in taught[:share]]
                del taught[:share]
        return topics

    def _matched(self) -> Iterator[tuple[str, dt.date, list[str]]]:
        """Each lecturer's topics on the evenings chosen for them: as in the draft before where both remain, else what
        more people asked for first."""
        problem = self.model.problem
        evenings: dict[tuple[str, int], list[dt.date]] = defaultdict(list)
        for (lecturer, size, evening), column in self.model.comes.items():
            if self.values[column]:
                evenings[lecturer, size].append(evening)
        before = {one.topic: one.evening for one in problem.previous}
        for group, given in self._given().items():
            days, left = evenings[group], sorted(given, key=lambda key: (-problem.topic[key].voices, key))
            for key in [key for key in left if before.get(key) in days]:
                if before[key] in days:
                    left.remove(key)
                    days.remove(before[key])
                    yield key, before[key], [group[0]]
            yield from ((key, day, [group[0]]) for key, day in zip(left, days, strict=True))

    def _venues(self, evening: dt.date, topics: list[str]) -> dict[str, Sitting]:
        """A venue for each topic, the largest topic first: the one of the draft before if it is enough, else the
        smallest that is."""
        problem = self.model.problem
        free = sorted((one for one in self.model.free if one.evening == evening), key=lambda one: (one.seats, one.key))
        before = {(one.topic, one.sitting) for one in problem.previous}
        found: dict[str, Sitting] = {}
        for key in sorted(topics, key=lambda key: (-problem.topic[key].seats, key)):
            enough = [one for one in free if one.seats >= problem.topic[key].seats]
            found[key] = next((one for one in enough if (key, one.key) in before), enough[0])
            free.remove(found[key])
        return found
