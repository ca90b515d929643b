"""The leaders' lecture programme of the sample city: a pool of 150, terms with holidays, classes, lectures that were
held, missed or shared, and leaders who are overdue.

Days are counted from today, so that the city always stands in the middle of a term or between two.
"""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable

from sqlalchemy import delete, select, update

from academy.classes import api as classes
from academy.classes.api import HolidayDates, HolidayKind, TermDates
from academy.classes.models import Classroom, TeachingTerm, TrainingClass
from academy.cli.sample import names
from academy.cli.sample.people import City, Node
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.faculty import api as faculty
from academy.faculty.models import (
    AvailabilityWindow,
    LectureEvidence,
    LecturerConsent,
    LecturerPost,
    LecturerSubject,
    LectureTeacher,
    ObligationRule,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    ShareRule,
)
from academy.library.models import Category, Lecturer

LECTURERS, GUESTS = 150, 12
"""Lecturers of the pool, and how many of them hold no leading post."""
MUNICIPAL = ("市委书记", "市长", "市委副书记", "市委组织部部长", "市委宣传部部长", "市纪委书记", "常务副市长", "副市长")
FIRST = ("{name}委书记", "{name}{rank}长")
DEPARTMENTS = (
    *("{name}委组织部部长", "{name}委宣传部部长", "{name}委政法委书记", "{name}副{rank}长", "{name}委统战部部长"),
    *("{name}农业农村局局长", "{name}财政局局长", "{name}教育局局长", "{name}卫生健康局局长", "{name}住建局局长"),
)
"""Titles; `rank` is what the county is."""
TEACHERS = ("市委党校教授", "市委党校副教授", "市农科院研究员", "云溪学院教授")
TOPICS = (
    ("village", "把产业留在村里：三个镇的办法"),
    ("governance", "网格怎样管到最后一米"),
    ("integrity", "从十个案例看小微权力"),
    ("theory", "实事求是的工作方法"),
    ("economy", "县域经济怎么算账"),
    ("law", "依法行政的五条底线"),
    ("history", "云溪的红色记忆"),
    ("skills", "做群众工作的基本功"),
    ("constitution", "党章里的支部工作"),
    ("models", "一个好支书带出一个好村"),
)
CLASSES = (
    ("新任党组织书记培训班", True, 84),
    ("县处级干部进修班", True, 40),
    ("中青年干部培训班", True, 45),
    ("农村致富带头人示范班", False, 120),
)
FESTIVALS = (
    ("元旦", 1, 1, 3),
    ("清明节", 4, 4, 3),
    ("劳动节", 5, 1, 5),
    ("端午节", 6, 18, 3),
    ("中秋节", 9, 25, 3),
    ("国庆节", 10, 1, 7),
)
LESSONS = 24
"""Lessons of a class in a term."""
LESSONS_AT = (8 * 60 + 30, 10 * 60 + 20, 14 * 60 + 30, 19 * 60)
"""Minutes after midnight of each class's lessons: hours of its own, so that a lecturer is seldom in two places; what
keeps villagers from their fields begins in the evening."""
LEADING = 22
"""Of a hundred lessons in main classes so many are taught by leaders."""
TOGETHER, MISSED = 0.12, 0.015
"""Shares of lessons that two teach together, and of lectures to which nobody came."""
AHEAD, NOT_ENTERED = dt.timedelta(days=28), dt.timedelta(days=3)
"""How far ahead lectures are planned, and how long it takes until they are entered."""


@dataclasses.dataclass
class Pool:
    """Row ids of the lecturers of the sample, by what they are."""

    municipal: list[int]
    first: list[int]
    county: list[int]
    teachers: list[int]

    @property
    def leaders(self) -> list[int]:
        """Everybody whose hours count in the leaders' share."""
        return self.municipal + self.first + self.county


@dataclasses.dataclass(frozen=True)
class Entry:
    """What every row needs: who entered it, on which day, with which lots, and what it refers to."""

    city: City
    office: int
    today: dt.date
    lot: random.Random
    categories: dict[str, int]
    hall: Classroom


def make_faculty(tx: Tx, city: City, office: int, lot: random.Random, report: Callable[[str], None]) -> None:
    """Insert the programme; `office` is the account that entered it."""
    today = clock.today()
    categories = {row.slug: row.id for row in tx.scalars(select(Category))}
    _rules(tx, today)
    terms = _calendar(tx, today)
    halls = [classes.add_classroom(tx, SYSTEM, name=name, seats=seats, address="市委党校") for name, seats in _HALLS]
    entry = Entry(city, office, today, lot, categories, halls[0])
    pool = _pool(tx, entry)
    lectures = sum(_term(tx, pool, term, entry) for term in terms)
    tx.flush()
    report(f"{LECTURERS} lecturers of the leaders' programme, {lectures} lectures")


_HALLS = (("第一报告厅", 260), ("第二教室", 60), ("第三教室", 60), ("第五教室", 120))


def _rules(tx: Tx, today: dt.date) -> None:
    """The usual rules, in force for some years."""
    tx.execute(delete(ObligationRule))
    tx.execute(delete(ShareRule))
    faculty.seed_rules(tx)
    for level, years in (("municipal", 2), ("county_first", 7)):
        since = dt.date(today.year - years, 1, 1)
        rule = update(ObligationRule).where(ObligationRule.level == level)
        tx.execute(rule.values(valid_from=since, counts_from=since))
    tx.execute(update(ShareRule).values(valid_from=dt.date(today.year - 2, 1, 1)))
    tx.flush()


def _pool(tx: Tx, entry: Entry) -> Pool:
    city = entry.city
    pool = Pool([], [], [], [])
    plans: list[tuple[list[int], str, int, str]] = [
        (pool.municipal, title, city.root.id, "municipal") for title in MUNICIPAL
    ]
    plans += [
        (pool.first, _titled(title, county), county.id, "county_first") for county in city.counties for title in FIRST
    ]
    posts = [(title, county) for title in DEPARTMENTS for county in city.counties]
    wanted = LECTURERS - GUESTS - len(plans)
    plans += [(pool.county, _titled(title, county), county.id, "county") for title, county in posts[:wanted]]
    plans += [(pool.teachers, TEACHERS[n % len(TEACHERS)], city.root.id, "other") for n in range(GUESTS)]
    for kept, title, unit, level in plans:
        kept.append(_lecturer(tx, title, unit, level, entry))
    return pool


def _titled(title: str, county: Node) -> str:
    name = county.name.removeprefix("中共").removesuffix("委员会")
    return title.format(name=name, rank=name[-1])


def _lecturer(tx: Tx, title: str, unit: int, level: str, entry: Entry) -> int:
    """One lecturer with post, state, consents, subjects and hours."""
    lot, office, today = entry.lot, entry.office, entry.today
    person = Lecturer(name=names.person(lot)[0], office=title, is_leader=level in {"municipal", "county_first"})
    tx.add(person)
    tx.flush()
    since = today - dt.timedelta(days=lot.randrange(200, 2700))
    tx.add(
        LecturerPost(
            lecturer_id=person.id, organisation_id=unit, level=level, title=title, valid_from=since, entered_by=office
        )
    )
    _states(tx, person.id, since, entry)
    for kind, chance in (("teach", 0.95), ("record", 0.7), ("publish", 0.55)):
        if lot.random() < chance:
            day = min(since + dt.timedelta(days=40), today)
            number = f"同意书 {lot.randrange(1, 400)} 号"
            tx.add(LecturerConsent(lecturer_id=person.id, kind=kind, given_on=day, evidence=number, entered_by=office))
    for category in lot.sample(sorted(entry.categories.values()), lot.choice((1, 2, 2, 3))):
        tx.add(LecturerSubject(lecturer_id=person.id, category_id=category))
    if lot.random() < 0.3:
        tx.add(AvailabilityWindow(lecturer_id=person.id, weekday=2, from_minute=17 * 60, to_minute=21 * 60))
    return person.id


def _states(tx: Tx, lecturer_id: int, since: dt.date, entry: Entry) -> None:
    lot, today = entry.lot, entry.today
    first = since + dt.timedelta(days=10)
    steps = [("invited", first), ("confirmed", first + dt.timedelta(days=15))]
    luck = lot.random()
    if luck < 0.05:
        steps = [("invited", today - dt.timedelta(days=12))]
    elif luck < 0.1:
        steps.append(("resting", today - dt.timedelta(days=lot.randrange(20, 120))))
    membership = PoolMembership(lecturer_id=lecturer_id, state=steps[-1][0], most_per_term=lot.choice((None, 2, 3, 4)))
    tx.add(membership)
    tx.flush()
    for place, (state, begin) in enumerate(steps):
        end = steps[place + 1][1] if place + 1 < len(steps) else None
        note = "赴外学习" if state == "resting" else ""
        tx.add(
            PoolSpell(
                membership_id=membership.id,
                state=state,
                valid_from=begin,
                valid_to=end,
                note=note,
                decided_by=entry.office,
            )
        )
    tx.flush()


def _calendar(tx: Tx, today: dt.date) -> list[TeachingTerm]:
    """The term around today, the one before and the one to come, and the notices of the years that they touch."""
    for year in range(today.year - 1, today.year + 2):
        for name, month, day, length in FESTIVALS:
            first = dt.date(year, month, day)
            last = first + dt.timedelta(days=length - 1)
            classes.add_holiday(tx, SYSTEM, HolidayDates(name, first, last, HolidayKind.OFF))
            if length >= 5:
                worked = last + dt.timedelta(days=(5 - last.weekday()) % 7 or 7)
                classes.add_holiday(tx, SYSTEM, HolidayDates(f"{name}调休", worked, worked, HolidayKind.WORKING))
    autumn, spring = dt.date(today.year, 8, 20), dt.date(today.year, 2, 1)
    season = 1 if today >= autumn or today < spring else 0
    year = today.year if today >= spring else today.year - 1
    numbered = [2 * year + season + step for step in (-1, 0, 1)]
    return [classes.add_term(tx, SYSTEM, _dates(*divmod(number, 2))) for number in numbered]


def _dates(year: int, season: int) -> TermDates:
    if season:
        return TermDates(f"{year} 年秋季学期", dt.date(year, 9, 1), dt.date(year + 1, 1, 20), 2, 18 * 60)
    return TermDates(f"{year} 年春季学期", dt.date(year, 2, 24), dt.date(year, 7, 12), 2, 18 * 60)


def _term(tx: Tx, pool: Pool, term: TeachingTerm, entry: Entry) -> int:
    """The lectures of a term: the forum up to a month ahead, the classes with their lessons."""
    made = 0
    speakers = pool.municipal[:6] * 4 + pool.first[:18] + pool.county[:20]
    for number, evening in enumerate(classes.term_evenings(tx, term)):
        if evening.day <= entry.today + AHEAD:
            _lecture(tx, term, None, (evening.day, term.forum_minute), [entry.lot.choice(speakers)], entry, number)
            made += 1
    for place, (name, is_main, seats) in enumerate(CLASSES):
        lesson_of = _class(tx, term, name, (is_main, seats), place, entry)
        for number, day in enumerate(_lesson_days(tx, lesson_of)):
            if day <= entry.today + AHEAD:
                teachers = _teachers(pool, number, place, entry.lot, is_main=is_main)
                _lecture(tx, term, lesson_of, (day, LESSONS_AT[place]), teachers, entry, number + place)
                made += 1
    return made


def _class(tx: Tx, term: TeachingTerm, name: str, kind: tuple[bool, int], place: int, entry: Entry) -> TrainingClass:
    earliest = term.first_day + dt.timedelta(days=10 * (place + 1))
    first = _working_days(tx, earliest, earliest + dt.timedelta(days=14))[0]
    last = min(first + dt.timedelta(days=LESSONS * 3), term.last_day)
    made = TrainingClass(
        term_id=term.id,
        name=f"{term.name.removesuffix('学期')}{name}",
        is_main=kind[0],
        organisation_id=entry.city.root.id,
        first_day=first,
        last_day=last,
        seats=kind[1],
        state="closed" if last < entry.today else "open" if first <= entry.today else "planned",
        created_by=entry.office,
    )
    tx.add(made)
    tx.flush()
    return made


def _lesson_days(tx: Tx, lesson_of: TrainingClass) -> list[dt.date]:
    """Every other working day of a class."""
    return _working_days(tx, lesson_of.first_day, lesson_of.last_day)[::2][:LESSONS]


def _working_days(tx: Tx, first: dt.date, last: dt.date) -> list[dt.date]:
    off = [one for one in classes.list_holidays(tx, first, last) if one.kind == HolidayKind.OFF]
    days = (first + dt.timedelta(n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and not any(o.first_day <= day <= o.last_day for o in off)]


def _teachers(pool: Pool, number: int, place: int, lot: random.Random, *, is_main: bool) -> list[int]:
    # Classes begin at different places of the hundred, or each of them would round the same way.
    leads = (number * LEADING + 30 * place) % 100 < LEADING if is_main else number % 8 == 0
    found = [lot.choice(pool.leaders if leads else pool.teachers)]
    if lot.random() < TOGETHER:
        found.append(lot.choice([one for one in pool.teachers if one not in found]))
    return found


def _lecture(
    tx: Tx,
    term: TeachingTerm,
    lesson_of: TrainingClass | None,
    when: tuple[dt.date, int],
    teachers: list[int],
    entry: Entry,
    number: int,
) -> None:
    """One lecture: held in the past, but for a few to which nobody came; the last days are not entered yet."""
    day, minute = when
    slug, title = TOPICS[(number * 7 + term.id) % len(TOPICS)]
    state = _state(day, entry)
    lecture = ProgrammeLecture(
        term_id=term.id,
        kind="class" if lesson_of else "forum",
        class_id=lesson_of.id if lesson_of else None,
        day=day,
        minute=minute,
        title=title,
        category_id=entry.categories[slug],
        classroom_id=entry.hall.id if lesson_of is None else None,
        state=state,
        reason="临时有防汛任务" if state == "no_show" else "",
        created_by=entry.office,
        confirmed_by=entry.office if state == "held" else None,
        confirmed_at=clock.now() if state == "held" else None,
    )
    tx.add(lecture)
    tx.flush()
    shares = [1000] if len(teachers) == 1 else [600, 400]
    part = {"held": "taught", "no_show": "absent"}.get(state, "planned")
    for lecturer, share in zip(teachers, shares, strict=True):
        tx.add(LectureTeacher(lecture_id=lecture.id, lecturer_id=lecturer, share_permille=share, part=part))
    if state == "held":
        sheet = f"{day.year} 年第 {lecture.id} 号签到表"
        tx.add(LectureEvidence(lecture_id=lecture.id, kind="roll", reference=sheet, entered_by=entry.office))


def _state(day: dt.date, entry: Entry) -> str:
    if day >= entry.today - NOT_ENTERED:
        return "planned"
    return "no_show" if entry.lot.random() < MISSED else "held"
