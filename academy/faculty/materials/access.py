"""Who writes, reviews and reads syllabuses and handouts. Ids from users are resolved only here
(docs/decisions/0065)."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import aliased, joinedload

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.faculty.access import is_programme_office
from academy.faculty.kinds import LectureState, PoolState, TeachingPart
from academy.faculty.material_kinds import MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialComment, MaterialVersion
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture

MATERIAL_REVIEWERS = (Role.REVIEWER, Role.NODE_ADMINISTRATOR)
"""Roles of the organisation department; they count when held for the whole tree."""
WRITABLE = (LectureState.PLANNED, LectureState.HELD)
_other = aliased(MaterialVersion)
"""Made once: what waits is counted on every page of an officer, and an alias takes longer than its query."""
_WRITING_PARTS = (TeachingPart.PLANNED, TeachingPart.TAUGHT)


def is_material_reviewer(actor: Actor) -> bool:
    """Whether the actor reviews material: reviewers and administrators of the whole tree."""
    return any(path.count("/") == 2 for path in actor.paths(*MATERIAL_REVIEWERS))


def require_material_reviewer(actor: Actor, what: str) -> None:
    """Raises Forbidden for everybody who reviews no material; `what` names the thing for the audit row."""
    if not is_material_reviewer(actor):
        raise Forbidden(what)


def taught_by(actor: Actor) -> ColumnElement[bool]:
    """Condition: lectures in which the actor has or had a part as a lecturer."""
    if actor.member_id is None:
        return false()
    mine = (
        select(LectureTeacher.lecture_id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(PoolMembership.member_id == actor.member_id)
    )
    return ProgrammeLecture.id.in_(mine)


def access_material_lecture(tx: Tx, actor: Actor, public_id: str) -> ProgrammeLecture:
    """A lecture whose material the actor may read in every version: its lecturers, the programme office.

    Raises:
        NotFound: there is none.
        Forbidden: neither the programme office nor one of its lecturers asks.
    """
    row = tx.scalar(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.public_id == public_id)
        .options(joinedload(ProgrammeLecture.training_class))
    )
    if row is None:
        raise NotFound
    if not is_programme_office(actor) and not _has_part(tx, actor, row):
        raise Forbidden(f"material:{public_id}")
    return row


def _has_part(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> bool:
    return tx.scalar(select(ProgrammeLecture.id).where(ProgrammeLecture.id == lecture.id, taught_by(actor))) is not None


def may_write(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> bool:
    """Whether the actor may write material of the lecture now.

    The programme office writes on behalf of lecturers. A lecturer who left the pool, or was replaced, reads on and
    writes no more; nobody writes for a lecture that is not given.
    """
    if lecture.state not in WRITABLE:
        return False
    if is_programme_office(actor):
        return True
    if actor.member_id is None:
        return False
    query = (
        select(LectureTeacher.id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(
            LectureTeacher.lecture_id == lecture.id,
            LectureTeacher.part.in_(_WRITING_PARTS),
            PoolMembership.member_id == actor.member_id,
            PoolMembership.state != PoolState.LEFT,
        )
    )
    return tx.scalar(query.limit(1)) is not None


def require_writer(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> int:
    """The account that writes.

    Raises:
        Forbidden: the actor may not write material of this lecture.
    """
    if actor.account_id is None or not may_write(tx, actor, lecture):
        raise Forbidden(f"material:{lecture.public_id}")
    return actor.account_id


def is_own(actor: Actor) -> ColumnElement[bool]:
    """Condition on versions: the actor teaches the lecture, or wrote or submitted a version of the same material."""
    written = exists().where(
        _other.material_id == MaterialVersion.material_id,
        or_(_other.author_id == actor.account_id, _other.submitted_by == actor.account_id),
    )
    if actor.member_id is None:
        return written
    taught = exists().where(
        LectureMaterial.id == MaterialVersion.material_id,
        LectureTeacher.lecture_id == LectureMaterial.lecture_id,
        PoolMembership.lecturer_id == LectureTeacher.lecturer_id,
        PoolMembership.member_id == actor.member_id,
    )
    return or_(written, taught)


def access_reviewed_version(tx: Tx, actor: Actor, public_id: str) -> MaterialVersion:
    """A version that was submitted, for a reviewer.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not review material, or it is a draft.
    """
    row = _version(tx, MaterialVersion.public_id == public_id)
    require_material_reviewer(actor, f"material-version:{public_id}")
    if row.state == MaterialState.DRAFT:
        raise Forbidden(f"material-version:{public_id}")
    return row


def is_own_version(tx: Tx, actor: Actor, version: MaterialVersion) -> bool:
    """Whether the actor may not decide on a version, because it is the actor's."""
    return tx.scalar(select(MaterialVersion.id).where(MaterialVersion.id == version.id, is_own(actor))) is not None


def access_material_version(tx: Tx, actor: Actor, lecture: ProgrammeLecture, public_id: str) -> MaterialVersion:
    """A version of a lecture's material that was accessed already.

    Raises:
        NotFound: it is none of that lecture.
    """
    return _version(tx, and_(MaterialVersion.public_id == public_id, LectureMaterial.lecture_id == lecture.id))


def access_material_comment(tx: Tx, actor: Actor, public_id: str) -> MaterialComment:
    """A comment, for those who write the material and for reviewers.

    Raises:
        NotFound: there is none.
        Forbidden: neither asks.
    """
    found = tx.scalar(
        select(MaterialComment)
        .where(MaterialComment.public_id == public_id)
        .options(
            joinedload(MaterialComment.version).joinedload(MaterialVersion.material).joinedload(LectureMaterial.lecture)
        )
    )
    if found is None:
        raise NotFound
    if not is_material_reviewer(actor) and not may_write(tx, actor, found.version.material.lecture):
        raise Forbidden(f"material-comment:{public_id}")
    return found


def _version(tx: Tx, condition: ColumnElement[bool]) -> MaterialVersion:
    row = tx.scalar(
        select(MaterialVersion)
        .join(LectureMaterial, LectureMaterial.id == MaterialVersion.material_id)
        .where(condition)
        .options(
            joinedload(MaterialVersion.asset),
            joinedload(MaterialVersion.material)
            .joinedload(LectureMaterial.lecture)
            .joinedload(ProgrammeLecture.training_class),
        )
    )
    if row is None:
        raise NotFound
    return row
