"""What a change of a planned lecture does, in sentences: before anybody presses the button."""

from sqlalchemy import select

from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg, nmsg
from academy.faculty.lecture_edits import LectureValues
from academy.faculty.lecture_topics import assignment_of
from academy.faculty.models import LectureMaterial, ProgrammeLecture
from academy.faculty.obligations import list_obligations
from academy.faculty.plan_kinds import AssignmentState
from academy.faculty.plan_problem import open_duties, standing_days
from academy.faculty.request_queries import count_voices
from academy.library.models import Lecturer

NOWHERE, NOBODY = msg("未定"), msg("没有")


def list_changes(tx: Tx, before: LectureValues, after: LectureValues) -> list[Message]:
    """What is different afterwards, one sentence a field."""
    places = {one.id: one.name for one in classes.list_classrooms(tx, retired=True)}
    title, day, time = (
        (before.title, after.title),
        (before.day, after.day),
        (clock.minute_text(before.minute), clock.minute_text(after.minute)),
    )
    hours = before.tenths / 10, after.tenths / 10
    place = places.get(before.classroom_id or 0, NOWHERE), places.get(after.classroom_id or 0, NOWHERE)
    names = _names(tx, before), _names(tx, after)
    sentences = [
        (title, msg("题目：%(before)s → %(after)s", before=title[0], after=title[1])),
        (day, msg("日期：%(before)s → %(after)s", before=day[0], after=day[1])),
        (time, msg("时间：%(before)s → %(after)s", before=time[0], after=time[1])),
        (hours, msg("课时：%(before)s → %(after)s", before=hours[0], after=hours[1])),
        (place, msg("教室：%(before)s → %(after)s", before=place[0], after=place[1])),
        (names, msg("讲师：%(before)s → %(after)s", before=names[0], after=names[1])),
    ]
    found = [sentence for (was, will), sentence in sentences if was != will]
    if before.category_id != after.category_id:
        found.append(msg("方向改了。"))
    return found


def list_effects(tx: Tx, lecture: ProgrammeLecture, before: LectureValues, after: LectureValues) -> list[Message]:
    """What follows from a change: obligations that slip or are met, agreements that are needed again, material that
    another lecturer wrote, who is notified."""
    found = _obligations(tx, lecture, before, after)
    written = select(LectureMaterial.id).where(LectureMaterial.lecture_id == lecture.id).limit(1)
    if before.lecturer_ids != after.lecturer_ids and tx.scalar(written) is not None:
        found.append(msg("教案、讲义是原来的讲师写的，请新的讲师看过，或者重新交。"))
    assignment = assignment_of(tx, lecture)
    if assignment is not None and assignment.state == AssignmentState.CONFIRMED:
        if before.day != after.day and assignment.lecturer_id in after.lecturer_ids:
            name, day = assignment.lecturer.name, before.day
            found.append(msg("%(name)s答应的是%(day)s，请先和本人说好新的日子。", name=name, day=day))
        voices = count_voices(tx, [assignment.request_id]).get(assignment.request_id, 0)
        if voices and (before.day, before.minute) != (after.day, after.minute):
            found.append(nmsg("点这一题的 %(n)s 人会收到改期的消息。", voices))
    return found


def _obligations(tx: Tx, lecture: ProgrammeLecture, before: LectureValues, after: LectureValues) -> list[Message]:
    today, ids = clock.today(), sorted(before.lecturer_ids | after.lecturer_ids)
    others = standing_days(tx, ids, but_for=lecture.id)
    names = _by_id(tx, ids)
    found = []
    for one in list_obligations(tx, today, ids):
        key, due = one.lecturer_id, one.assessment.due_on
        given = [
            [*others.get(key, []), *([values.day] if key in values.lecturer_ids else [])] for values in (before, after)
        ]
        was, will = (open_duties([one], days, today, lecture.term.last_day) for days in given)
        if due is None or bool(will) == bool(was):
            continue
        if due < today:
            late = msg("%(name)s逾期没讲的课就没有着落了。", name=names[key])
            found.append(late if will else msg("%(name)s逾期没讲的课由这一讲补上。", name=names[key]))
        else:
            missing = msg("%(name)s在%(due)s前要讲的课就没有着落了。", name=names[key], due=due)
            found.append(
                missing if will else msg("%(name)s在%(due)s前要讲的课由这一讲完成。", name=names[key], due=due)
            )
    return found


def _by_id(tx: Tx, lecturer_ids: list[int]) -> dict[int, str]:
    return dict(tx.execute(select(Lecturer.id, Lecturer.name).where(Lecturer.id.in_(lecturer_ids))).all())


def _names(tx: Tx, values: LectureValues) -> object:
    known = _by_id(tx, sorted(values.lecturer_ids))
    alone = len(values.teachers) == 1
    parts = [known[one] if alone else f"{known[one]} {share / 10:g}%" for one, share in values.teachers]
    return "、".join(parts) or NOBODY
