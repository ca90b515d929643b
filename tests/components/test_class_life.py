"""Groups, turns at the lectern, attendance: figures against a plain loop, and what is refused."""

import datetime as dt
import random

import pytest
from sqlalchemy import delete, select

from academy.classes import enrolment, groups, turns
from academy.classes.kinds import TurnState
from academy.classes.models import ClassMember, DiscussionGroup, LecternTurn
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import Message, translator_for
from academy.core.runtime import Runtime
from academy.faculty import class_attendance, class_reports
from academy.faculty.evaluation_models import LectureAttendance
from academy.faculty.models import ProgrammeLecture
from academy.notifications.models import Notification
from tests.support import faculty as school
from tests.support.class_scene import ClassScene, class_scene
from tests.support.in_may import TODAY, in_may

__all__ = ["in_may"]


def running(tx: Tx, members: int = 8) -> ClassScene:
    """A class that began twenty days ago, with everybody in it since then."""
    made = class_scene(tx, seats=None, members=members, begins_in=-20, units=3)
    row = made.row(tx)
    for one in made.members:
        tx.add(ClassMember(class_id=row.id, member_id=one, joined_on=row.first_day))
    tx.flush()
    return made


def mixed_history(tx: Tx, made: ClassScene, lots: random.Random) -> None:
    """Places that began and ended on any day, lectures with and without rolls, turns in every state."""
    row = made.row(tx)
    for spell in tx.scalars(select(ClassMember).where(ClassMember.class_id == row.id)):
        if lots.random() < 0.4:
            spell.joined_on += dt.timedelta(days=lots.randint(0, 30))
            spell.left_on = spell.joined_on + dt.timedelta(days=lots.randint(0, 20)) if lots.random() < 0.7 else None
            if spell.left_on is not None and lots.random() < 0.4:
                again = spell.left_on + dt.timedelta(days=lots.randint(0, 5))
                tx.add(ClassMember(class_id=row.id, member_id=spell.member_id, joined_on=again))
    for number in range(12):
        day = row.first_day + dt.timedelta(days=2 * number)
        state = lots.choice(["held", "held", "held", "cancelled", "no_show", "planned"])
        lecture = school.lecture(tx, row.term, day, lesson_of=row, state=state)
        if lots.random() < 0.8:
            for one in made.members:
                if lots.random() < 0.7:
                    part = "student" if lots.random() < 0.9 else "peer"
                    tx.add(LectureAttendance(lecture_id=lecture.id, member_id=one, part=part))
    for one in made.members:
        for _ in range(lots.randint(0, 2)):
            state = lots.choice(list(TurnState))
            taken = clock.now() if state == "taken" else None
            turn = LecternTurn(class_id=row.id, member_id=one, day=TODAY, topic="题", state=state, confirmed_at=taken)
            tx.add(turn)
    tx.flush()


def spells_of(tx: Tx, made: ClassScene) -> list[ClassMember]:
    return list(tx.scalars(select(ClassMember).where(ClassMember.class_id == made.class_id)))


def in_class(spells: list[ClassMember], day: dt.date) -> set[int]:
    return {one.member_id for one in spells if one.joined_on <= day and (one.left_on is None or one.left_on > day)}


@pytest.mark.parametrize("seed", range(15))
def test_figures_equal_a_plain_recount(runtime: Runtime, seed: int) -> None:
    lots = random.Random(seed)
    with runtime.db.begin() as tx:
        made = running(tx)
        other = running(tx)
        mixed_history(tx, made, lots)
        mixed_history(tx, other, lots)
        row, spells = made.row(tx), spells_of(tx, made)
        if lots.random() < 0.3:
            row.last_day = TODAY - dt.timedelta(days=3)
        counted = in_class(spells, min(TODAY, row.last_day))
        all_turns = tx.scalars(select(LecternTurn).where(LecternTurn.class_id == row.id)).all()
        took = {one.member_id for one in all_turns if one.state == "taken"} & counted
        assert turns.turn_rate(tx, row) == turns.TurnRate(len(counted), len(took))
        assert {one.id for one in turns.members_by_turn(tx, row, taken=True).rows} == took
        assert {one.id for one in turns.members_by_turn(tx, row, taken=False).rows} == counted - took
        expected = present = 0
        by_member: dict[int, list[bool]] = {}
        for lecture in tx.scalars(select(ProgrammeLecture).where(ProgrammeLecture.class_id == row.id)):
            lines = tx.scalars(select(LectureAttendance).where(LectureAttendance.lecture_id == lecture.id)).all()
            if lecture.state != "held" or not lines:
                continue
            students = {one.member_id for one in lines if one.part == "student"}
            due = in_class(spells, lecture.day)
            expected, present = expected + len(due), present + len(due & students)
            rate = class_attendance.attendance_of_lectures(tx, row).get(lecture.id, class_attendance.AttendanceRate())
            assert (rate.expected, rate.present) == (len(due), len(due & students))
            absent = class_attendance.absent_from(tx, row, lecture)
            assert {one.id for one in absent.rows} == due - students
            for member in due:
                by_member.setdefault(member, []).append(member in students)
        whole = class_attendance.class_attendance(tx, row)
        assert (whole.expected, whole.present) == (expected, present)
        for number, member_id in enumerate(made.members):
            mine = class_attendance.member_attendance(tx, row, made.member(tx, number))
            assert [was for _lecture, was in mine.lectures] == by_member.get(member_id, [])
        report = class_reports.class_report(tx, row)
        assert (report.expected, report.turns_taken, report.members) == (expected, len(took), len(counted))


@pytest.mark.thorough
def test_a_class_of_84_in_which_everybody_took_the_lectern(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx, members=84)
        row = made.row(tx)
        for number in range(84):
            assert turns.turn_rate(tx, row).permille != 1000
            turn = turns.plan_turn(tx, made.office, row, made.place(tx, number), turns.TurnPlan(TODAY, "基层一课", 10))
            turns.confirm_turn(tx, made.office, row, turn, TODAY, 12)
        assert turns.turn_rate(tx, row).permille == 1000
        enrolment.leave_class(tx, made.office, row, made.place(tx, 0), "调动")
        assert turns.turn_rate(tx, row) == turns.TurnRate(83, 83)


def test_what_a_turn_does_not_take(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row, place = made.row(tx), made.place(tx, 0)
        good = turns.TurnPlan(TODAY, "我的村", 10)
        for change in (
            {"day": row.first_day - dt.timedelta(days=1)},
            {"day": row.last_day + dt.timedelta(days=1)},
            {"topic": " "},
            {"topic": "题" * 121},
            {"minutes": 0},
            {"minutes": 241},
        ):
            with pytest.raises(Invalid):
                turns.plan_turn(tx, made.office, row, place, turns.TurnPlan(**(vars(good) | change)))
        for who in (made.actor(0), Actor(label="nobody")):
            with pytest.raises(Forbidden):
                turns.plan_turn(tx, who, row, place, good)
        turn = turns.plan_turn(tx, made.office, row, place, good)
        own = Actor(member_id=place.member_id, scopes=made.office.scopes, label="office and student")
        with pytest.raises(Conflict):
            turns.confirm_turn(tx, own, row, turn, TODAY, 10)
        with pytest.raises(Invalid):
            turns.confirm_turn(tx, made.office, row, turn, TODAY + dt.timedelta(days=1), 10)
        turns.confirm_turn(tx, made.office, row, turn, TODAY, 10)
        with pytest.raises(Conflict):
            turns.cancel_turn(tx, made.office, row, turn)
        turns.reopen_turn(tx, made.office, row, turn)
        for _ in range(2):
            turns.cancel_turn(tx, made.office, row, turn)
        with pytest.raises(Conflict):
            turns.confirm_turn(tx, made.office, row, turn, TODAY, 10)


def test_a_turn_of_somebody_who_left(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row, place = made.row(tx), made.place(tx, 0)
        plan = turns.TurnPlan(TODAY, "我的村", 10)
        before = turns.plan_turn(tx, made.office, row, place, plan)
        enrolment.leave_class(tx, made.office, row, place, "调动")
        tx.refresh(before)
        assert before.state == TurnState.CANCELLED
        with pytest.raises(Conflict):
            turns.plan_turn(tx, made.office, row, place, plan)
        turns.reopen_turn(tx, made.office, row, before)
        assert not any("又排上了" in one for one in bodies(tx, place.member_id)), "they are not in the class"
        with pytest.raises(Invalid):
            turns.confirm_turn(tx, made.office, row, before, TODAY, 10)
        turns.confirm_turn(tx, made.office, row, before, TODAY - dt.timedelta(days=1), 10)
        assert turns.turn_rate(tx, row) == turns.TurnRate(7, 0), "who left counts on neither side"


def bodies(tx: Tx, member_id: int) -> list[str]:
    query = select(Notification.body).where(Notification.member_id == member_id).order_by(Notification.id)
    return [str(Message.from_json(body)) for body in tx.scalars(query)]


def test_who_has_a_turn_is_notified_of_each_change_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row, place = made.row(tx), made.place(tx, 0)
        turn = turns.plan_turn(tx, made.office, row, place, turns.TurnPlan(TODAY, "我的村", 10))
        for act in (turns.cancel_turn, turns.reopen_turn):
            for _ in range(2):
                act(tx, made.office, row, turn)
        turns.confirm_turn(tx, made.office, row, turn, TODAY, 10)
        turns.reopen_turn(tx, made.office, row, turn)
        words = ["排在", "取消了", "又排上了"]
        found = bodies(tx, place.member_id)
        assert len(found) == 3 and all(word in body for word, body in zip(words, found, strict=True))


def test_turns_stand_with_those_to_come_first(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made, lots = running(tx), random.Random(3)
        row = made.row(tx)
        for one in made.members * 3:
            state = lots.choice(list(TurnState))
            turn = LecternTurn(class_id=row.id, member_id=one, topic="题", state=state)
            turn.day = row.first_day + dt.timedelta(days=lots.randint(0, 20))
            turn.confirmed_at = clock.now() if state == "taken" else None
            tx.add(turn)
        tx.flush()
        shown = [(one.state, one.day) for one in turns.list_turns(tx, row, None).rows]
        assert shown == sorted(shown, key=lambda one: (["planned", "taken", "cancelled"].index(one[0]), one[1]))


def test_groups_by_hand_and_dealt(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row = made.row(tx)
        seen = groups.digest(groups.preview_deal(tx, row, 3, 7))
        groups.deal_groups(tx, made.office, row, 3, 7, seen)
        dealt = groups.list_groups(tx, row)
        assert sorted(len(one.people) for one in dealt) == [2, 3, 3] and all(one.units >= 2 for one in dealt)
        first, second = dealt[0], dealt[1]
        assert first.group is not None and second.group is not None
        people = [one.public_id for one in (*first.people, second.people[0])]
        leader = second.people[0].public_id
        groups.edit_group(tx, made.office, row, first.group, name="先锋组", chosen=people, leader=leader)
        now = groups.list_groups(tx, row)
        assert now[0].leader is not None and now[0].leader.public_id == leader == now[0].people[0].public_id
        assert len(now[1].people) == len(second.people) - 1
        with pytest.raises(Invalid):
            groups.edit_group(tx, made.office, row, first.group, name="先锋组", chosen=people[1:], leader=people[0])
        with pytest.raises(Invalid):
            groups.add_group(tx, made.office, row, " 先锋组 ")
        enrolment.leave_class(tx, made.office, row, made.place(tx, made.members.index(now[0].leader.id)), "调动")
        assert groups.list_groups(tx, row)[0].leader is None
        with pytest.raises(Conflict):
            groups.deal_groups(tx, made.office, row, 3, 7, seen)
        with pytest.raises(Forbidden):
            groups.add_group(tx, made.actor(0), row, "自己的组")
        groups.remove_group(tx, made.office, row, first.group)
        assert groups.list_groups(tx, row)[-1].group is None, "its people are in none now"
        for count in (0, 61, 100):
            with pytest.raises(Invalid):
                groups.preview_deal(tx, row, count, 1)


def test_groups_are_called_by_their_number_in_the_readers_language(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row = made.row(tx)
        groups.deal_groups(tx, made.office, row, 3, 7, groups.digest(groups.preview_deal(tx, row, 3, 7)))
        groups.add_group(tx, made.office, row, " ")
        named = groups.add_group(tx, made.office, row, "第 2 组 东片")
        labels = [one.group.label for one in groups.list_groups(tx, row) if one.group]
        assert [one if isinstance(one, str) else translator_for("en")(one) for one in labels] == [
            *(f"Group {number}" for number in (1, 2, 3, 4)),
            "第 2 组 东片",
        ]
        assert [str(one) for one in labels][:4] == [f"第 {number} 组" for number in (1, 2, 3, 4)]
        kept = tx.scalars(select(DiscussionGroup.name).where(DiscussionGroup.class_id == row.id)).all()
        assert sorted(kept, key=str) == [None, None, None, None, "第 2 组 东片"], "no sentence is stored"
        second = next(one.group for one in groups.list_groups(tx, row) if one.group and one.group.position == 2)
        for group, name, is_taken in (
            (named, "第 2 组", True),
            (second, "第 2 组 东片", True),
            (second, "第 2 组", False),
            (second, "第 6 组", False),
            (named, "", False),
        ):
            if is_taken:
                with pytest.raises(Invalid):
                    groups.edit_group(tx, made.office, row, group, name=name, chosen=[], leader="")
            else:
                groups.edit_group(tx, made.office, row, group, name=name, chosen=[], leader="")
                assert group.name == (name if name == "第 6 组" else None)
        with pytest.raises(Invalid):
            groups.add_group(tx, made.office, row, "")  # The sixth would be called as the second is.


def test_a_group_that_somebody_removed_is_not_changed(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row = made.row(tx)
        group = groups.add_group(tx, made.office, row, "")
        tx.execute(delete(DiscussionGroup).execution_options(synchronize_session=False))
        with pytest.raises(Conflict):
            groups.edit_group(tx, made.office, row, group, name="甲", chosen=[], leader="")
        with pytest.raises(Conflict):
            groups.remove_group(tx, made.office, row, group)


def test_closing_keeps_the_report_that_was_shown(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = running(tx)
        row = made.row(tx)
        row.state = "open"
        seen = class_reports.class_report(tx, row)
        lecture = school.lecture(tx, row.term, TODAY - dt.timedelta(days=2), lesson_of=row)
        tx.add(LectureAttendance(lecture_id=lecture.id, member_id=made.members[0]))
        tx.flush()
        with pytest.raises(Conflict):
            class_reports.close_class_with_report(tx, made.office, row, seen)
        with pytest.raises(Forbidden):
            class_reports.close_class_with_report(tx, made.actor(0), row, class_reports.class_report(tx, row))
        class_reports.close_class_with_report(tx, made.office, row, class_reports.class_report(tx, row))
        assert row.state == "closed" and row.closing_report is not None
        assert (row.closing_report["expected"], row.closing_report["present"]) == (8, 1)
        with pytest.raises(Conflict):
            class_reports.close_class_with_report(tx, made.office, row, class_reports.class_report(tx, row))
