"""Lecturers who are in the register read of every change of what they are to teach, in words that fit it."""

import datetime as dt
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.faculty import lecture_edits, lectures
from academy.faculty.lectures import NewLecture
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer
from academy.notifications.models import Notification
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import in_may

__all__ = ["in_may"]
WEDNESDAYS = [dt.date(2026, 5, 13) + dt.timedelta(days=7 * week) for week in range(5)]
"""Of the term; the first is over."""


@dataclass
class Scene:
    """The office, two lecturers who are in the register and one who is not."""

    office: Actor
    first: Lecturer
    second: Lecturer
    stranger: Lecturer
    members: dict[int, str]

    def planned(self, tx: Tx, day: dt.date, *teachers: Lecturer) -> ProgrammeLecture:
        shares = [1000 // len(teachers)] * len(teachers)
        who = [(one.id, share) for one, share in zip(teachers, shares, strict=True)]
        return lectures.plan_lecture(tx, self.office, NewLecture("基层治理", day, 1080, 20, who))

    def edit(self, tx: Tx, lecture: ProgrammeLecture, **changes: object) -> None:
        before = lecture_edits.values_of(tx, lecture)
        after = lecture_edits.LectureValues(**(before.__dict__ | changes))  # type: ignore[arg-type]
        lecture_edits.edit_lecture(tx, self.office, lecture, after)

    def read(self, tx: Tx) -> list[tuple[str, str]]:
        """Who was notified of what since the last call."""
        rows = tx.scalars(select(Notification).order_by(Notification.id)).all()
        found = sorted((self.members[row.member_id or 0], str(Message.from_json(row.body))) for row in rows)
        for row in rows:
            tx.delete(row)
        tx.flush()
        return found


def scene(tx: Tx) -> Scene:
    city = make.organisation(tx, level="city")
    office = make.actor_of(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city)))
    school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    first, second, stranger = (school.lecturer(tx, city) for _ in range(3))
    members = {}
    for name, person in (("first", first), ("second", second)):
        member = make.member(tx, city)
        tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one().member_id = member.id
        members[member.id] = name
    tx.flush()
    return Scene(office, first, second, stranger, members)


def test_planning_cancelling_and_reopening_reach_those_who_teach(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        day = WEDNESDAYS[2]
        lecture = at.planned(tx, day, at.first, at.stranger)
        assert at.read(tx) == [("first", "2026年5月27日请您讲“基层治理”，已经排定。")]
        lectures.cancel_lecture(tx, at.office, lecture, "防汛")
        assert at.read(tx) == [("first", "2026年5月27日您讲的“基层治理”取消了：防汛")]
        lectures.reopen_lecture(tx, at.office, lecture)
        assert [who for who, _text in at.read(tx)] == ["first"]


@pytest.mark.parametrize("day", [WEDNESDAYS[2], WEDNESDAYS[3]])
@pytest.mark.parametrize("minute", [1080, 1110])
@pytest.mark.parametrize("after", [("first",), ("second",), ("first", "second"), ("stranger",)])
def test_a_change_says_to_each_what_it_means_to_them(
    runtime: Runtime, day: dt.date, minute: int, after: tuple[str, ...]
) -> None:
    """Who stays reads of a new time, who is new of the lecture, who goes that it is another's: each at most once."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        lecture = at.planned(tx, WEDNESDAYS[2], at.first)
        at.read(tx)
        people = {"first": at.first, "second": at.second, "stranger": at.stranger}
        teachers = tuple((people[name].id, 1000 // len(after)) for name in after)
        is_moved = (day, minute) != (WEDNESDAYS[2], 1080)
        if not is_moved and after == ("first",):
            at.edit(tx, lecture, title="另一个题目")
            assert at.read(tx) == [], "no time and nobody is changed"
            return
        at.edit(tx, lecture, day=day, minute=minute, teachers=teachers)
        notified = dict(at.read(tx))
        expected = {name for name in after if name != "stranger"} - (set() if is_moved else {"first"})
        assert notified.keys() == expected | ({"first"} - set(after))
        for name, text in notified.items():
            if name not in after:
                assert text == "“基层治理”改由别的老师讲，请您不用准备了。"
            elif name == "first":
                new = f"2026年{day.month}月{day.day}日 {minute // 60}:{minute % 60:02d}"
                assert text == f"“基层治理”改在{new}讲，原来是2026年5月27日 18:00。"
            else:
                assert "请您讲" in text and f"{day.month}月{day.day}日" in text


def test_what_is_entered_of_days_that_are_over_is_no_news(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        lecture = at.planned(tx, WEDNESDAYS[0], at.first)
        at.edit(tx, lecture, title="改过")
        lectures.cancel_lecture(tx, at.office, lecture, "防汛")
        assert at.read(tx) == []
