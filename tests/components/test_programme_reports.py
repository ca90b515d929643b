"""Reports of the lecture programme: each figure is the length of its list, and both are what a plain count says."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.runtime import Runtime
from academy.faculty import simulated_rows
from academy.faculty import simulation as plainly
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.kinds import PoolState
from academy.faculty.models import TopicRequest
from academy.faculty.reporting import lists
from academy.faculty.reporting.lines import Inquiry, ProgrammeList, select_lines
from academy.faculty.reporting.periods import report_periods
from academy.faculty.rules import ObligationState
from academy.faculty.simulated_school import SimulatedSchool, SimulatedSpell
from academy.library import api as library
from academy.library.models import Category
from academy.people.models import Organisation
from academy.reports import programme
from tests.components.evaluated_lecture import GOOD, NOON, scene
from tests.support import factories as make
from tests.support import faculty as school_rows

FIRST = dt.date(2023, 1, 1)
UNIT = 3
"""Row id of the unit that is reported by itself."""


@pytest.mark.parametrize("seed", [3, pytest.param(11, marks=pytest.mark.thorough)])
def test_figures_are_the_length_of_their_lists_and_a_plain_count(runtime: Runtime, seed: int) -> None:
    school = SimulatedSchool(seed, 3, 18, FIRST).run()
    with runtime.db.begin() as tx:
        simulated_rows.write_rows(tx, school)
        for unit in range(2, 13):
            tx.execute(update(Organisation).where(Organisation.id == unit).values(parent_id=1, path=f"/1/{unit}/"))
    with runtime.db.read() as tx:
        periods = report_periods(tx, school.last)
        chance = random.Random(seed)
        for period in [*periods[:2], *chance.sample(periods[2:], 3)]:
            for on in {period.last, period.first + dt.timedelta(days=chance.randrange(100))}:
                for node in (tx.get_one(Organisation, 1), tx.get_one(Organisation, UNIT)):
                    asked = lists.inquire(tx, node, period.key, school.last, on)
                    _agrees(tx, school, asked)


def _agrees(tx: Tx, school: SimulatedSchool, asked: Inquiry) -> None:
    found = {kind: lists.programme_list(tx, kind, asked) for kind in lists.list_kinds(asked.scope)}
    for one in found.values():
        assert len({line.key for line in one.lines}) == len(one.lines), f"two lines of {one.kind} have one key"
        for figure in one.figures:
            whole = programme.programme_table(one, asked, list(figure.marks))
            assert figure.count == len(list(whole.tables[0].lines)), figure
            assert figure.count == _paged(one, asked, list(figure.marks)), figure
    owed = Counter(next(iter(line.marks & {*ObligationState})) for line in found["owed"].lines)
    assert owed == _plain_owed(school, asked)
    by_unit = Counter(str(line.cells[1]) for line in found["owed"].lines)
    assert by_unit == {str(line.cells[0]): line.cells[1] for line in found["units"].lines}
    for line in found["pool_units"].lines:
        own = select_lines(found["pool"].lines, [f"unit-{line.key}"])
        counts = [len(select_lines(own, [mark])) for mark in ("taught", "silent", "never")]
        assert list(line.cells[1:]) == [len(own), *counts]
    assert round(sum(float(line.cells[-1]) for line in found["hours"].lines) * 10_000) == _plain_parts(school, asked)
    pool = found["pool"]
    assert {mark: len(select_lines(pool.lines, [mark])) for mark in ("taught", "silent", "never")} == _plain_pool(
        school, asked
    )


def _paged(found: ProgrammeList, asked: Inquiry, marks: list[str]) -> int:
    """Lines on all pages together."""
    page = programme.programme_table(found, asked, marks, 1, size=7).tables[0].page
    assert page is not None
    rows = [
        programme.programme_table(found, asked, marks, number, size=7).tables[0].page.rows  # type: ignore[union-attr]
        for number in range(1, page.pages + 1)
    ]
    return sum(len(one) for one in rows)


def _inside(asked: Inquiry, one: SimulatedSpell) -> bool:
    return asked.scope.is_whole or one.unit + 1 == asked.scope.node.id


def _has(one: SimulatedSpell, day: dt.date) -> bool:
    return one.first <= day and (one.end is None or day < one.end)


def _plain_owed(school: SimulatedSchool, asked: Inquiry) -> Counter[str]:
    found: Counter[str] = Counter()
    for level, demand in simulated_rows.demands_in_force(school, asked.on).items():
        for lecturer in range(school.lecturers):
            taught = [
                (one.day, one.tenths * share)
                for one in school.lectures
                for who, share in one.taught
                if who == lecturer and one.day <= asked.on
            ]
            said = plainly._plain(school, lecturer, level, demand, taught, asked.on)
            posts = [one for one in school.posts if one.lecturer == lecturer and one.what == level]
            present = sorted((one for one in posts if _has(one, asked.on)), key=lambda one: one.first)
            if said is not None and _inside(asked, present[-1]):
                found[said.state] += 1
    return found


def _plain_parts(school: SimulatedSchool, asked: Inquiry) -> int:
    return sum(
        one.tenths * share
        for one in school.lectures
        for who, share in one.taught
        if asked.period.first <= one.day <= asked.on
        and (
            asked.scope.is_whole
            or any(_has(post, one.day) and _inside(asked, post) for post in school.posts if post.lecturer == who)
        )
    )


def _plain_pool(school: SimulatedSchool, asked: Inquiry) -> dict[str, int]:
    found = {"taught": 0, "silent": 0, "never": 0}
    for lecturer in range(school.lecturers):
        posts = [one for one in school.posts if one.lecturer == lecturer]
        states = [one.what for one in school.states if one.lecturer == lecturer and _has(one, asked.on)]
        here = asked.scope.is_whole or any(_has(one, asked.on) and _inside(asked, one) for one in posts)
        if states != [PoolState.CONFIRMED] or not here:
            continue
        days = [one.day for one in school.lectures for who, _ in one.taught if who == lecturer and one.day <= asked.on]
        found["taught" if any(day >= asked.period.first for day in days) else "silent"] += 1
        found["never"] += not days
    return found


def _requests(tx: Tx, chance: random.Random, count: int) -> list[tuple[str, dt.date, dt.date | None, bool]]:
    """Topics with a made-up history: state, asked, decided, whether the topic that it was merged into is planned."""
    library.seed_categories(tx)
    category = tx.scalars(select(Category)).first()
    assert category is not None
    made: list[tuple[str, dt.date, dt.date | None, bool]] = []
    roots: list[tuple[TopicRequest, dt.date]] = []
    for number in range(count):
        state = chance.choice(["open", "shortlisted", "planned", "declined", "merged" if roots else "planned"])
        asked = dt.date(2026, 1, 1) + dt.timedelta(days=chance.randrange(140))
        decided = None if state == "open" else asked + dt.timedelta(days=chance.randrange(30))
        root = chance.choice(roots) if state == "merged" else None
        row = TopicRequest(
            key=str(number),
            title=f"题目{number}",
            category_id=category.id,
            state=state,
            created_at=clock.day_bounds(asked)[0],
            decided_at=clock.day_bounds(decided)[0] if decided else None,
            reason="不合适" if state == "declined" else "",
            merged_into_id=root[0].id if root else None,
            state_before_merger="open" if root else None,
        )
        tx.add(row)
        tx.flush()
        if state == "planned" and decided is not None:
            roots.append((row, decided))
        made.append((state, asked, decided, root is not None and root[1] <= dt.date(2026, 5, 20)))
    return made


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_topics_are_reported_as_they_stood_on_the_day(runtime: Runtime, seed: int) -> None:
    on = dt.date(2026, 5, 20)
    with clock.frozen(dt.datetime(2026, 6, 30, 4, tzinfo=dt.UTC)), runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        made = _requests(tx, random.Random(seed), 60)
        asked = lists.inquire(tx, city, "2026", clock.today(), on)
        found = lists.programme_list(tx, "requests", asked)
        until = [one for one in made if one[1] <= on]
        answered = [one for one in until if one[2] is not None and one[2] <= on]
        met = [one for one in answered if one[0] == "planned" or (one[0] == "merged" and one[3])]
        days = sorted((one[2] - one[1]).days for one in answered if one[2])
        half = len(days) // 2
        middle = days[half] if len(days) % 2 else (days[half - 1] + days[half]) / 2
        shown = {str(one.label): (one.count, str(one.value or "")) for one in found.figures}
        assert shown["提出的点单"] == (len(until), "")
        assert shown["已满足"] == (len(met), "")
        assert shown["还没有答复"] == (len(until) - len(answered), "")
        assert shown["答复天数（中位数）"] == (len(answered), f"{middle:g}")


@pytest.mark.parametrize("answers", [0, 4, 5, 7])
def test_marks_of_fewer_than_five_stay_unseen(runtime: Runtime, answers: int) -> None:
    from academy.faculty.evaluations import rounds
    from academy.faculty.kinds import LectureKind

    with clock.frozen(NOON), runtime.db.begin() as tx:
        one = scene(tx, (9,))
        assert one.lecture.kind == LectureKind.FORUM
        made = rounds.open_round(tx, one.office, one.lecture, EvaluationKind.PARTICIPANTS)
        assert made is not None
        for student in one.students[:answers]:
            rounds.answer_round(tx, student, made.public_id, GOOD, {})
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        asked = lists.inquire(tx, node, "", clock.today())
        assert lists.programme_list(tx, "evaluations", asked).lines == [], "an open round is not shown"
        rounds.close_round(tx, made)
        tx.refresh(made)
        found = lists.programme_list(tx, "evaluations", asked)
        (line,) = found.lines
        # One way to state a share, whether it is of one round or of all: two thirds are 66.6% on page and paper.
        assert line.cells[4:7] == (9, answers, answers * 1000 // 9 / 1000)
        assert str(found.figures[1].value) == f"{answers * 1000 // 9 / 10:g}%"
        mean = sum(int(mark) for mark in GOOD.values()) / len(GOOD)
        assert str(line.cells[-1]) == (f"{mean:.2f} / 5" if answers >= 5 else "不足 5 份")
        assert line.marks == {"participants", "shown" if answers >= 5 else "few"}


def test_a_part_of_the_tree_has_no_lists_of_the_school(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county = make.organisation(tx, city, level="county")
        for kind in ("shares", "subjects", "requests", "reviews", "evaluations", "contests"):
            lists.programme_list(tx, kind, lists.inquire(tx, city, "", clock.today()))
            with pytest.raises(NotFound):
                lists.programme_list(tx, kind, lists.inquire(tx, county, "", clock.today()))


def test_a_report_needs_as_many_queries_for_many_as_for_few(
    runtime: Runtime, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    with clock.frozen(NOON), runtime.db.begin() as tx:
        one = scene(tx, (8, 6))
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()

        def read() -> None:
            tx.expire_all()
            lists.programme_report(tx, lists.inquire(tx, node, "2026", clock.today()))

        before = count_queries(read)
        for number in range(12):
            person = school_rows.lecturer(tx, node, "county")
            school_rows.lecture(
                tx,
                one.lecture.term,
                NOON.date() - dt.timedelta(number % 5),
                (person, 1000),
                tenths=10 + number,
                lesson_of=school_rows.training_class(tx, one.lecture.term, node),
            )
        _requests(tx, random.Random(1), 20)
        assert count_queries(read) <= before + 1, "a list of rows needs one query however many there are"
        assert before <= 50


def test_a_day_outside_its_period_asks_for_nothing(runtime: Runtime) -> None:
    """The form keeps the old day when somebody chooses another term."""
    with clock.frozen(NOON), runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        term, today = school_rows.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10)), clock.today()
        for days in range(-400, 400, 7):
            on = today + dt.timedelta(days)
            for key, first, last in (("2026", dt.date(2026, 1, 1), today), (term.public_id, term.first_day, today)):
                asked = lists.inquire(tx, node, key, today, on)
                assert asked.on == (on if first <= on <= last else today)
                assert asked.period.has(asked.on)
