"""What the planner is given and what it gives back: lecturers, topics, sittings, rulings, assignments.

Pure data with text keys; nothing here knows the database. Holidays have been taken out of the sittings before.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Duty:
    """An obligation that is still open: so many more lectures between two days, both included."""

    key: str
    since: dt.date
    due: dt.date
    lectures: int = 1

    def counts(self, evening: dt.date) -> bool:
        """Whether a lecture on that evening is one of those owed."""
        return self.since <= evening <= self.due


@dataclass(frozen=True)
class Candidate:
    """A lecturer who consents to teach in the term."""

    key: str
    name: str
    subjects: tuple[str, ...]
    """Subjects that the lecturer teaches, the main ones first."""
    evenings: frozenset[dt.date]
    """Evenings on which the lecturer can come."""
    limit: int = 1
    """The most lectures that the lecturer gives in the term."""
    main: int = 1
    """How many of them are main ones."""
    taught: int = 0
    """Lectures already given in the year of the plan; fewer come first."""
    level: str = ""
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True)
class PlannedTopic:
    """A topic that was asked for, or that the teaching plan demands."""

    key: str
    title: str
    subject: str
    voices: int = 0
    """How many people asked for it. It guides planning and nothing else."""
    classes: tuple[str, ...] = ()
    """Names of the classes that asked for it."""
    demanded: bool = False
    """Whether the term's teaching plan demands it."""
    lecturers: int = 1
    """How many teach it together."""
    seats: int = 0
    """The least number of seats that it needs."""
    levels: frozenset[str] = frozenset()
    """Levels of lecturers who may teach it; empty: any."""
    evenings: frozenset[dt.date] | None = None
    """The only evenings on which it can be taught; None: any."""


@dataclass(frozen=True)
class Sitting:
    """One venue on one evening: at most one lecture."""

    key: str
    evening: dt.date
    seats: int
    venue: str = ""


@dataclass(frozen=True)
class Ruling:
    """What people decided before the planner: an assignment that fits every part given must, or must not, exist.

    Raises `ValueError` for a ruling without parts, and for a sitting without a topic or that is to stay free of one.
    """

    topic: str | None = None
    lecturer: str | None = None
    evening: dt.date | None = None
    sitting: str | None = None
    wanted: bool = True

    def __post_init__(self) -> None:
        if self.topic is None and self.lecturer is None and self.evening is None:
            raise ValueError("a ruling names a topic, a lecturer or an evening")
        if self.sitting is not None and (self.topic is None or not self.wanted):
            raise ValueError("a sitting is decided for a topic that is wanted")

    def fits(self, one: "PlannedLecture") -> bool:
        """Whether the lecture has every part that the ruling names."""
        return (
            self.topic in (None, one.topic)
            and (self.lecturer is None or self.lecturer in one.lecturers)
            and self.evening in (None, one.evening)
            and self.sitting in (None, one.sitting)
        )


@dataclass(frozen=True, order=True)
class PlannedLecture:
    """One decision: who teaches what on which evening, where."""

    evening: dt.date
    sitting: str
    topic: str
    lecturers: tuple[str, ...]
    """Sorted keys; as many as the topic demands."""


@dataclass(frozen=True)
class PlanningProblem:
    """A term to plan. Keys are unique within each kind; raises `ValueError` where they are not, or name nothing."""

    candidates: tuple[Candidate, ...]
    topics: tuple[PlannedTopic, ...]
    sittings: tuple[Sitting, ...]
    next_term: dt.date
    """First evening after the term that could be planned; what is due before it slips when this plan leaves it."""
    rulings: tuple[Ruling, ...] = ()
    previous: tuple[PlannedLecture, ...] = field(default=())
    """The draft before this one; between equal plans the one that changes least is taken."""

    def __post_init__(self) -> None:
        for kind in (self.candidates, self.topics, self.sittings):
            if len({one.key for one in kind}) != len(kind):
                raise ValueError("keys are unique within their kind")
        for ruling in self.rulings:
            known = (ruling.topic, self.topic), (ruling.lecturer, self.candidate), (ruling.sitting, self.sitting)
            if any(key is not None and key not in kind for key, kind in known):
                raise ValueError("a ruling names what is not there")

    @cached_property
    def candidate(self) -> dict[str, Candidate]:
        """Lecturers by key."""
        return {one.key: one for one in self.candidates}

    @cached_property
    def topic(self) -> dict[str, PlannedTopic]:
        """Topics by key."""
        return {one.key: one for one in self.topics}

    @cached_property
    def sitting(self) -> dict[str, Sitting]:
        """Sittings by key."""
        return {one.key: one for one in self.sittings}

    @cached_property
    def evenings(self) -> tuple[dt.date, ...]:
        """The evenings on which there is a sitting, in order."""
        return tuple(sorted({one.evening for one in self.sittings}))

    @cached_property
    def pressing(self) -> tuple[tuple[Candidate, Duty], ...]:
        """Obligations that slip unless this plan meets them, with who owes them."""
        return tuple((one, duty) for one in self.candidates for duty in one.duties if duty.due < self.next_term)

    @cached_property
    def _allowed(self) -> frozenset[tuple[str, str]]:
        """Pairs of lecturer and topic that people decided although the subject is another."""
        pairs = {(one.lecturer, one.topic) for one in self.rulings if one.wanted and one.lecturer and one.topic}
        return frozenset((lecturer, topic) for lecturer, topic in pairs if lecturer and topic)

    def misfit(self, candidate: Candidate, topic: PlannedTopic) -> int | None:
        """How far the topic is from what the lecturer teaches: 0 main subject, 1 another of theirs, 2 neither, by a
        ruling. None: the lecturer can't be given it."""
        if topic.subject in candidate.subjects and (not topic.levels or candidate.level in topic.levels):
            return int(candidate.subjects.index(topic.subject) >= candidate.main)
        return 2 if (candidate.key, topic.key) in self._allowed else None

    @cached_property
    def teachers(self) -> dict[str, list[Candidate]]:
        """By topic: who can be given it, the nearest subject first, then by the order of the lecturers."""
        by_subject: dict[str, list[Candidate]] = defaultdict(list)
        for one in self.candidates:
            for subject in dict.fromkeys(one.subjects):
                by_subject[subject].append(one)
        found: dict[str, list[Candidate]] = {}
        for topic in self.topics:
            others = [self.candidate[lecturer] for lecturer, named in sorted(self._allowed) if named == topic.key]
            able = {one.key: one for one in [*by_subject[topic.subject], *others]}.values()
            rated = [(fit, one) for one in able if (fit := self.misfit(one, topic)) is not None]
            found[topic.key] = [one for _, one in sorted(rated, key=lambda pair: pair[0])]
        return found


def by_evening(lectures: Iterable[PlannedLecture]) -> dict[dt.date, list[PlannedLecture]]:
    """Lectures by the evening they are on."""
    found: dict[dt.date, list[PlannedLecture]] = defaultdict(list)
    for one in lectures:
        found[one.evening].append(one)
    return found


def by_lecturer(lectures: Iterable[PlannedLecture]) -> dict[str, list[PlannedLecture]]:
    """Lectures by who teaches them; one that several teach stands with each."""
    found: dict[str, list[PlannedLecture]] = defaultdict(list)
    for one in lectures:
        for lecturer in one.lecturers:
            found[lecturer].append(one)
    return found
