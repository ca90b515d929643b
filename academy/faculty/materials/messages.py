"""Notifications about syllabuses and handouts: to reviewers, and to those who teach or sent them."""

from collections.abc import Collection

from sqlalchemy import select

from academy.accounts import api as accounts
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty.kinds import TeachingPart
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialVersion
from academy.faculty.materials.access import MATERIAL_REVIEWERS
from academy.faculty.models import LectureTeacher, PoolMembership
from academy.notifications import api as notifications
from academy.people.models import Organisation


def notify_reviewers(tx: Tx, version: MaterialVersion) -> None:
    """Notify those who may decide that a version waits; not those whose own it is."""
    title = version.material.lecture.title
    body = {
        MaterialKind.SYLLABUS: msg("《%(title)s》的教案第 %(number)s 版等待审阅。", title=title, number=version.number),
        MaterialKind.HANDOUT: msg("《%(title)s》的讲义第 %(number)s 版等待审阅。", title=title, number=version.number),
    }[MaterialKind(version.material.kind)]
    for account_id in deciding_accounts(tx, version):
        notifications.notify(
            tx,
            key=f"material.submitted:{version.id}:{account_id}",
            body=body,
            link=f"/faculty/material/{version.public_id}",
            account_id=account_id,
            kind="material.submitted",
        )


def deciding_accounts(tx: Tx, version: MaterialVersion) -> list[int]:
    """Accounts that may decide on a version: reviewers of the whole tree, but those whose own it is."""
    roots = tx.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None))).all()
    holding = {one for role in MATERIAL_REVIEWERS for one in accounts.accounts_holding(tx, role, roots)}
    return sorted(holding - own_accounts(tx, version.material))


def own_accounts(tx: Tx, material: LectureMaterial) -> set[int]:
    """Accounts of those who teach the lecture or were to, or wrote or submitted a version of its material: as
    `access.is_own`, which decides."""
    rows = tx.execute(
        select(MaterialVersion.author_id, MaterialVersion.submitted_by).where(
            MaterialVersion.material_id == material.id
        )
    )
    wrote = {one for row in rows for one in row if one is not None}
    accounts_of = (
        accounts.account_of_member(tx, member_id) for member_id in members_with_part(tx, material.lecture_id)
    )
    return wrote | {one.id for one in accounts_of if one is not None}


def members_teaching(tx: Tx, lecture_id: int) -> list[int]:
    """Members of the register who teach a lecture or are to, by row ids."""
    return members_with_part(tx, lecture_id, (TeachingPart.PLANNED, TeachingPart.TAUGHT))


def members_with_part(tx: Tx, lecture_id: int, parts: Collection[TeachingPart] = tuple(TeachingPart)) -> list[int]:
    """Members of the register who have or had one of these parts in a lecture, by row ids."""
    query = (
        select(PoolMembership.member_id)
        .join(LectureTeacher, LectureTeacher.lecturer_id == PoolMembership.lecturer_id)
        .where(
            LectureTeacher.lecture_id == lecture_id,
            LectureTeacher.part.in_(parts),
            PoolMembership.member_id.is_not(None),
        )
        .distinct()
    )
    return [one for one in tx.scalars(query) if one is not None]


def notify_writers(tx: Tx, version: MaterialVersion) -> None:
    """Notify the lecturers, and who submitted for them, of a decision; each once."""
    material = version.material
    body, link = _decision(version), f"/teaching/{material.lecture.public_id}/{material.kind}"
    members = members_teaching(tx, material.lecture_id)
    of_members = {one.id for one in (accounts.account_of_member(tx, member) for member in members) if one is not None}
    readers: list[dict[str, int]] = [{"member_id": member} for member in members]
    if version.submitted_by is not None and version.submitted_by not in of_members:
        readers.append({"account_id": version.submitted_by})
    for number, reader in enumerate(readers):
        notifications.notify(
            tx,
            key=f"material.decided:{version.id}:{number}",
            body=body,
            link=link,
            kind=f"material.{version.state}",
            **reader,
        )


def _decision(version: MaterialVersion) -> Message:
    title = version.material.lecture.title
    return {
        (MaterialKind.SYLLABUS, MaterialState.APPROVED): msg("《%(title)s》的教案通过了审阅。", title=title),
        (MaterialKind.HANDOUT, MaterialState.APPROVED): msg("《%(title)s》的讲义通过了审阅。", title=title),
        (MaterialKind.SYLLABUS, MaterialState.RETURNED): msg("《%(title)s》的教案被退回，请看意见。", title=title),
        (MaterialKind.HANDOUT, MaterialState.RETURNED): msg("《%(title)s》的讲义被退回，请看意见。", title=title),
    }[MaterialKind(version.material.kind), MaterialState(version.state)]
