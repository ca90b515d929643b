"""Messages to lecturers about what they are to teach: to those whom the pool knows in the register; the office informs
the others."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from academy.notifications import api as notifications

OWN_PAGE = "/teaching"


def notify_planned(tx: Tx, lecture: ProgrammeLecture, lecturer_ids: Collection[int]) -> None:
    """A lecture to come was put on the timetable, stands again, or was given to these lecturers (row ids)."""
    body = msg("%(day)s请您讲“%(title)s”，已经排定。", day=lecture.day, title=lecture.title)
    _notify(tx, lecture, lecturer_ids, body, "lecture_planned")


def notify_released(tx: Tx, lecture: ProgrammeLecture, lecturer_ids: Collection[int]) -> None:
    """A lecture to come was given to others."""
    body = msg("“%(title)s”改由别的老师讲，请您不用准备了。", title=lecture.title)
    _notify(tx, lecture, lecturer_ids, body, "lecture_released")


def notify_moved(tx: Tx, lecture: ProgrammeLecture, lecturer_ids: Collection[int], before: tuple[dt.date, int]) -> None:
    """A lecture was moved from a day and minute to those that it has now."""
    was_day, was_minute = before
    body = msg(
        "“%(title)s”改在%(day)s %(time)s讲，原来是%(was)s %(was_time)s。",
        title=lecture.title,
        day=lecture.day,
        time=clock.minute_text(lecture.minute),
        was=was_day,
        was_time=clock.minute_text(was_minute),
    )
    _notify(tx, lecture, lecturer_ids, body, "lecture_moved")


def notify_cancelled(tx: Tx, lecture: ProgrammeLecture) -> None:
    """A lecture to come will not take place."""
    teaching = select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lecture.id)
    title, reason = lecture.title, lecture.reason
    body = msg("%(day)s您讲的“%(title)s”取消了：%(reason)s", day=lecture.day, title=title, reason=reason)
    _notify(tx, lecture, tx.scalars(teaching).all(), body, "lecture_cancelled")


def _notify(tx: Tx, lecture: ProgrammeLecture, lecturer_ids: Collection[int], body: Message, occasion: str) -> None:
    """Each once; what is entered about days that are over is no news."""
    if lecture.day < clock.today():
        return
    known = select(PoolMembership.member_id).where(
        PoolMembership.lecturer_id.in_(lecturer_ids), PoolMembership.member_id.is_not(None)
    )
    key = f"{occasion}:{lecture.id}:{clock.now_ms()}"
    for member_id in tx.scalars(known.distinct()).all():
        notifications.notify(
            tx, key=f"{key}:{member_id}", body=body, link=OWN_PAGE, member_id=member_id, kind=f"topic.{occasion}"
        )
