"""Members of a class read of every change of a lecture that they are to come to, in words that fit it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, select, update

from academy.classes.models import ClassMember, Classroom
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, translator_for
from academy.core.runtime import Runtime
from academy.faculty import lecture_edits, lectures
from academy.faculty.lectures import NewLecture
from academy.faculty.models import ProgrammeLecture
from academy.jobs.models import OutboxEvent
from academy.notifications.models import Notification
from academy.notifications.service import BATCH
from tests.support import faculty as school
from tests.support.class_scene import ClassScene, class_scene
from tests.support.in_may import NOON, in_may
from tests.support.shortcuts import drain

__all__ = ["in_may"]
THURSDAY = dt.date(2026, 5, 28)
Act = Callable[[Tx, ClassScene, ProgrammeLecture], None]


@dataclass
class Taught:
    """A class of three in which one left and one waits, and the lecture that it is to come to."""

    of: ClassScene
    lecture_id: int

    @property
    def here(self) -> set[int]:
        return set(self.of.members[1:4])


def taught(tx: Tx, day: dt.date = THURSDAY, *, for_class: bool = True, more: int = 0) -> Taught:
    made = class_scene(tx, seats=4 + more, members=5 + more)
    row = made.row(tx)
    row.name = "100% 干部班"
    for number, one in enumerate([*made.members[:4], *made.members[5:]]):
        left = clock.today() if not number else None
        tx.add(ClassMember(class_id=row.id, member_id=one, joined_on=clock.today(), left_on=left))
    teacher = school.lecturer(tx, made.member(tx, 0).organisation)
    of = row if for_class else None
    new = NewLecture("基层治理", day, 1140, 20, [(teacher.id, 1000)], training_class=of)
    return Taught(made, lectures.plan_lecture(tx, made.office, new).id)


def edited(**changes: object) -> Act:
    def act(tx: Tx, made: ClassScene, lecture: ProgrammeLecture) -> None:
        changed = {name: value(tx) if callable(value) else value for name, value in changes.items()}
        after = lecture_edits.LectureValues(**(lecture_edits.values_of(tx, lecture).__dict__ | changed))
        lecture_edits.edit_lecture(tx, made.office, lecture, after)

    return act


def cancelled(tx: Tx, made: ClassScene, lecture: ProgrammeLecture) -> None:
    lectures.cancel_lecture(tx, made.office, lecture, "防汛")


def restored(tx: Tx, made: ClassScene, lecture: ProgrammeLecture) -> None:
    lectures.reopen_lecture(tx, made.office, lecture)


def room(tx: Tx) -> int:
    made = Classroom(name="三楼会议室", seats=60)
    tx.add(made)
    tx.flush()
    return made.id


CHANGES: dict[str, tuple[list[Act], list[str]]] = {
    "another day": ([edited(day=THURSDAY + dt.timedelta(1))], ["改在2026年5月29日 19:00。"]),
    "another hour": ([edited(minute=870)], ["改在2026年5月28日 14:30。"]),
    "another classroom": ([edited(classroom_id=room)], ["改在2026年5月28日 19:00，三楼会议室。"]),
    "another title": ([edited(title="另一个题目")], []),
    "cancelled": ([cancelled], ["2026年5月28日的“基层治理”不上了：防汛"]),
    "restored": ([cancelled, restored], ["不上了：防汛", "“基层治理”照常上：2026年5月28日 19:00。"]),
    "twice": ([edited(minute=870), edited(minute=900)], ["14:30。", "15:00。"]),
}


def change(runtime: Runtime, at: Taught, acts: list[Act]) -> None:
    for minutes, act in enumerate(acts):
        with clock.frozen(NOON + dt.timedelta(minutes=minutes)):
            with runtime.db.begin() as tx:
                act(tx, at.of, tx.get_one(ProgrammeLecture, at.lecture_id))
            drain(runtime)


def received(runtime: Runtime, member: int, language: str = "zh") -> list[str]:
    with runtime.db.read() as tx:
        mine = select(Notification).where(Notification.member_id == member, Notification.kind == "class.lecture")
        rows = tx.scalars(mine.order_by(Notification.id)).all()
        return [translator_for(language)(Message.from_json(row.body)) for row in rows]


@pytest.mark.parametrize("name", CHANGES)
def test_who_is_in_the_class_reads_of_each_change_and_nobody_else(runtime: Runtime, name: str) -> None:
    acts, expected = CHANGES[name]
    with runtime.db.begin() as tx:
        at = taught(tx)
    change(runtime, at, acts)
    for member in at.of.members:
        found = received(runtime, member)
        assert len(found) == (len(expected) if member in at.here else 0)
        assert all("“100% 干部班”" in text and end in text for text, end in zip(found, expected, strict=False))


@pytest.mark.parametrize("name", CHANGES)
def test_each_is_a_sentence_in_english_too(runtime: Runtime, name: str) -> None:
    with runtime.db.begin() as tx:
        at = taught(tx)
    change(runtime, at, CHANGES[name][0])
    found = received(runtime, at.of.members[1], "en")
    assert len(found) == len(CHANGES[name][1])
    given = ("干部班", "基层治理", "防汛", "三楼会议室")
    for text in found:
        for word in given:
            text = text.replace(word, "")
        assert "%(" not in text and not any("一" <= letter <= "鿿" for letter in text), text


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "another day"])
def test_a_day_that_is_over_is_no_news(runtime: Runtime, name: str) -> None:
    with runtime.db.begin() as tx:
        at = taught(tx, dt.date(2026, 5, 14))
    change(runtime, at, CHANGES[name][0])
    assert [received(runtime, member) for member in at.of.members] == [[]] * len(at.of.members)


@pytest.mark.parametrize("name", ["another title", "cancelled", "restored"])
def test_a_lecture_of_the_forum_is_news_of_no_class(runtime: Runtime, name: str) -> None:
    with runtime.db.begin() as tx:
        at = taught(tx, dt.date(2026, 5, 27), for_class=False)
    change(runtime, at, CHANGES[name][0])
    assert [received(runtime, member) for member in at.of.members] == [[]] * len(at.of.members)


def test_a_large_class_that_is_notified_twice_reads_it_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = taught(tx, more=BATCH + 3)
    change(runtime, at, [cancelled])
    everybody = [one for number, one in enumerate(at.of.members) if number not in (0, 4)]
    with runtime.db.begin() as tx:
        tx.execute(delete(Notification).where(Notification.member_id.in_(everybody[1::3])))
        tx.execute(update(OutboxEvent).values(delivered_at=None))
    drain(runtime)
    assert {len(received(runtime, member)) for member in everybody} == {1}
