"""One lecture of the sample city with its whole life, from voices for a topic to the recording; and one made up for."""

import datetime as dt
import random

from sqlalchemy import Select, delete, select

from academy.accounts.models import Account
from academy.classes import api as classes
from academy.classes.models import TrainingClass
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg, nmsg
from academy.faculty import api as faculty
from academy.faculty.models import (
    Assignment,
    LectureMaterial,
    LectureRecording,
    LectureTeacher,
    MaterialVersion,
    PlanRuling,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
    TopicVoice,
)
from academy.library.models import Category, Lecturer
from academy.people.models import Organisation

VOICES = 23
MAKE_UP_DAYS = 60
"""Within so many days a missed lecture is made up for."""


def make_lives(tx: Tx, accounts: dict[str, int], lot: random.Random) -> None:
    """Insert the rows; `accounts` are by user name."""
    lecture = tx.scalars(
        select(ProgrammeLecture)
        .join(LectureRecording, LectureRecording.lecture_id == ProgrammeLecture.id)
        .where(LectureRecording.taken_down_at.is_(None))
        .order_by(ProgrammeLecture.id)
    ).first()
    if lecture is not None:
        _asked_for(tx, lecture, accounts, lot)
        _reviewed(tx, lecture, accounts)
    _make_up(tx)


def _asked_for(tx: Tx, lecture: ProgrammeLecture, accounts: dict[str, int], lot: random.Random) -> None:
    """Its topic with voices and a class, its plan with reasons and a ruling, who declined, who accepted."""
    asked = clock.day_bounds(lecture.day - dt.timedelta(days=80))[0]
    of_term = select(TrainingClass.id).where(TrainingClass.term_id == lecture.term_id).order_by(TrainingClass.id)
    topic = TopicRequest(
        key="sample-whole-life",
        title=lecture.title[:60],
        category_id=lecture.category_id or tx.scalars(select(Category.id)).first(),
        class_id=tx.scalars(of_term).first(),
        proposed_by=accounts["member"],
        state="planned",
        created_at=asked,
        decided_by=accounts["city"],
        decided_at=asked + dt.timedelta(days=21),
    )
    tx.add(topic)
    tx.flush()
    people = list(tx.scalars(select(Account.id).where(Account.member_id.is_not(None)).order_by(Account.id)))
    supporters = sorted({accounts["member"], *lot.sample(people, min(VOICES, len(people)))})
    tx.add_all(TopicVoice(request_id=topic.id, account_id=one, given_at=asked) for one in supporters)
    plan = _plan(tx, lecture, accounts, asked + dt.timedelta(days=30))
    teacher = tx.scalars(
        select(Lecturer)
        .join(LectureTeacher, LectureTeacher.lecturer_id == Lecturer.id)
        .where(LectureTeacher.lecture_id == lecture.id, LectureTeacher.part == "taught")
    ).first()
    assert teacher is not None
    other = tx.scalars(select(Lecturer).where(Lecturer.id != teacher.id).order_by(Lecturer.id)).first()
    assert other is not None
    tx.add(
        PlanRuling(
            plan_id=plan.id,
            request_id=topic.id,
            lecturer_id=teacher.id,
            day=lecture.day,
            state="confirmed",
            price=msg("则%(losses)s。", losses=nmsg("%(n)s 讲要换人、换题或换时间", 2)).to_json(),
            ruled_by=accounts["city"],
            ruled_at=asked + dt.timedelta(days=31),
        )
    )
    given = {"plan_id": plan.id, "request_id": topic.id, "day": lecture.day, "link": 1}
    invited = asked + dt.timedelta(days=32)
    for person, state, reason in ((other, "declined", "那一周下乡调研。"), (teacher, "confirmed", "")):
        is_own = state == "confirmed"
        tx.add(
            Assignment(
                **given,
                lecturer_id=person.id,
                state=state,
                reason=reason,
                invited_at=invited + dt.timedelta(days=3 if is_own else 0),
                answered_at=invited + dt.timedelta(days=5 if is_own else 2),
                answer_way="link",
                lecture_id=lecture.id if is_own else None,
                reasons=_reasons(topic, person),
            )
        )
    tx.flush()


def _reviewed(tx: Tx, lecture: ProgrammeLecture, accounts: dict[str, int]) -> None:
    """Its recording was begun and published after it; its material was returned once and approved, unless known."""
    day = clock.day_bounds(lecture.day)[0] + dt.timedelta(hours=12)
    recording = tx.scalars(select(LectureRecording).where(LectureRecording.lecture_id == lecture.id)).one()
    recording.linked_at = day + dt.timedelta(days=1)
    recording.course.published_at = max(recording.course.published_at or day, day + dt.timedelta(days=4))
    tx.execute(delete(MaterialVersion).where(MaterialVersion.material_id.in_(_material_of(lecture))))
    tx.execute(delete(LectureMaterial).where(LectureMaterial.lecture_id == lecture.id))
    for kind in ("syllabus", "handout"):
        material = LectureMaterial(lecture_id=lecture.id, kind=kind, taught_number=2)
        tx.add(material)
        tx.flush()
        for number, state, before in ((1, "returned", 16), (2, "approved", 10)):
            tx.add(
                MaterialVersion(
                    material_id=material.id,
                    number=number,
                    state=state,
                    passages=[
                        "为什么要讲这一课。",
                        "三个案例，两个教训。" if number == 1 else "三个案例，都写明出处。",
                    ],
                    author_id=accounts["city"],
                    submitted_by=accounts["city"],
                    saved_at=day - dt.timedelta(days=before + 1),
                    submitted_at=day - dt.timedelta(days=before),
                    closed_at=day - dt.timedelta(days=before - 3),
                    reviewer_id=accounts["reviewer"],
                    reason="案例请写明出处。" if number == 1 else "",
                )
            )
    tx.flush()


def _material_of(lecture: ProgrammeLecture) -> Select[int]:
    return select(LectureMaterial.id).where(LectureMaterial.lecture_id == lecture.id)


def _reasons(topic: TopicRequest, person: Lecturer) -> list[object]:
    return [
        msg("“%(subject)s”是%(name)s的主讲方向", subject=topic.category.name, name=person.name).to_json(),
        msg("%(name)s今年还没有讲过", name=person.name).to_json(),
    ]


def _plan(tx: Tx, lecture: ProgrammeLecture, accounts: dict[str, int], at: dt.datetime) -> TermPlan:
    """The plan of the lecture's term; a decided one where there was none."""
    found = tx.scalars(select(TermPlan).where(TermPlan.term_id == lecture.term_id)).first()
    if found is None:
        decided = {"planned_at": at, "decided_at": at, "decided_by": accounts["city"], "created_by": accounts["city"]}
        found = TermPlan(term_id=lecture.term_id, state="decided", planned_revision=1, **decided)
        tx.add(found)
        tx.flush()
    return found


def _make_up(tx: Tx) -> None:
    """The newest lecture of the present term that nobody came to is taught on the first day that is free for it."""
    today = clock.today()
    term = classes.term_of_day(tx, today)
    root = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
    office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, root.id, root.path),), label="system")
    lost = tx.scalars(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.state.in_(("no_show", "cancelled")), ProgrammeLecture.day <= today)
        .where(ProgrammeLecture.term_id == (term.id if term is not None else None))
        .order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id)
    ).first()
    if lost is None:
        return
    lecturer = tx.scalars(select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lost.id)).first()
    for days in range(7, MAKE_UP_DAYS):
        try:
            faculty.plan_make_up(tx, office, lost, today + dt.timedelta(days=days), lost.minute, lecturer or 0)
        except Invalid:
            continue
        return
