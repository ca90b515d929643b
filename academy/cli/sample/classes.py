"""People of the sample's training classes: one in which everybody took the lectern, one under way, one that is open for
applications."""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import insert, select

from academy.accounts.models import Account
from academy.classes import api as classes
from academy.classes.models import ClassApplication, ClassMember, GroupPlace, LecternTurn, TrainingClass
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.faculty import api as faculty
from academy.faculty.models import LectureAttendance, ProgrammeLecture
from academy.people.models import Member

TURN_TOPICS = (
    "我们村的第一笔集体收入",
    "怎样开好一次组织生活会",
    "矛盾不出村的三个办法",
    "把党员找回来",
    "我在网格里的一天",
    "一件办砸了的事",
    "新任书记的头一百天",
    "群众为什么信他",
)
WAITING, APPLIED, GROUPS = 6, 9, 6
THERE = 0.95
"""The share of a class that is at a lecture."""
TAKEN, PLANNED = 0.55, 0.2
"""Shares of the class under way that took their turn, and whose turn has its day."""


def make_classes(
    tx: Tx, office: int, accounts: Collection[int], lot: random.Random, report: Callable[[str], None]
) -> None:
    """Insert them; `office` is the account that entered what is entered; row ids of the sample's accounts."""
    own = select(Account.member_id).where(Account.id.in_(accounts), Account.member_id.is_not(None)).order_by(Account.id)
    first = [one for one in tx.scalars(own) if one is not None]
    others = tx.scalars(
        select(Member.id).where(Member.status == "active", Member.id.not_in(first)).order_by(Member.id)
    ).all()
    rows = tx.scalars(select(TrainingClass).order_by(TrainingClass.first_day, TrainingClass.id)).all()
    main = [one for one in rows if one.is_main and one.seats == max(row.seats or 0 for row in rows if row.is_main)]
    today = clock.today()
    over = next((one for one in main if one.last_day < today), None)
    running = [one for one in rows if one.is_main and one.first_day <= today <= one.last_day]
    present = max(running, key=lambda one: one.seats or 0, default=None)
    if over is not None:
        _closed(tx, over, lot.sample(others, over.seats or 0), office, lot)
    if present is not None:
        _under_way(tx, present, [*first, *lot.sample(others, (present.seats or 0) + WAITING)], office, lot)
    coming = next((one for one in rows if one.first_day > today and not one.is_main), None)
    if coming is not None:
        _open_for_application(tx, coming, lot.sample(others, APPLIED + 40), lot)
    for row in rows:
        if row.first_day <= today and row not in (over, present):
            _enrol(tx, row, lot.sample(others, min(row.seats or 0, len(others))), office)
    tx.flush()
    report("classes: everybody at the lectern, one under way with groups and a waiting list, one open for applications")


def _enrol(tx: Tx, row: TrainingClass, members: Sequence[int], office: int) -> None:
    values = [
        {"class_id": row.id, "member_id": one, "joined_on": row.first_day, "left_reason": "", "added_by": office}
        for one in members
    ]
    tx.execute(insert(ClassMember), values)


def _rolls(tx: Tx, row: TrainingClass, members: Sequence[int], lot: random.Random) -> None:
    """Rolls of the lectures of a class that were held."""
    held = select(ProgrammeLecture.id).where(ProgrammeLecture.class_id == row.id, ProgrammeLecture.state == "held")
    values = [
        {
            "lecture_id": lecture,
            "member_id": one,
            "part": "student",
            "way": lot.choice(("name", "code", "code")),
            "recorded_at": clock.now(),
        }
        for lecture in tx.scalars(held)
        for one in members
        if lot.random() < THERE
    ]
    if values:
        tx.execute(insert(LectureAttendance), values)


def _turns(tx: Tx, row: TrainingClass, members: Sequence[int], office: int, lot: random.Random, *, taken: int) -> None:
    """A turn of each member: the first so many taken, the others planned for the days to come."""
    last = min(row.last_day, clock.today())
    for place, member in enumerate(members):
        is_taken = place < taken
        begin, end = (
            (row.first_day, last)
            if is_taken
            else (min(clock.today() + dt.timedelta(days=1), row.last_day), row.last_day)
        )
        days = max(0, (end - begin).days)
        tx.add(
            LecternTurn(
                class_id=row.id,
                member_id=member,
                day=min(begin + dt.timedelta(days=lot.randint(0, days)), row.last_day),
                topic=lot.choice(TURN_TOPICS),
                minutes=lot.choice((8, 10, 10, 12, 15)),
                state="taken" if is_taken else "planned",
                created_by=office,
                confirmed_by=office if is_taken else None,
                confirmed_at=clock.now() if is_taken else None,
            )
        )
    tx.flush()


def _closed(tx: Tx, row: TrainingClass, members: Sequence[int], office: int, lot: random.Random) -> None:
    _enrol(tx, row, members, office)
    _rolls(tx, row, members, lot)
    _turns(tx, row, members, office, lot, taken=len(members))
    row.closing_report = dataclasses.asdict(faculty.class_report(tx, row))


def _under_way(tx: Tx, row: TrainingClass, people: Sequence[int], office: int, lot: random.Random) -> None:
    seats = row.seats or len(people)
    members, waiting = people[:seats], people[seats : seats + WAITING]
    _enrol(tx, row, members, office)
    _rolls(tx, row, members, lot)
    # The sample's own accounts have their turns still before them.
    taken, planned = int(len(members) * TAKEN), int(len(members) * PLANNED)
    _turns(tx, row, [*members[-taken:], *members[:planned]], office, lot, taken=taken)
    for place, member in enumerate(waiting):
        queued = clock.now() - dt.timedelta(days=6, minutes=-40 * place)
        tx.add(
            ClassApplication(class_id=row.id, member_id=member, state="waiting", applied_at=queued, queued_at=queued)
        )
    row.summary = "第一天八点到市委党校主楼报到，带身份证和水杯。每人要登台讲一次，十分钟。"
    tx.flush()
    seed = 2026
    dealt = classes.preview_deal(tx, row, GROUPS, seed)
    classes.deal_groups(tx, SYSTEM, row, GROUPS, seed, classes.digest(dealt))
    for group in {place.group_id: place for place in tx.scalars(select(GroupPlace))}.values():
        group.is_leader = True


def _open_for_application(tx: Tx, row: TrainingClass, people: Sequence[int], lot: random.Random) -> None:
    today = clock.today()
    row.apply_until = min(row.first_day - dt.timedelta(days=1), today + dt.timedelta(days=20))
    row.summary = "想带着乡亲一起干的党员都可以报名，不收费，吃住在党校。"
    for member in people[APPLIED:]:
        tx.add(ClassMember(class_id=row.id, member_id=member, joined_on=today - dt.timedelta(days=lot.randint(1, 9))))
    for place, member in enumerate(people[:APPLIED]):
        asked = clock.now() - dt.timedelta(hours=5 * place + 1)
        tx.add(ClassApplication(class_id=row.id, member_id=member, applied_at=asked))
