"""Evaluations of lectures: who may answer, once; what is shown of few answers, by class, by date, in two exports."""

import datetime as dt
import random

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluation_models import (
    EvaluationAnswer,
    EvaluationComment,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
)
from academy.faculty.evaluations import forms, results, rolls, rounds, rules, schedule
from academy.notifications.models import Notification
from tests.components.evaluated_lecture import GOOD, NOON, Scene, in_march, scene
from tests.support import factories as make
from tests.support import faculty as school

_frozen = pytest.fixture(autouse=True)(in_march)


def opened(tx: Tx, made: Scene, kind: EvaluationKind = EvaluationKind.PARTICIPANTS) -> EvaluationRound:
    found = rounds.open_round(tx, made.office, made.lecture, kind)
    assert found is not None
    return found


def test_those_who_were_there_answer_once_and_nobody_else(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = opened(tx, made)
        stranger = Actor(member_id=make.member(tx, make.organisation(tx)).id, label="stranger")
        for other in (stranger, made.teacher, made.office):
            with pytest.raises(Forbidden):
                rounds.answer_round(tx, other, row.public_id, GOOD, {})
        rounds.answer_round(tx, made.students[0], row.public_id, GOOD, {"q5": " 讲得实在 "})
        with pytest.raises(Conflict):
            rounds.answer_round(tx, made.students[0], row.public_id, GOOD, {})
        assert tx.scalar(select(func.count()).select_from(EvaluationAnswer)) == 1
        assert tx.scalars(select(EvaluationComment.body)).all() == ["讲得实在"]
        assert rounds.open_round(tx, made.office, made.lecture, EvaluationKind.PARTICIPANTS) is None
        asked = select(func.count()).where(Notification.kind == "evaluation.opened")
        assert tx.scalar(asked) == 6


@pytest.mark.parametrize(
    "marks", [{}, GOOD | {"q2": "6"}, GOOD | {"q2": "0"}, GOOD | {"q2": "４"}, GOOD | {"q3": "x" * 100_000}]
)
def test_a_form_has_a_mark_of_its_scale_for_every_question(runtime: Runtime, marks: dict[str, str]) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = opened(tx, made)
        with pytest.raises(Invalid) as caught:
            rounds.answer_round(tx, made.students[0], row.public_id, marks, {})
        assert set(caught.value.fields) <= {"q1", "q2", "q3", "q4"}
        assert not tx.scalar(select(func.count()).where(EvaluationInvitation.is_answered))


def test_nothing_is_shown_while_it_is_open_and_nothing_changes_once_it_is_closed(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (7,))
        row = opened(tx, made)
        for one in made.students[:6]:
            rounds.answer_round(tx, one, row.public_id, GOOD, {})
        with pytest.raises(Conflict):
            results.result_of_round(tx, row)
        assert results.results_of_lecture(tx, made.office, made.lecture) == []
        rounds.close_round(tx, row)
        tx.refresh(row)
        with pytest.raises(Conflict):
            rounds.answer_round(tx, made.students[6], row.public_id, GOOD, {})
        first, second = (results.result_of_round(tx, row) for _ in range(2))
        assert (first.invited, first.answered) == (7, 6)
        assert first == second


@pytest.mark.parametrize("answers", range(8))
def test_fewer_than_five_answers_are_not_shown_to_anybody(runtime: Runtime, answers: int) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (8,))
        row = opened(tx, made)
        for one in made.students[:answers]:
            rounds.answer_round(tx, one, row.public_id, GOOD, {"q5": "好"})
        rounds.close_round(tx, row)
        tx.refresh(row)
        for comment in tx.scalars(select(EvaluationComment)):
            results.decide_comment(tx, made.office, comment.id, shown=True, reason="", seen="waiting")
        for who in (made.teacher, made.office):
            (found,) = results.results_of_lecture(tx, who, made.lecture)
            assert found.answered == answers
            assert len(found.comments) == (answers if answers >= 5 else 0)
            assert [one.whole.mean if one.whole else None for one in found.questions] == (
                [5, 4, 5, 3] if answers >= 5 else []
            )
        with pytest.raises(Forbidden):
            results.results_of_lecture(tx, made.students[0], made.lecture)


def test_what_the_lecturer_says_of_the_own_lecture_is_shown_though_it_is_one_answer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = opened(tx, made, EvaluationKind.SELF)
        rounds.answer_round(tx, made.teacher, row.public_id, {"q1": "4", "q2": "2", "q3": "5"}, {"q4": "例子"})
        rounds.close_round(tx, row)
        tx.refresh(row)
        (found,) = results.results_of_lecture(tx, made.teacher, made.lecture)
        assert [one.whole and (one.whole.mean, one.whole.spread) for one in found.questions] == [(4, 0), (2, 0), (5, 0)]


@pytest.mark.parametrize("seed", range(6))
def test_comparing_classes_unmasks_nobody(runtime: Runtime, seed: int) -> None:
    """Each shown figure is a sum over at least five; so is each difference of the whole and any of them."""
    draw = random.Random(seed)
    with runtime.db.begin() as tx:
        made = scene(tx, tuple(draw.choice((0, 1, 4, 5, 6, 9)) for _ in range(4)))
        if not made.students:
            made = scene(tx, (5,))
        row = opened(tx, made)
        for one in made.students:
            marks = {key: str(draw.randint(1, 5)) for key in GOOD}
            rounds.answer_round(tx, one, row.public_id, marks, {})
        rounds.close_round(tx, row)
        tx.refresh(row)
        found = results.result_of_round(tx, row)
        for question in found.questions:
            assert question.whole is not None
            counts = [figures.count for figures in question.by_group.values()]
            assert all(count >= rules.LEAST for count in counts)
            assert not counts or sum(counts) == question.whole.count
            total = sum(round(one.mean * one.count) for one in question.by_group.values())
            assert not counts or total == pytest.approx(question.whole.mean * question.whole.count, abs=0.5)


def test_what_a_lecturer_got_altogether_leaves_out_what_is_not_shown(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (9,))
        few = school.lecture(tx, made.lecture.term, dt.date(2026, 3, 11), (made.lecturer, 1000))
        for one in made.students[:4]:
            tx.add(LectureAttendance(lecture_id=few.id, member_id=one.member_id))
        tx.flush()
        for lecture, marks in ((made.lecture, GOOD), (few, dict.fromkeys(GOOD, "1"))):
            row = rounds.open_round(tx, made.office, lecture, EvaluationKind.PARTICIPANTS)
            assert row is not None
            for one in made.students[: 9 if lecture is made.lecture else 4]:
                rounds.answer_round(tx, one, row.public_id, marks, {})
            rounds.close_round(tx, row)
        shown, hidden, figures = results.results_of_lecturer(tx, made.lecturer.id, EvaluationKind.PARTICIPANTS)
        assert (shown, hidden) == (1, 1)
        assert figures is not None and (figures.count, figures.mean) == (36, 4.25)


def test_nothing_of_an_answer_leads_to_who_gave_it() -> None:
    """Neither table has a column that a person, an account or an instant could stand in, nor keys in an order."""
    for model in (EvaluationAnswer, EvaluationComment):
        columns = {column.name for column in model.__table__.columns}
        assert columns & {"member_id", "account_id", "created_at", "answered_at"} == set()
        keys = [column.default.arg({}) for column in model.__table__.primary_key for _ in range(50)]  # type: ignore[union-attr]
        assert len(set(keys)) == 50 and keys != sorted(keys)
    assert "answered_at" not in EvaluationInvitation.__table__.columns


def test_comments_are_shown_once_they_are_read(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = opened(tx, made)
        for number, one in enumerate(made.students):
            rounds.answer_round(tx, one, row.public_id, GOOD, {"q5": f"第{number}条"})
        assert results.comments_to_read(tx, made.office).total == 0, "not while answers come in"
        rounds.close_round(tx, row)
        waiting = results.comments_to_read(tx, made.office).rows
        assert len(waiting) == 6
        shown, withheld = waiting[:2]
        results.decide_comment(tx, made.office, shown.id, shown=True, reason="", seen="waiting")
        with pytest.raises(Invalid):
            results.decide_comment(tx, made.office, withheld.id, shown=False, reason=" ", seen="waiting")
        results.decide_comment(tx, made.office, withheld.id, shown=False, reason="含个人信息", seen="waiting")
        with pytest.raises(Conflict):
            results.decide_comment(tx, made.office, withheld.id, shown=True, reason="", seen="waiting")
        with pytest.raises(Forbidden):
            results.decide_comment(tx, made.teacher, shown.id, shown=True, reason="", seen="shown")
        tx.refresh(row)
        (found,) = results.results_of_lecture(tx, made.teacher, made.lecture)
        assert [one.id for one in found.comments] == [shown.id]


def test_evaluations_are_asked_for_and_closed_by_the_calendar(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        lecture_id = made.lecture.id

    def kinds() -> dict[str, bool]:
        with runtime.db.read() as tx:
            rows = tx.scalars(select(EvaluationRound).where(EvaluationRound.lecture_id == lecture_id))
            return {row.kind: row.closed_at is not None for row in rows}

    assert schedule.run_schedule(runtime.db) == (2, 0)
    assert schedule.run_schedule(runtime.db) == (0, 0)
    assert kinds() == {"self": False, "participants": False}
    with clock.frozen(NOON + dt.timedelta(days=15)):
        assert schedule.run_schedule(runtime.db) == (0, 2)
    with clock.frozen(dt.datetime(2026, 9, 3, 4, tzinfo=dt.UTC)):
        assert schedule.run_schedule(runtime.db) == (0, 0)
    with clock.frozen(dt.datetime(2026, 9, 4, 4, tzinfo=dt.UTC)):
        assert schedule.run_schedule(runtime.db) == (1, 0)
    assert kinds() == {"self": True, "participants": True, "follow_up": False}


@pytest.mark.parametrize(
    ("held", "months", "day"),
    [
        ((2026, 8, 31), 6, (2027, 2, 28)),
        ((2027, 8, 31), 6, (2028, 2, 29)),
        ((2026, 12, 30), 6, (2027, 6, 30)),
        ((2026, 3, 4), 1, (2026, 4, 4)),
    ],
)
def test_a_follow_up_is_asked_on_the_day_of_the_month(
    held: tuple[int, int, int], months: int, day: tuple[int, int, int]
) -> None:
    assert schedule.follow_up_day(dt.date(*held), months) == dt.date(*day)


def test_a_roll_is_signed_by_the_code_that_is_shown(runtime: Runtime) -> None:
    key, now = b"k" * 32, 1_800_000_000.0
    with runtime.db.begin() as tx:
        made = scene(tx, (1,))
        made.lecture.day = clock.today()
        late = Actor(member_id=make.member(tx, make.organisation(tx)).id, label="late")
        code, left = rolls.roll_code(key, made.lecture, now)
        assert 0 < left <= rolls.STEP_S
        for wrong in ("", "000000" if code != "000000" else "000001", code[:-1], "一二三四五六", code + "1" * 10_000):
            if wrong[: rolls.CODE_LENGTH] != code:
                with pytest.raises(Invalid):
                    rolls.sign_roll(tx, late, made.lecture, wrong, key, now)
        with pytest.raises(Invalid):
            rolls.sign_roll(tx, late, made.lecture, code, key, now + rolls.STEP_S * (rolls.LATE_STEPS + 1))
        for _ in range(2):
            rolls.sign_roll(tx, late, made.lecture, f" {code}", key, now + rolls.STEP_S * rolls.LATE_STEPS)
        assert rolls.count_attendance(tx, made.lecture) == 2
        made.lecture.day -= dt.timedelta(days=1)
        with pytest.raises(Invalid):
            rolls.sign_roll(tx, late, made.lecture, code, key, now)


def test_a_roll_that_was_evaluated_only_grows(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (3,))
        here = [one.member_id for one in made.students if one.member_id]
        more = make.member(tx, make.organisation(tx)).id
        rolls.enter_roll(tx, made.office, made.lecture, here[:2])
        rolls.enter_roll(tx, made.office, made.lecture, here, [more])
        assert rolls.count_attendance(tx, made.lecture) == 4
        with pytest.raises(Invalid):
            rolls.enter_roll(tx, made.office, made.lecture, here, here)
        opened(tx, made)
        with pytest.raises(Conflict):
            rolls.enter_roll(tx, made.office, made.lecture, here[:1], [more])
        with pytest.raises(Forbidden):
            rolls.enter_roll(tx, made.teacher, made.lecture, here)
        assert rolls.count_attendance(tx, made.lecture) == 4


def test_another_form_follows_and_open_rounds_keep_theirs(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        row = opened(tx, made)
        new = forms.replace_form(
            tx,
            made.office,
            EvaluationKind.PARTICIPANTS,
            ["听懂了吗", "*还想听什么"],
            scale=3,
            open_days=7,
            after_months=None,
            valid_from=dt.date(2026, 3, 6),
        )
        assert row.form_id != new.id
        assert forms.form_on(tx, EvaluationKind.PARTICIPANTS, dt.date(2026, 3, 5)) == row.form
        assert forms.form_on(tx, EvaluationKind.PARTICIPANTS, dt.date(2026, 3, 6)) == new
        rounds.answer_round(tx, made.students[0], row.public_id, GOOD, {})
        with pytest.raises(Invalid):
            forms.replace_form(
                tx,
                made.office,
                EvaluationKind.SELF,
                ["*只有文字"],
                scale=3,
                open_days=7,
                after_months=None,
                valid_from=dt.date(2026, 4, 1),
            )
