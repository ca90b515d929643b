"""Places in a class: never more than its seats, the waiting list in its order, whatever people do."""

import datetime as dt
import random

import pytest
from sqlalchemy import func, select

from academy.accounts.api import PersonErased
from academy.classes import applications, class_sheet, enrolment, handlers, places
from academy.classes.kinds import ApplicationState, ClassState
from academy.classes.models import ClassApplication, ClassMember
from academy.classes.places import ClassPlan
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.notifications.models import Notification
from academy.people.api import MembersChanged
from tests.support.class_scene import ClassScene, class_scene
from tests.support.shortcuts import drain


def office_enrols(tx: Tx, made: ClassScene, *numbers: int) -> enrolment.Enrolled:
    return enrolment.enrol_members(tx, made.office, made.row(tx), [made.member(tx, one) for one in numbers])


def plan_of(row: object, **changes: object) -> ClassPlan:
    values = {
        "name": row.name,  # type: ignore[attr-defined]
        "first": row.first_day,  # type: ignore[attr-defined]
        "last": row.last_day,  # type: ignore[attr-defined]
        "is_main": False,
        "seats": row.seats,  # type: ignore[attr-defined]
        "apply_until": row.apply_until,  # type: ignore[attr-defined]
    }
    return ClassPlan(**(values | changes))  # type: ignore[arg-type]


class Model:
    """What should come of it, in plain lists."""

    def __init__(self, seats: int) -> None:
        self.seats, self.here, self.waiting, self.asked = seats, set[int](), list[int](), set[int]()

    def enrol(self, one: int) -> None:
        if one in self.here or one in self.waiting:
            return
        self.asked.discard(one)
        if len(self.here) < self.seats:
            self.here.add(one)
        else:
            self.waiting.append(one)

    def move_up(self) -> None:
        while self.waiting and len(self.here) < self.seats:
            self.here.add(self.waiting.pop(0))


@pytest.mark.parametrize("seed", range(25))
def test_any_history_keeps_seats_and_order(runtime: Runtime, seed: int) -> None:
    lots = random.Random(seed)
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=lots.randint(1, 4), members=9)
        model = Model(made.row(tx).seats or 0)
        for _ in range(40):
            act, one = lots.choice("eeaaddwlls"), lots.randrange(9)
            row, key = made.row(tx), made.members[one]
            if act == "e":
                office_enrols(tx, made, one)
                model.enrol(key)
            elif act == "a" and key not in model.here:
                applications.apply_for_class(tx, made.actor(one), row)
                if key not in model.waiting:
                    model.asked.add(key)
            elif act in "dw":
                mine = applications_open(tx, made, key)
                if mine is None:
                    continue
                if act == "w":
                    applications.withdraw_application(tx, made.actor(one), mine)
                    applications.withdraw_application(tx, made.actor(one), mine)
                    model.asked.discard(key)
                    model.waiting = [other for other in model.waiting if other != key]
                elif mine.state == "applied":
                    applications.decide_application(tx, made.office, row, mine, approve=True, reason="", seen="applied")
                    model.enrol(key)
            elif act == "l" and key in model.here:
                for _ in range(2):
                    enrolment.leave_class(tx, made.office, row, made.place(tx, one), "工作调动")
                model.here.discard(key)
                model.move_up()
            elif act == "s":
                seats = lots.randint(1, 6)
                try:
                    places.edit_class(tx, made.office, row, plan_of(row, seats=seats))
                except Invalid as error:
                    assert set(error.fields) == {"seats"} and seats < len(model.here)
                else:
                    model.seats = seats
                    model.move_up()
            assert made.here(tx) == model.here and made.waiting(tx) == model.waiting
            assert len(model.here) <= model.seats and (not model.waiting or len(model.here) == model.seats)
        spells = tx.scalars(select(ClassMember).where(ClassMember.class_id == made.class_id)).all()
        assert all(spell.left_on is None or spell.left_on >= spell.joined_on for spell in spells)


def applications_open(tx: Tx, made: ClassScene, member_id: int) -> ClassApplication | None:
    query = select(ClassApplication).where(
        ClassApplication.class_id == made.class_id,
        ClassApplication.member_id == member_id,
        ClassApplication.state.in_(("applied", "waiting")),
    )
    return tx.scalar(query)


def notices(tx: Tx, member_id: int) -> list[str]:
    query = select(Notification.body).where(Notification.member_id == member_id).order_by(Notification.id)
    return [body["text"] for body in tx.scalars(query)]


def test_who_moves_up_is_told_and_needs_no_account(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=1)
        assert office_enrols(tx, made, 0, 1, 2) == enrolment.Enrolled(1, 2, 0)
    drain(runtime)
    with runtime.db.begin() as tx:
        assert ["候补" in one for one in notices(tx, made.members[1])] == [True]
        enrolment.leave_class(tx, made.actor(0), made.row(tx), made.place(tx, 0), "")
        assert made.here(tx) == {made.members[1]} and made.waiting(tx) == [made.members[2]]
    drain(runtime)
    with runtime.db.begin() as tx:
        assert len(notices(tx, made.members[1])) == 2 and len(notices(tx, made.members[2])) == 1
        assert not any("退班" in one for one in notices(tx, made.members[0])), "who leaves knows"
        for _ in range(2):
            enrolment.leave_class(tx, made.office, made.row(tx), made.place(tx, 1), "工作调动")
        assert ["退班" in one and "调动" not in one for one in notices(tx, made.members[1])] == [False, False, True]


def test_what_belongs_to_another_class_is_not_found(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made, other = class_scene(tx), class_scene(tx)
        theirs = applications.apply_for_class(tx, other.actor(0), other.row(tx))
        office_enrols(tx, other, 1)
        with pytest.raises(NotFound):
            applications.decide_application(
                tx, made.office, made.row(tx), theirs, approve=True, reason="", seen="applied"
            )
        with pytest.raises(NotFound):
            enrolment.leave_class(tx, made.office, made.row(tx), other.place(tx, 1), "调动")
        assert made.here(tx) == set() and len(other.here(tx)) == 1 and theirs.state == "applied"


def test_giving_a_place_up(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, begins_in=1)
        office_enrols(tx, made, 0, 1)
        row = made.row(tx)
        with pytest.raises(Forbidden):
            enrolment.leave_class(tx, made.actor(1), row, made.place(tx, 0), "")
        with pytest.raises(Invalid):
            enrolment.leave_class(tx, made.office, row, made.place(tx, 0), " \u200b ".strip("\u200b "))
        row.first_day = clock.today()
        with pytest.raises(Conflict):
            enrolment.leave_class(tx, made.actor(0), row, made.place(tx, 0), "")
        enrolment.leave_class(tx, made.office, row, made.place(tx, 0), "生病")
        place = made.place(tx, 0)
        assert (place.left_on, place.left_reason) == (clock.today(), "生病")
        office_enrols(tx, made, 0)
        count = select(func.count()).where(ClassMember.class_id == made.class_id)
        assert tx.scalar(count.where(ClassMember.member_id == made.members[0])) == 2, "the history stays"


def test_only_the_office_enrols_and_decides(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        mine = applications.apply_for_class(tx, made.actor(0), row)
        for who in (made.actor(0), made.actor(1), Actor(label="nobody")):
            with pytest.raises(Forbidden):
                enrolment.enrol_members(tx, who, row, [made.member(tx, 2)])
            with pytest.raises(Forbidden):
                applications.decide_application(tx, who, row, mine, approve=True, reason="", seen="applied")
        with pytest.raises(Forbidden):
            applications.withdraw_application(tx, made.actor(1), mine)
        with pytest.raises(Forbidden):
            applications.apply_for_class(tx, Actor(label="nobody"), row)


def test_a_decision_is_made_once_and_declining_gives_a_reason(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        mine = applications.apply_for_class(tx, made.actor(0), row)
        assert applications.apply_for_class(tx, made.actor(0), row) is mine
        with pytest.raises(Invalid):
            applications.decide_application(tx, made.office, row, mine, approve=False, reason=" ", seen="applied")
        applications.decide_application(tx, made.office, row, mine, approve=False, reason="名额已定", seen="applied")
        with pytest.raises(Conflict):
            applications.decide_application(tx, made.office, row, mine, approve=True, reason="", seen="applied")
        with pytest.raises(Conflict):
            applications.withdraw_application(tx, made.actor(0), mine)
        assert len(notices(tx, made.members[0])) == 1
        applications.apply_for_class(tx, made.actor(0), row)


@pytest.mark.parametrize("state", [ClassState.CLOSED, ClassState.CANCELLED])
def test_a_class_that_is_over_takes_nobody_and_who_waited_is_told(runtime: Runtime, state: ClassState) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=1)
        row = made.row(tx)
        office_enrols(tx, made, 0, 1)
        asked = applications.apply_for_class(tx, made.actor(2), row)
        places.change_class_state(tx, made.office, row, ClassState.OPEN)
        if state == ClassState.CLOSED:
            places.close_class(tx, made.office, row, {"members": 1})
        else:
            places.change_class_state(tx, made.office, row, state)
        assert asked.state == ApplicationState.LAPSED and made.waiting(tx) == []
    drain(runtime)
    with runtime.db.begin() as tx:
        row = made.row(tx)
        assert {"cancelled": "取消了", "closed": "结业了"}[state] in notices(tx, made.members[0])[-1]
        for number in (1, 2):
            assert "没有轮到" in notices(tx, made.members[number])[-1]
        for act in (
            lambda: applications.apply_for_class(tx, made.actor(3), row),
            lambda: office_enrols(tx, made, 3),
            lambda: enrolment.leave_class(tx, made.office, row, made.place(tx, 0), "晚了"),
            lambda: places.edit_class(tx, made.office, row, plan_of(row, seats=9)),
        ):
            with pytest.raises(Conflict):
                act()
        if state == ClassState.CLOSED:
            places.change_class_state(tx, made.office, row, ClassState.OPEN)
            assert row.closing_report is None


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_applying_ends_with_its_day(runtime: Runtime, days: int) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        row.apply_until = clock.today() + dt.timedelta(days=days)
        if days >= 0:
            applications.apply_for_class(tx, made.actor(0), row)
        else:
            with pytest.raises(Conflict):
                applications.apply_for_class(tx, made.actor(0), row)


@pytest.mark.parametrize("status", ["left", "deceased", "floating"])
def test_who_leaves_the_register_gives_way_and_who_moves_stays(runtime: Runtime, status: str) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=2)
        office_enrols(tx, made, 0, 1, 2, 3, 4)
        for number in (0, 2):
            made.member(tx, number).status = status
        made.member(tx, 1).organisation_id = made.units[0]
        tx.flush()
        for _ in range(2):
            handlers.end_places_of_departed(tx, MembersChanged([made.members[number] for number in (0, 1, 2)]))
        stays = status == "floating"
        kept = [0, 1] if stays else [1, 3]
        assert made.here(tx) == {made.members[number] for number in kept}
        assert made.waiting(tx) == [made.members[number] for number in ([2, 3, 4] if stays else [4])]
        if not stays:
            with pytest.raises(Invalid):
                office_enrols(tx, made, 0)


def test_erasure_takes_the_words_and_leaves_the_figures(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        mine = applications.apply_for_class(tx, made.actor(0), row)
        applications.decide_application(tx, made.office, row, mine, approve=False, reason="身体原因", seen="applied")
        office_enrols(tx, made, 0)
        enrolment.leave_class(tx, made.office, row, made.place(tx, 0), "住院")
        handlers.erase_reasons(tx, PersonErased(made.members[0], 0))
        tx.expire_all()
        assert made.place(tx, 0).left_reason == "" and "身体" not in tx.scalars(select(ClassApplication.reason)).one()


def test_a_list_is_looked_at_and_taken_whole(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=2)
        row = made.row(tx)
        first, second, third = (made.member(tx, number) for number in range(3))
        text = f"{first.number}\n{second.name} {second.number}\n\n{third.number}，{third.name}\n"
        lines = class_sheet.lines_of_text(text)
        run = class_sheet.check_people(tx, made.office, row, lines)
        assert [str(one.outcome) for one in run.lines] == ["place", "place", "wait"]
        assert class_sheet.people_from_text(class_sheet.people_as_text(lines)) == lines
        bad = class_sheet.lines_of_text(f"{text}没有这个人\nX9999\n{first.number} 别的名字\n{second.number}")
        outcomes = [str(one.outcome) for one in class_sheet.check_people(tx, made.office, row, bad).lines]
        assert outcomes == ["place", "place", "wait", "bad", "bad", "bad", "bad"]
        with pytest.raises(Invalid):
            seen = class_sheet.check_people(tx, made.office, row, bad).seen
            class_sheet.enrol_people(tx, made.office, row, bad, seen)
        assert made.here(tx) == set()
        office_enrols(tx, made, 4)
        with pytest.raises(Conflict):
            class_sheet.enrol_people(tx, made.office, row, lines, run.seen)
        run = class_sheet.check_people(tx, made.office, row, lines)
        assert class_sheet.enrol_people(tx, made.office, row, lines, run.seen) == enrolment.Enrolled(1, 2, 0)
        again = class_sheet.check_people(tx, made.office, row, lines)
        assert {str(one.outcome) for one in again.lines} == {"same"}


@pytest.mark.parametrize("between", ["、", "\n", " 、 ", "\r\n", "、、\n"])
def test_whoever_stands_in_a_list_is_looked_at(between: str) -> None:
    names = ["王大力", "欧阳小燕", "李四", "阿依古丽·买买提"]
    assert [one.name for one in class_sheet.lines_of_text(between.join(names))] == names
    mixed = f"N001、王大力{chr(10)}李四 N002{chr(10)}" + "、".join(names[2:])
    assert [(one.number, one.member, one.name) for one in class_sheet.lines_of_text(mixed)] == [
        (1, "N001", "王大力"),
        (2, "N002", "李四"),
        (3, "", "李四"),
        (3, "", "阿依古丽·买买提"),
    ]
    for many in ("、".join(["李四"] * 501), "李四\n" * 501, "李四" * 40_000):
        with pytest.raises(Invalid):
            class_sheet.lines_of_text(many)


def test_who_left_the_register_meanwhile_is_not_approved(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        asked = applications.apply_for_class(tx, made.actor(0), row)
        made.member(tx, 0).status = "left"
        tx.flush()
        with pytest.raises(Conflict):
            applications.decide_application(tx, made.office, row, asked, approve=True, reason="", seen="applied")
        assert made.here(tx) == set()


def test_two_of_one_name_are_asked_for_by_number(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        for number in (0, 1):
            made.member(tx, number).name = "李同名"
        tx.flush()
        run = class_sheet.check_people(tx, made.office, made.row(tx), class_sheet.lines_of_text("李同名"))
        assert run.lines[0].note is not None and "党员编号" in str(run.lines[0].note)


@pytest.mark.parametrize(
    "text", ["", "  \n\t\n", "x" * 100_000, "\ud800\n", "\x00", "𝟙𝟚𝟛 王五", "́" * 5000, "1\n" * 600, "‮王"]
)
def test_odd_lists_are_refused_or_found_to_be_nobody(runtime: Runtime, text: str) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        try:
            lines = class_sheet.lines_of_text(text)
        except Invalid as error:
            assert set(error.fields) == {"people"}
        else:
            run = class_sheet.check_people(tx, made.office, made.row(tx), lines)
            assert {str(one.outcome) for one in run.lines} == {"bad"}
            assert class_sheet.people_from_text(class_sheet.people_as_text(lines)) == lines
    for forged in ("[]", "{", "[[1]]", '[[1,"a",2]]', '[["x","a","b"]]', "[" * 10_000, "null"):
        with pytest.raises(Invalid):
            class_sheet.people_from_text(forged)
