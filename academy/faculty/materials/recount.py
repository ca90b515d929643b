"""What rows of material and recordings must say of each other; the second reading for `flask faculty verify`."""

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from academy.core.database import Tx
from academy.faculty.material_models import LectureMaterial, MaterialRule, MaterialVersion
from academy.faculty.models import LectureRecording, ProgrammeLecture
from academy.faculty.recordings import courses_of_lecture, missing_consents

Contradiction = tuple[str, str, str, str]
"""Kind, subject, what is written, what the other rows say."""


def material_contradictions(tx: Tx) -> Iterator[Contradiction]:
    """Lectures that were held with something else than what was approved, and without a reason."""
    kept = tx.scalars(select(MaterialRule)).all()
    approved = {
        (lecture_id, kind, number)
        for lecture_id, kind, number in tx.execute(
            select(LectureMaterial.lecture_id, LectureMaterial.kind, MaterialVersion.number)
            .join(MaterialVersion, MaterialVersion.material_id == LectureMaterial.id)
            .where(MaterialVersion.state == "approved")
        )
    }
    taught = {(row.lecture_id, row.kind): row.taught_number for row in tx.scalars(select(LectureMaterial))}
    for lecture in tx.scalars(select(ProgrammeLecture).where(ProgrammeLecture.state == "held")):
        subject = f"lecture {lecture.public_id}"
        for kind in ("syllabus", "handout"):
            number = taught.get((lecture.id, kind))
            if number is not None and (lecture.id, kind, number) not in approved:
                yield "material", subject, f"{kind} {number} was taught", "it is not approved"
            demanded = kind in _demanded(kept, lecture)
            if demanded and number is None and not lecture.unreviewed_reason:
                yield "material", subject, "held", f"no approved {kind}, and no reason"


def _demanded(kept: Sequence[MaterialRule], lecture: ProgrammeLecture) -> list[str]:
    """What the rule of the lecture's day asks for, if it was known when the lecture was confirmed."""
    for rule in kept:
        in_force = rule.valid_from <= lecture.day and (rule.valid_to is None or lecture.day < rule.valid_to)
        if in_force and rule.entered_at <= (lecture.confirmed_at or dt.datetime.min.replace(tzinfo=dt.UTC)):
            return list(rule.kinds)
    return []


def recording_contradictions(tx: Tx) -> Iterator[Contradiction]:
    """Courses on the shelf that show a lecture which is not entered as held, or somebody who does not consent."""
    for lecture in tx.scalars(select(ProgrammeLecture).join(LectureRecording).order_by(ProgrammeLecture.id)):
        shown = courses_of_lecture(tx, lecture)
        missing = missing_consents(tx, [lecture.id]) if shown else []
        for course in shown:
            subject = f"course {course.public_id}"
            if missing:
                yield "consent", subject, "published", f"consents missing: {len(missing)}"
            if lecture.state != "held":
                yield "recording", subject, "published", f"lecture {lecture.public_id} is {lecture.state}"
