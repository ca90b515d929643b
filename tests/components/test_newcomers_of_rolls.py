"""People who enter a lecture's roll after its evaluation was opened: asked at once, while it can be answered."""

import datetime as dt
import itertools

import pytest
from sqlalchemy import func, select

from academy.classes.models import ClassMember
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.faculty.evaluation_kinds import AttendancePart, EvaluationKind
from academy.faculty.evaluation_models import EvaluationInvitation, EvaluationRound, LectureAttendance
from academy.faculty.evaluations import results, rolls, rounds
from academy.notifications.models import Notification
from tests.components.evaluated_lecture import GOOD, Scene, in_march, scene
from tests.support import factories as make
from tests.support import faculty as school

KEY, NOW = b"k" * 32, 1_800_000_000.0
STATES = ("before", "open", "last_day", "over", "closed")
WAYS = ("student", "peer", "code")
_frozen = pytest.fixture(autouse=True)(in_march)


def put_into(tx: Tx, row: EvaluationRound, state: str) -> None:
    """An open round, in one of the later states."""
    today = clock.today()
    row.closes_on = today - dt.timedelta(days=state == "over") if state in ("last_day", "over") else row.closes_on
    if state == "closed":
        rounds.close_round(tx, row)
    tx.flush()


def enter(tx: Tx, made: Scene, way: str, member_id: int) -> None:
    here = {row.member_id: row.part for row in tx.scalars(select(LectureAttendance)) if row.member_id != member_id}
    if way == "code":
        code, _ = rolls.roll_code(KEY, made.lecture, NOW)
        rolls.sign_roll(tx, Actor(member_id=member_id, label="late"), made.lecture, code, KEY, NOW)
        return
    students = [one for one, part in here.items() if part == AttendancePart.STUDENT]
    peers = [one for one, part in here.items() if part == AttendancePart.PEER]
    (students if way == "student" else peers).append(member_id)
    rolls.enter_roll(tx, made.office, made.lecture, students, peers)


@pytest.mark.parametrize(("kind", "state", "way"), list(itertools.product(EvaluationKind, STATES, WAYS)))
def test_newcomers_are_asked_as_long_as_there_is_time(
    runtime: Runtime, kind: EvaluationKind, state: str, way: str
) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (0, 6))
        made.lecture.day = clock.today()
        of_class = tx.scalars(select(ClassMember.class_id)).first()
        late = make.member(tx, make.organisation(tx)).id
        tx.add(ClassMember(class_id=of_class, member_id=late, joined_on=dt.date(2026, 3, 1)))
        if state == "before":
            enter(tx, made, way, late)
            row = rounds.open_round(tx, made.office, made.lecture, kind)
            assert row is not None
        else:
            row = rounds.open_round(tx, made.office, made.lecture, kind)
            assert row is not None
            put_into(tx, row, state)
            for _ in range(2):
                enter(tx, made, way, late)
        is_asked_kind = kind == EvaluationKind.PARTICIPANTS or (kind == EvaluationKind.FOLLOW_UP and way != "peer")
        expected = is_asked_kind and state in ("before", "open", "last_day")
        asked = tx.get(EvaluationInvitation, (row.id, late))
        notices = tx.scalar(select(func.count()).where(Notification.member_id == late))
        assert (asked is not None, notices) == (expected, int(expected))
        if asked is not None:
            assert (asked.group_id, asked.is_answered) == (of_class, False)
        teacher = made.teacher.member_id
        assert teacher is not None
        enter(tx, made, "peer", teacher)
        asked_teacher = tx.get(EvaluationInvitation, (row.id, teacher))
        assert (asked_teacher is not None) == (kind == EvaluationKind.SELF), (
            "who taught judges in the self-evaluation only"
        )


def test_a_colleague_who_turns_out_to_be_a_student_is_asked_later_too(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        late = make.member(tx, make.organisation(tx)).id
        enter(tx, made, "peer", late)
        row = rounds.open_round(tx, made.office, made.lecture, EvaluationKind.FOLLOW_UP)
        assert row is not None and tx.get(EvaluationInvitation, (row.id, late)) is None
        enter(tx, made, "student", late)
        assert tx.get(EvaluationInvitation, (row.id, late)) is not None


def test_the_response_rate_counts_newcomers_and_other_lectures_are_left_alone(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (6,))
        other = school.lecture(tx, made.lecture.term, dt.date(2026, 3, 11), (made.lecturer, 1000))
        tx.add(LectureAttendance(lecture_id=other.id, member_id=made.students[0].member_id))
        tx.flush()
        elsewhere = rounds.open_round(tx, made.office, other, EvaluationKind.PARTICIPANTS)
        row = rounds.open_round(tx, made.office, made.lecture, EvaluationKind.PARTICIPANTS)
        assert row is not None and elsewhere is not None
        for one in made.students[:5]:
            rounds.answer_round(tx, one, row.public_id, GOOD, {})
        late = [make.member(tx, make.organisation(tx)).id for _ in range(2)]
        students = [one.member_id for one in made.students if one.member_id]
        rolls.enter_roll(tx, made.office, made.lecture, students + late)
        rounds.answer_round(tx, Actor(member_id=late[0], label="late"), row.public_id, GOOD, {})
        rounds.close_round(tx, row)
        tx.refresh(row)
        found = results.result_of_round(tx, row)
        assert (found.invited, found.answered) == (8, 6)
        count = select(func.count()).where(EvaluationInvitation.round_id == elsewhere.id)
        assert tx.scalar(count) == 1


@pytest.mark.parametrize("text", ["\ud800", "12345\udfff", "\udc00" * 6, "\x00" * 6, "１２３４５６", "‏123456", "á" * 6])
def test_odd_text_is_no_code_and_no_error_of_ours(runtime: Runtime, text: str) -> None:
    with runtime.db.begin() as tx:
        made = scene(tx, (1,))
        made.lecture.day = clock.today()
        with pytest.raises(Invalid) as caught:
            rolls.sign_roll(tx, made.students[0], made.lecture, text, KEY, NOW)
        assert set(caught.value.fields) == {"code"}
