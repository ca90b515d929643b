"""Which course of the library is the recording of a lecture."""

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.types import Key
from academy.faculty.lecture_models import ProgrammeLecture
from academy.library.models import Course


class LectureRecording(Base):
    """The course that a recorded lecture became: it is on the shelf only while its lecturers consent."""

    __tablename__ = "lecture_recordings"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    # Two trainers who begin at once begin one.
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"), unique=True)
    # A course is the recording of one lecture; whether it may be published is asked by its id.
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), unique=True)
    linked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    linked_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    taken_down_at: Mapped[dt.datetime | None]
    """When a withdrawn consent last took it from the shelf; kept after it came back."""

    lecture: Mapped[ProgrammeLecture] = relationship()
    course: Mapped[Course] = relationship()
