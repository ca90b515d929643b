"""Signed notes of a contest's result for personnel files.

A note says what the panel found, and nothing else: its form is closed, so that neither votes nor views can be written
into one, and such a file is refused when it is checked.
"""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock, signing
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.models import SigningKey
from academy.core.signing import DocumentSigner, NotSigned, SignedDocument
from academy.core.unique import get_or_create
from academy.faculty import access
from academy.faculty.contest_kinds import ContestState
from academy.faculty.contest_models import Contest, Nomination, PersonnelNote
from academy.faculty.kinds import TeachingPart
from academy.faculty.models import LecturerPost, LectureTeacher
from academy.library.models import Lecturer
from academy.people.models import Organisation

KIND = "academy.personnel-note.1"
FIELDS: dict[str, type] = {
    "kind": str,
    "number": str,
    "issuer": str,
    "issued_on": str,
    "lecturer": str,
    "office": str,
    "unit": str,
    "contest": str,
    "term": str,
    "lecture": str,
    "held_on": str,
    "class_hour_tenths": int,
    "share_permille": int,
    "criteria": list,
    "judges": int,
    "trimmed": int,
    "points_hundredths": int,
    "published_on": str,
}
"""Everything that a note holds: no more, no less."""
CRITERION_FIELDS: dict[str, type] = {"text": str, "weight": int}
REASON_LENGTH = 200
PDF = b"%PDF-"
LARGEST_FILE = 256 * 1024
"""Bytes of a file to be checked."""


class NoteState(enum.StrEnum):
    """What is said of a file.

    `valid`; `revoked`; `unknown_key`: signed, but not by this academy; `altered`: no note, or changed; `unknown`:
    signed by this academy, which does not know its number.
    """

    VALID = "valid"
    REVOKED = "revoked"
    UNKNOWN_KEY = "unknown_key"
    ALTERED = "altered"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class NoteCheck:
    """The result of a check; `document` only where the signature is the academy's."""

    state: NoteState
    document: dict[str, Any] | None = None
    key_id: str = ""
    reason: str = ""
    """Why it was revoked."""


def issue_note(
    tx: Tx, actor: Actor, signer: DocumentSigner, issuer: str, nomination: Nomination, lecturer: Lecturer
) -> PersonnelNote:
    """The note of a lecturer's chosen lecture; asked for again it is the same one.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: the result is not published, the lecture was not chosen, or the lecturer did not teach it.
    """
    access.require_programme_office(actor, f"nomination:{nomination.public_id}")
    contest = nomination.contest
    teacher = tx.scalar(
        select(LectureTeacher).where(
            LectureTeacher.lecture_id == nomination.lecture_id,
            LectureTeacher.lecturer_id == lecturer.id,
            LectureTeacher.part == TeachingPart.TAUGHT,
        )
    )
    if contest.state != ContestState.PUBLISHED or not nomination.is_chosen or teacher is None:
        raise Conflict(msg("评比结果公布以后，才能给入选课程的主讲人出具证明。"))
    tx.refresh(nomination, with_for_update={"of": Nomination})
    known = tx.scalar(
        select(PersonnelNote).where(
            PersonnelNote.nomination_id == nomination.id, PersonnelNote.lecturer_id == lecturer.id
        )
    )
    if known is not None:
        return known
    _keep_key(tx, signer)
    made = PersonnelNote(nomination_id=nomination.id, lecturer_id=lecturer.id, signed=b"", issued_by=actor.account_id)
    tx.add(made)
    tx.flush()
    made.signed = signer.sign(_document(tx, made.number, issuer, nomination, lecturer, teacher))
    tx.flush()
    record(tx, actor, "note.issued", f"note:{made.number}", nomination=nomination.public_id)
    return made


def _keep_key(tx: Tx, signer: DocumentSigner) -> None:
    get_or_create(tx, SigningKey, {"key_id": signing.key_id(signer.public_key)}, public_key=signer.public_key)


def _document(
    tx: Tx, number: str, issuer: str, nomination: Nomination, lecturer: Lecturer, teacher: LectureTeacher
) -> dict[str, Any]:
    contest, lecture = nomination.contest, nomination.lecture
    assert contest.published_at is not None
    assert nomination.hundredths is not None
    post = tx.execute(
        select(LecturerPost.title, Organisation.name)
        .join(Organisation, Organisation.id == LecturerPost.organisation_id)
        .where(
            LecturerPost.lecturer_id == lecturer.id,
            LecturerPost.valid_from <= lecture.day,
            LecturerPost.valid_to.is_(None) | (LecturerPost.valid_to > lecture.day),
        )
        .order_by(LecturerPost.valid_from.desc(), LecturerPost.id)
        .limit(1)
    ).first()
    return {
        "kind": KIND,
        "number": number,
        "issuer": issuer,
        "issued_on": clock.today().isoformat(),
        "lecturer": lecturer.name,
        "office": post[0] if post else lecturer.office,
        "unit": post[1] if post else "",
        "contest": contest.title,
        "term": contest.term.name,
        "lecture": lecture.title,
        "held_on": lecture.day.isoformat(),
        "class_hour_tenths": lecture.class_hour_tenths,
        "share_permille": teacher.share_permille,
        "criteria": [{"text": one["text"], "weight": one["weight"]} for one in contest.criteria],
        "judges": nomination.judges or 0,
        "trimmed": contest.trimmed,
        "points_hundredths": nomination.hundredths,
        "published_on": clock.to_city(contest.published_at).date().isoformat(),
    }


def keep_paper(tx: Tx, note: PersonnelNote, paper: bytes) -> None:
    """Keep a new note as it was printed; never replaced."""
    if note.paper is None:
        note.paper = paper
        tx.flush()


def issue_notes(
    tx: Tx, actor: Actor, signer: DocumentSigner, issuer: str, nomination: Nomination
) -> list[PersonnelNote]:
    """The notes of a chosen lecture, one for each who taught it.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: the result is not published, or the lecture was not chosen.
    """
    taught = tx.scalars(
        select(Lecturer)
        .join(LectureTeacher, LectureTeacher.lecturer_id == Lecturer.id)
        .where(LectureTeacher.lecture_id == nomination.lecture_id, LectureTeacher.part == TeachingPart.TAUGHT)
        .order_by(LectureTeacher.id)
    ).all()
    return [issue_note(tx, actor, signer, issuer, nomination, one) for one in taught]


def note_in(data: bytes) -> bytes:
    """The signed document of a file: the file itself, or what a PDF of ours holds, which is not compressed."""
    if not data.startswith(PDF):
        return data
    begin = data.find(signing.BEGIN)
    if begin < 0:
        return b""
    end = data.find(b"endstream", begin, begin + signing.LARGEST)
    return data[begin : end if end >= 0 else begin].strip()


def read_note(data: bytes) -> SignedDocument:
    """The signed note of a file.

    Raises:
        NotSigned: no signed document, altered, or one that holds anything but what a note holds.
    """
    found = signing.verify(data)
    document = found.document
    if document.get("kind") != KIND or set(document) != set(FIELDS):
        raise NotSigned("no personnel note")
    if any(type(document[name]) is not kind for name, kind in FIELDS.items()):
        raise NotSigned("no personnel note")
    for one in document["criteria"]:
        if not isinstance(one, dict) or {name: type(value) for name, value in one.items()} != CRITERION_FIELDS:
            raise NotSigned("no personnel note")
    return found


def check_offline(data: bytes, public_keys: Collection[str]) -> NoteCheck:
    """Check a file with public keys alone: whether it was revoked since is not known there."""
    try:
        found = read_note(note_in(data))
    except NotSigned:
        return NoteCheck(NoteState.ALTERED)
    if found.public_key not in public_keys:
        return NoteCheck(NoteState.UNKNOWN_KEY, key_id=found.key_id)
    return NoteCheck(NoteState.VALID, found.document, found.key_id)


def check_note(tx: Tx, data: bytes) -> NoteCheck:
    """Check a file, JSON or PDF, against the academy's keys and notes."""
    checked = check_offline(data, public_keys(tx))
    if checked.document is None:
        return checked
    row = tx.scalar(select(PersonnelNote).where(PersonnelNote.number == checked.document["number"]))
    if row is None or read_note(row.signed).document != checked.document:
        return NoteCheck(NoteState.UNKNOWN, checked.document, checked.key_id)
    if row.revoked_at is not None:
        return NoteCheck(NoteState.REVOKED, checked.document, checked.key_id, row.revocation)
    if data.startswith(PDF) and data != row.paper:
        return NoteCheck(NoteState.ALTERED)
    return checked


def public_keys(tx: Tx) -> list[str]:
    """Every key with which this academy signed, the oldest first; each is 32 bytes in Base64."""
    return list(tx.scalars(select(SigningKey.public_key).order_by(SigningKey.first_used_at, SigningKey.key_id)))


def notes_of_contest(tx: Tx, actor: Actor, contest: Contest) -> list[PersonnelNote]:
    """The notes of a contest.

    Raises:
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"contest:{contest.public_id}")
    return list(
        tx.scalars(
            select(PersonnelNote)
            .join(Nomination, Nomination.id == PersonnelNote.nomination_id)
            .where(Nomination.contest_id == contest.id)
            .options(joinedload(PersonnelNote.lecturer), joinedload(PersonnelNote.nomination))
            .order_by(PersonnelNote.id)
        )
    )


def access_note(tx: Tx, actor: Actor, number: str) -> PersonnelNote:
    """A note, for the programme office.

    Raises:
        Forbidden: the actor does not run the programme.
        NotFound: there is none of that number.
    """
    access.require_programme_office(actor, f"note:{number[:16]}")
    row = tx.scalar(
        select(PersonnelNote).where(PersonnelNote.number == number).options(joinedload(PersonnelNote.lecturer))
    )
    if row is None:
        raise NotFound
    return row


def revoke_note(tx: Tx, actor: Actor, note: PersonnelNote, reason: str) -> None:
    """Revoke a note: whoever checks it from now on learns of it, and why.

    Raises:
        Forbidden: the actor does not run the programme.
        Invalid: no reason.
        Conflict: it is revoked already.
    """
    access.require_programme_office(actor, f"note:{note.number}")
    tx.refresh(note, with_for_update={"of": PersonnelNote})
    text = reason.strip()[: REASON_LENGTH + 1]
    if not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写明撤销的原因，不超过 %(most)s 个字。", most=REASON_LENGTH)})
    if note.revoked_at is not None:
        raise Conflict(msg("这份证明已经撤销。"))
    note.revoked_at, note.revoked_by, note.revocation = clock.now(), actor.account_id, text
    tx.flush()
    record(tx, actor, "note.revoked", f"note:{note.number}")
