"""A lecture that is taught once more begins with the material of the one that it makes up for."""

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialVersion
from academy.faculty.materials.clearance import MaterialStanding, standings_of
from academy.faculty.models import LectureTeacher, ProgrammeLecture


def carry_material(tx: Tx, actor: Actor, lecture: ProgrammeLecture, made: ProgrammeLecture) -> None:
    """Copy syllabus and handout of a lecture to the one that makes up for it, which has none.

    What was approved stays approved where the same people teach under the same title: it was reviewed for just that.
    Otherwise it is a draft, which has to be reviewed again. Of others' material only what was approved is handed on:
    what somebody has not finished is theirs.
    """
    is_same = _lecturers(tx, lecture) == _lecturers(tx, made) and lecture.title == made.title
    for standing in standings_of(tx, [lecture])[lecture.id]:
        source = _source(tx, lecture, standing, is_same=is_same)
        if source is not None:
            _copy(tx, actor, source, made, standing.kind, is_approved=is_same and standing.teachable is not None)


def _lecturers(tx: Tx, lecture: ProgrammeLecture) -> set[int]:
    """Row ids of those who were to teach; a substitute took the place of one."""
    rows = select(LectureTeacher.lecturer_id).where(
        LectureTeacher.lecture_id == lecture.id, LectureTeacher.substitute_for_id.is_(None)
    )
    return set(tx.scalars(rows))


def _source(tx: Tx, lecture: ProgrammeLecture, standing: MaterialStanding, *, is_same: bool) -> MaterialVersion | None:
    line = standing.teachable or (standing.newest if is_same else standing.approved)
    if line is None:
        return None
    return tx.scalar(select(MaterialVersion).where(MaterialVersion.public_id == line.public_id))


def _copy(
    tx: Tx, actor: Actor, source: MaterialVersion, made: ProgrammeLecture, kind: MaterialKind, *, is_approved: bool
) -> None:
    material = LectureMaterial(lecture_id=made.id, kind=kind)
    tx.add(material)
    tx.flush()
    version = MaterialVersion(
        material_id=material.id,
        number=1,
        state=MaterialState.APPROVED if is_approved else MaterialState.DRAFT,
        # Pages of a file are read again when the draft is submitted.
        passages=list(source.passages) if is_approved or source.asset_id is None else [],
        asset_id=source.asset_id,
        author_id=source.author_id,
        saved_at=source.saved_at if is_approved else clock.now(),
    )
    if is_approved:
        version.submitted_at, version.submitted_by = source.submitted_at, source.submitted_by
        version.closed_at, version.reviewer_id, version.reason = source.closed_at, source.reviewer_id, source.reason
        version.carried_from_id = source.carried_from_id or source.id
    tx.add(version)
    tx.flush()
    record(
        tx,
        actor,
        "material.carried",
        f"material-version:{version.public_id}",
        source=source.public_id,
        state=str(version.state),
    )
