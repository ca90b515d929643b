"""The planning problem as an integer program.

150 lecturers, 600 topics and 20 evenings would be some 100 000 columns, one for each that teaches each topic on each
evening. Most topics don't care for the evening, so who teaches what and who comes when are chosen apart, and only the
numbers of both agree; which of one's topics is on which of one's evenings is settled afterwards (`solve`). So it is
with topics that are alike (`Bundle`): how many of them a lecturer gives is chosen, and which of them are taught. Venues
are not chosen either: an evening bears its topics when, for every number of seats, no more topics need so many than
venues have them.
"""

import datetime as dt
from collections import defaultdict

from academy.faculty.planning.bundles import Bundle, bundles_of, sizes_of
from academy.faculty.planning.problem import PlanningProblem, Ruling
from academy.faculty.planning.program import Infeasible, Program


class PlanningModel:
    """Columns and rows of a problem. Raises `Infeasible` where two rulings contradict each other over a venue."""

    def __init__(self, problem: PlanningProblem) -> None:
        self.problem = problem
        self.program = Program()
        self._pin()
        self.sizes = sizes_of(self.free)
        self.bundles = bundles_of(problem, self.sizes)
        self.bundle_of = {topic.key: number for number, one in enumerate(self.bundles) for topic in one.topics}
        self.taught = {topic.key: self.program.column() for topic in problem.topics}
        """Whether a topic is taught."""
        self.gives: dict[tuple[str, int], int] = {}
        """By lecturer and number of a bundle: how many of its topics the one teaches."""
        self.giving: dict[str, list[int]] = defaultdict(list)
        """By lecturer: columns of `gives`."""
        self.comes: dict[tuple[str, int, dt.date], int] = {}
        """By lecturer, size and evening: whether the lecturer teaches a topic without a fixed evening."""
        self.joins: dict[tuple[str, int, dt.date], int] = {}
        """By lecturer, number of a timed bundle and evening: whether the lecturer teaches it then."""
        self.placed: dict[tuple[int, dt.date], int] = {}
        """By number of a timed bundle and evening: whether it is then."""
        self.present: dict[tuple[str, dt.date], list[int]] = defaultdict(list)
        """By lecturer and evening: columns of which at most one is 1."""
        self.held: dict[dt.date, list[tuple[int, bool, int]]] = defaultdict(list)
        """By evening: its lectures as size, whether the venue is pinned, column."""
        for number, bundle in enumerate(self.bundles):
            self._add_bundle(number, bundle)
        self._add_evenings_of_lecturers()
        self._add_limits()
        for ruling in problem.rulings:
            fitting = [(column, 1) for column in self._fitting(ruling)]
            self.program.row(fitting, lower=1 if ruling.wanted else 0, upper=float("inf") if ruling.wanted else 0)

    def _pin(self) -> None:
        """Sittings that a ruling gives to a topic are nobody else's."""
        wanted = {(one.topic, one.sitting) for one in self.problem.rulings if one.topic and one.sitting}
        self.pinned = {topic: self.problem.sitting[sitting] for topic, sitting in wanted}
        taken = {sitting for _, sitting in wanted}
        self.free = [one for one in self.problem.sittings if one.key not in taken]
        if not len(self.pinned) == len(taken) == len(wanted):
            raise Infeasible  # a topic in two venues, or two topics in one

    def _add_bundle(self, number: int, bundle: Bundle) -> None:
        for one in bundle.teachers:
            column = self.gives[one.key, number] = self.program.column(min(one.limit, len(bundle.topics)))
            self.giving[one.key].append(column)
        shares = [(self.gives[one.key, number], 1) for one in bundle.teachers]
        taught = [(self.taught[topic.key], -bundle.first.lecturers) for topic in bundle.topics]
        self.program.row([*shares, *taught], 0, 0)
        if bundle.timed:
            self._add_evenings_of_topic(number, bundle)

    def _evenings_of(self, bundle: Bundle) -> list[dt.date]:
        topic = bundle.first
        if sitting := self.pinned.get(topic.key):
            evenings = [sitting.evening] if sitting.seats >= topic.seats else []
        else:
            evenings = list(self.problem.evenings)
        return [one for one in evenings if topic.evenings is None or one in topic.evenings]

    def _add_evenings_of_topic(self, number: int, bundle: Bundle) -> None:
        program, lecturers = self.program, bundle.first.lecturers
        evenings = self._evenings_of(bundle)
        joins: dict[str, list[tuple[int, int]]] = {one.key: [] for one in bundle.teachers}
        for evening in evenings:
            placed = self.placed[number, evening] = program.column()
            self.held[evening].append((bundle.size, bundle.first.key in self.pinned, placed))
            joining = [one.key for one in bundle.teachers if evening in one.evenings]
            for key in joining:
                column = self.joins[key, number, evening] = program.column()
                self.present[key, evening].append(column)
                joins[key].append((column, 1))
            program.row([*((self.joins[key, number, evening], 1) for key in joining), (placed, -lecturers)], 0, 0)
        on_evenings = [(self.placed[number, evening], 1) for evening in evenings]
        program.row([*on_evenings, (self.taught[bundle.first.key], -1)], 0, 0)
        for key, own in joins.items():
            program.row([*own, (self.gives[key, number], -1)], 0, 0)

    def _add_evenings_of_lecturers(self) -> None:
        """As many evenings as topics, for the topics of each size that aren't timed."""
        topics: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for (lecturer, number), column in self.gives.items():
            if not self.bundles[number].timed:
                topics[lecturer, self.bundles[number].size].append((column, -1))
        for (lecturer, size), given in topics.items():
            own = []
            for evening in self.problem.evenings:
                if evening in self.problem.candidate[lecturer].evenings:
                    column = self.comes[lecturer, size, evening] = self.program.column()
                    self.present[lecturer, evening].append(column)
                    self.held[evening].append((size, False, column))
                    own.append((column, 1))
            self.program.row([*own, *given], 0, 0)

    def _add_limits(self) -> None:
        for columns in self.present.values():
            self.program.row([(column, 1) for column in columns], upper=1)
        for one in self.problem.candidates:
            self.program.row([(column, 1) for column in self.giving[one.key]], upper=one.limit)
        for evening in self.problem.evenings:
            seats = [one.seats for one in self.free if one.evening == evening]
            for size in self.sizes:
                needing = [(one, 1) for needed, pinned, one in self.held[evening] if needed >= size and not pinned]
                self.program.row(needing, upper=sum(one >= size for one in seats))

    def _fitting(self, ruling: Ruling) -> list[int]:
        """Columns that are more than 0 exactly when a lecture fits the ruling."""
        lecturer, evening = ruling.lecturer, ruling.evening
        if ruling.sitting is not None:
            evening = self.problem.sitting[ruling.sitting].evening
            if ruling.evening not in (None, evening):
                return []
        if ruling.topic is not None:
            number = self.bundle_of[ruling.topic]
            if lecturer is None:
                column = self.placed.get((number, evening)) if evening else self.taught[ruling.topic]
            else:
                column = self.joins.get((lecturer, number, evening)) if evening else self.gives.get((lecturer, number))
            return [] if column is None else [column]
        if lecturer is not None:
            return self.present.get((lecturer, evening), []) if evening else self.giving[lecturer]
        return [column for *_, column in self.held[evening]] if evening else []
