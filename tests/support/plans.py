"""Planning problems by chance, and two plain ways to solve them: every plan there is, and one choice after another."""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import combinations

from academy.faculty.planning.problem import (
    Candidate,
    Duty,
    PlannedLecture,
    PlannedTopic,
    PlanningProblem,
    Ruling,
    Sitting,
)
from academy.faculty.planning.score import Score, score, violations

FIRST = dt.date(2026, 9, 9)
YEAR_END = dt.date(2026, 12, 31)
NEXT_TERM = dt.date(2027, 3, 3)


def wednesdays(number: int, first: dt.date = FIRST) -> list[dt.date]:
    return [first + dt.timedelta(days=7 * week) for week in range(number)]


def city(chance: random.Random, lecturers: int = 150, topics: int = 600, evenings: int = 20) -> PlanningProblem:
    """A term as a city has it: the twenty municipal leaders owe a lecture, a third of the others as well."""
    days = wednesdays(evenings)
    subjects = [f"方向{number}" for number in range(24)]

    def candidate(number: int) -> Candidate:
        municipal = number < 20
        due = dt.date(2028, 12, 31) if not municipal and chance.random() < 0.4 else YEAR_END
        owes = municipal or chance.random() < 0.35
        return Candidate(
            key=f"l{number:03}",
            name=f"讲师{number}",
            subjects=tuple(chance.sample(subjects, chance.choice([1, 2, 2, 3]))),
            evenings=frozenset(day for day in days if chance.random() < 0.4),
            limit=chance.choice([1, 1, 2, 3]),
            taught=chance.choice([0, 0, 1]),
            level="municipal" if municipal else "county",
            duties=(Duty(f"d{number}", dt.date(2026, 1, 1), due),) if owes else (),
        )

    def topic(number: int) -> PlannedTopic:
        return PlannedTopic(
            key=f"t{number:03}",
            title=f"题目{number}",
            subject=chance.choice(subjects),
            voices=min(400, int(chance.paretovariate(1.2))) + chance.randrange(5),
            demanded=chance.random() < 0.04,
            lecturers=2 if chance.random() < 0.05 else 1,
            seats=chance.choice([0, 40, 80, 150]),
            levels=frozenset({"municipal"}) if chance.random() < 0.03 else frozenset(),
            evenings=frozenset(chance.sample(days, min(6, evenings))) if chance.random() < 0.05 else None,
        )

    venues = [("报告厅", 200), ("一号教室", 80), ("二号教室", 50)]
    sittings = tuple(Sitting(f"{day}-{name}", day, seats, name) for day in days for name, seats in venues)
    return PlanningProblem(
        tuple(candidate(number) for number in range(lecturers)),
        tuple(topic(number) for number in range(topics)),
        sittings,
        NEXT_TERM,
    )


def small(chance: random.Random, *, rulings: bool = True) -> PlanningProblem:
    """A problem small enough to try every plan, with all that makes one hard: ties, contradictions, nothing at all."""
    days = wednesdays(chance.choice([1, 2, 3, 3]), dt.date(2026, 12, 23))
    subjects = ["甲", "乙"][: chance.randint(1, 2)]
    sittings = tuple(
        Sitting(f"{day}-{number}", day, chance.choice([30, 60]))
        for day in days
        for number in range(chance.choice([0, 1, 1, 2, 2]))
    )
    candidates = tuple(
        Candidate(
            key=f"l{number}",
            name=f"讲师{number}",
            subjects=tuple(chance.sample(subjects, chance.randint(1, len(subjects)))),
            evenings=frozenset(day for day in days if chance.random() < 0.7),
            limit=chance.randint(0, 2),
            taught=chance.randint(0, 2),
            level=chance.choice(["a", "b"]),
            duties=tuple(_duty(chance, number, order) for order in range(chance.choice([0, 0, 1, 1, 2]))),
        )
        for number in range(chance.choice([0, 2, 3, 3, 4]))
    )
    topics = tuple(
        PlannedTopic(
            key=f"t{number}",
            title=f"题目{number}",
            subject=chance.choice(subjects),
            voices=chance.randint(0, 4),
            demanded=chance.random() < 0.2,
            lecturers=chance.choice([1, 1, 1, 2]),
            seats=chance.choice([0, 0, 40, 90] if chance.random() < 0.3 else [0, 40]),
            levels=frozenset("a") if chance.random() < 0.15 else frozenset(),
            evenings=frozenset(chance.sample(days, 1)) if chance.random() < 0.2 else None,
        )
        for number in range(chance.choice([0, 2, 3, 4, 4]))
    )
    problem = PlanningProblem(candidates, topics, sittings, NEXT_TERM)
    previous = chance.choice(list(feasible(problem))[:50]) if chance.random() < 0.4 else ()
    decided = tuple(_rulings(chance, problem)) if rulings else ()
    return PlanningProblem(candidates, topics, sittings, NEXT_TERM, decided, previous)


def _duty(chance: random.Random, number: int, order: int) -> Duty:
    since = chance.choice([dt.date(2026, 1, 1), dt.date(2027, 1, 1)])
    due = chance.choice([YEAR_END, dt.date(2027, 2, 28), dt.date(2028, 12, 31)])
    return Duty(f"d{number}-{order}", since, max(since, due), chance.choice([1, 1, 2]))


def _rulings(chance: random.Random, problem: PlanningProblem) -> Iterator[Ruling]:
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        topic = chance.choice([None, *(one.key for one in problem.topics)])
        lecturer = chance.choice([None, *(one.key for one in problem.candidates)])
        evening = chance.choice([None, *problem.evenings])
        wanted = chance.random() < 0.6
        sitting = None
        if topic and wanted and problem.sittings and chance.random() < 0.3:
            sitting = chance.choice(problem.sittings).key
        if topic or lecturer or evening:
            yield Ruling(topic, lecturer, evening, sitting, wanted)


def feasible(problem: PlanningProblem) -> Iterator[tuple[PlannedLecture, ...]]:
    """Every plan of a small problem, rulings aside."""

    def extend(
        chosen: tuple[PlannedLecture, ...], left: tuple[PlannedTopic, ...]
    ) -> Iterator[tuple[PlannedLecture, ...]]:
        if not left:
            yield chosen
            return
        topic, *others = left
        yield from extend(chosen, tuple(others))
        for one in possible(problem, topic):
            if not [each for each in violations(problem, (*chosen, one)) if each.rule != "ruling"]:
                yield from extend((*chosen, one), tuple(others))

    return extend((), problem.topics)


def possible(problem: PlanningProblem, topic: PlannedTopic) -> Iterator[PlannedLecture]:
    """Every lecture that the topic could be by itself, in a fixed order."""
    for sitting in problem.sittings:
        for lecturers in combinations(sorted(one.key for one in problem.teachers[topic.key]), topic.lecturers):
            yield PlannedLecture(sitting.evening, sitting.key, topic.key, lecturers)


def brute_force(problem: PlanningProblem) -> Score | None:
    """The least score of all plans; None where no plan has what the rulings demand."""
    return min(
        (score(problem, plan) for plan in feasible(problem) if not violations(problem, plan)),
        default=None,
    )


def greedy(problem: PlanningProblem) -> tuple[PlannedLecture, ...]:
    """A plan as one makes it by hand: those who owe a lecture first, then the topics most asked for; each gets the
    first sitting and the first lecturers that will do. Knows no rulings."""
    chosen: list[PlannedLecture] = []
    used: set[str] = set()
    busy: set[tuple[str, dt.date]] = set()
    given: dict[str, int] = {}
    owing = {one.key for one, _ in problem.pressing}

    def place(topic: PlannedTopic, only: set[str] | None) -> bool:
        for sitting in problem.sittings:
            if sitting.key in used or sitting.seats < topic.seats:
                continue
            if topic.evenings is not None and sitting.evening not in topic.evenings:
                continue
            able = [
                one.key
                for one in problem.teachers[topic.key]
                if sitting.evening in one.evenings
                and (one.key, sitting.evening) not in busy
                and given.get(one.key, 0) < one.limit
            ]
            if len(able) < topic.lecturers or (only is not None and not only & set(able)):
                continue
            able.sort(key=lambda key: only is not None and key not in only)
            lecturers = tuple(sorted(able[: topic.lecturers]))
            chosen.append(PlannedLecture(sitting.evening, sitting.key, topic.key, lecturers))
            used.add(sitting.key)
            for key in lecturers:
                busy.add((key, sitting.evening))
                given[key] = given.get(key, 0) + 1
                owing.discard(key)
            return True
        return False

    left = sorted(problem.topics, key=lambda one: (not one.demanded, -one.voices, one.key))
    for one in [one for one in problem.candidates if one.key in owing]:
        mine = [topic for topic in left if one.key in owing and one in problem.teachers[topic.key]]
        taken = next((topic for topic in mine if place(topic, {one.key})), None)
        if taken:
            left.remove(taken)
    for topic in left:
        place(topic, None)
    return tuple(sorted(chosen))
