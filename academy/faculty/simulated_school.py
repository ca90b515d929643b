"""Some years of a made-up school: what happened, kept as a diary of days, and the rows that say the same.

The diary holds sets of days and lists of lectures; it knows no period, rule or query. `simulation` compares both.
"""

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from academy.faculty.kinds import LecturerLevel

DAY = dt.timedelta(days=1)
LEVELS = (LecturerLevel.MUNICIPAL, LecturerLevel.COUNTY_FIRST, LecturerLevel.COUNTY, LecturerLevel.OTHER)
OFF = ((1, 1, 3), (2, 10, 8), (4, 4, 3), (5, 1, 5), (6, 10, 3), (9, 17, 3), (10, 1, 7))
"""Month, day and length of days off; a notice moves them by some days every year."""


@dataclass
class DiaryLecture:
    """A lecture as it went: `taught` are lecturer and share of those who taught."""

    day: dt.date
    term: int
    class_number: int | None
    tenths: int
    state: str
    taught: list[tuple[int, int]] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    substituted: bool = False


@dataclass
class SimulatedSpell:
    """A post (unit and level) or a state of the pool of one lecturer, with its days."""

    lecturer: int
    what: str
    unit: int
    first: dt.date
    end: dt.date | None = None


@dataclass
class SimulatedSchool:
    """What happened from `first` to `last`. Lecturers, terms, classes and units are counted from 0."""

    seed: int
    years: int
    lecturers: int
    first: dt.date
    terms: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    notices: list[tuple[dt.date, dt.date, str]] = field(default_factory=list)
    off: set[dt.date] = field(default_factory=set)
    main_classes: dict[int, bool] = field(default_factory=dict)
    class_terms: dict[int, int] = field(default_factory=dict)
    lectures: list[DiaryLecture] = field(default_factory=list)
    posts: list[SimulatedSpell] = field(default_factory=list)
    states: list[SimulatedSpell] = field(default_factory=list)
    holds: dict[tuple[int, str], set[dt.date]] = field(default_factory=lambda: defaultdict(set))
    rests: dict[int, set[dt.date]] = field(default_factory=lambda: defaultdict(set))
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def last(self) -> dt.date:
        """The last simulated day."""
        return dt.date(self.first.year + self.years - 1, 12, 31)

    def days(self) -> Iterator[dt.date]:
        """Every simulated day."""
        day = self.first
        while day <= self.last:
            yield day
            day += DAY

    def run(self) -> "SimulatedSchool":
        """Let it happen."""
        chance = random.Random(self.seed)  # noqa: S311
        self._calendar(chance)
        self._people(chance)
        self._teaching(chance)
        return self

    def _calendar(self, chance: random.Random) -> None:
        for year in range(self.first.year, self.last.year + 1):
            self.counts["leap_days"] += (dt.date(year, 3, 1) - DAY).day == 29
            self.terms.append((dt.date(year, 2, 20), dt.date(year, 7, 10)))
            # Across the change of the year.
            self.terms.append((dt.date(year, 9, 1), dt.date(year + 1, 1, 15)))
            for month, day, length in OFF:
                first = dt.date(year, month, day) + DAY * chance.randrange(-4, 5)
                if chance.random() < 0.3:
                    # The notice was corrected after it had been published.
                    first += DAY * chance.randrange(1, 6)
                    self.counts["moved_holidays"] += 1
                span = [first + DAY * place for place in range(length)]
                self.notices.append((span[0], span[-1], "off"))
                self.off |= set(span)
                if chance.random() < 0.4:
                    worked = chance.choice(span)
                    self.notices.append((worked, worked, "working"))
        for first, last, kind in self.notices:
            if kind == "working":
                self.off -= {first + DAY * place for place in range((last - first).days + 1)}

    def _people(self, chance: random.Random) -> None:
        for lecturer in range(self.lecturers):
            levels = [chance.choices(LEVELS, (10, 20, 90, 30))[0]]
            if chance.random() < 0.1:
                levels.append(chance.choice(LEVELS))
            for level in dict.fromkeys(levels):
                self._posts_of(chance, lecturer, level)
            self._states_of(chance, lecturer)

    def _posts_of(self, chance: random.Random, lecturer: int, level: LecturerLevel) -> None:
        """Posts of one level, one after another, some with days between, some ended for good."""
        day = self.first if chance.random() < 0.6 else self._some_day(chance)
        while day <= self.last:
            end = day + DAY * chance.randrange(20, 2000) if chance.random() < 0.6 else None
            if end is not None and end > self.last:
                end = None
            self.posts.append(SimulatedSpell(lecturer, level, chance.randrange(12), day, end))
            until = end or self.last + DAY
            while day < until:
                self.holds[lecturer, level].add(day)
                day += DAY
            if end is None or chance.random() < 0.2:
                return
            self.counts["changes_of_post"] += 1
            day = end if chance.random() < 0.6 else end + DAY * chance.randrange(1, 200)

    def _states_of(self, chance: random.Random, lecturer: int) -> None:
        day, state = self.first, "confirmed"
        while True:
            end = day + DAY * (chance.randrange(1, 400) if state == "resting" else chance.randrange(100, 3000))
            is_last = end > self.last or state == "left"
            self.states.append(SimulatedSpell(lecturer, state, 0, day, None if is_last else end))
            if state != "confirmed":
                self.counts["rests"] += 1
                until = self.last + DAY if is_last else end
                self.rests[lecturer] |= {day + DAY * place for place in range((until - day).days)}
            if is_last:
                return
            day = end
            state = "confirmed" if state == "resting" else chance.choices(("resting", "left"), (9, 1))[0]

    def _some_day(self, chance: random.Random) -> dt.date:
        # Leap days more often than they come.
        leap = [dt.date(year, 3, 1) - DAY for year in range(self.first.year, self.last.year + 1)]
        if chance.random() < 0.1:
            return chance.choice(leap)
        return self.first + DAY * chance.randrange((self.last - self.first).days)

    def _teaching(self, chance: random.Random) -> None:
        classes = 0
        for number, (first, end) in enumerate(self.terms):
            day, last = first, min(end, self.last)
            while day <= last:
                if day.weekday() == 2 and day not in self.off:
                    self._lecture(chance, day, number, None)
                day += DAY
            for _ in range(8):
                self.main_classes[classes], self.class_terms[classes] = chance.random() < 0.7, number
                for _lesson in range(20):
                    day = first + DAY * chance.randrange((last - first).days + 1)
                    self._lecture(chance, day, number, classes)
                classes += 1

    def _lecture(self, chance: random.Random, day: dt.date, term: int, class_number: int | None) -> None:
        how_many = chance.choices((1, 2, 3), (80, 15, 5))[0]
        picked = chance.sample(range(self.lecturers), min(how_many, self.lecturers))
        lecture = DiaryLecture(day, term, class_number, chance.choice((10, 15, 20, 20, 20, 25, 40)), "held")
        luck = chance.random()
        if luck < 0.05:
            lecture.state, lecture.absent = "no_show", picked
            self.counts["no_shows"] += 1
        elif luck < 0.1:
            lecture.state = "cancelled"
        else:
            if luck < 0.15 and len(picked) > 1:
                lecture.absent, picked = picked[:1], picked[1:]
                lecture.substituted = True
                self.counts["substitutes"] += 1
            cuts = sorted(chance.sample(range(1, 1000), len(picked) - 1))
            shares = [after - before for before, after in zip([0, *cuts], [*cuts, 1000], strict=True)]
            lecture.taught = list(zip(picked, shares, strict=True))
            self.counts["co_taught"] += len(picked) > 1
        self.counts["lectures"] += 1
        self.lectures.append(lecture)
