"""Subjects, consent, availability and load of a lecturer."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import delete, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.kinds import ConsentKind
from academy.faculty.models import (
    AvailabilityWindow,
    LecturerAbsence,
    LecturerConsent,
    LecturerSubject,
    PoolMembership,
)
from academy.faculty.recordings import TO_PUBLISH, take_down_recordings
from academy.library import api as library
from academy.people.api import Member

MOST_WINDOWS, MOST_ABSENCES, MOST_PER_TERM = 14, 50, 40
EVIDENCE_LENGTH, REASON_LENGTH = 200, 120


def _lock(tx: Tx, actor: Actor, membership: PoolMembership) -> str:
    access.require_programme_office(actor, f"pool:{membership.public_id}")
    lock_row(tx, membership)
    return f"pool:{membership.public_id}"


def set_subjects(tx: Tx, actor: Actor, membership: PoolMembership, slugs: Collection[str]) -> None:
    """Replace what a lecturer teaches, as categories of the library.

    Raises:
        NotFound: there is no such category.
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    wanted = {library.find_category(tx, slug).id for slug in slugs}
    tx.execute(delete(LecturerSubject).where(LecturerSubject.lecturer_id == membership.lecturer_id))
    tx.add_all(LecturerSubject(lecturer_id=membership.lecturer_id, category_id=one) for one in sorted(wanted))
    tx.flush()
    record(tx, actor, "lecturer.subjects", target, subjects=sorted(slugs))


def set_load(tx: Tx, actor: Actor, membership: PoolMembership, most_per_term: int | None) -> None:
    """Set how many lectures a term the lecturer is ready to give; None is no limit.

    Raises:
        Invalid: out of range.
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    if most_per_term is not None and not 1 <= most_per_term <= MOST_PER_TERM:
        raise Invalid(fields={"most_per_term": msg("请填写 1 到 %(most)s 之间的整数。", most=MOST_PER_TERM)})
    membership.most_per_term = most_per_term
    record(tx, actor, "lecturer.load", target, most=most_per_term)


def link_member(tx: Tx, actor: Actor, membership: PoolMembership, member: Member | None) -> None:
    """Say who the lecturer is in the register, so that the lecturer finds the own pages; None unlinks.

    Raises:
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    membership.member_id = member.id if member else None
    record(tx, actor, "lecturer.linked", target, member=member.public_id if member else None)


def give_consent(
    tx: Tx, actor: Actor, membership: PoolMembership, kind: ConsentKind, *, given_on: dt.date, evidence: str
) -> None:
    """Enter a consent of the lecturer, with how it was given.

    Raises:
        Conflict: it stands already.
        Invalid: the day lies ahead, or nothing is said about how it was given.
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    kept = tidy_text(evidence, EVIDENCE_LENGTH + 1)
    if not 1 <= len(kept) <= EVIDENCE_LENGTH:
        raise Invalid(
            fields={"evidence": msg("请写明怎样同意的，例如回函编号，不超过 %(most)s 个字。", most=EVIDENCE_LENGTH)}
        )
    if given_on > clock.today():
        raise Invalid(fields={"given_on": msg("请填写今天或以前的日期。")})
    if _consent(tx, membership, kind) is not None:
        raise Conflict(msg("已经登记过了。"))
    tx.add(
        LecturerConsent(
            lecturer_id=membership.lecturer_id,
            kind=kind,
            given_on=given_on,
            evidence=kept,
            entered_by=actor.account_id,
        )
    )
    tx.flush()
    record(tx, actor, "lecturer.consent_given", target, kind=kind)


def withdraw_lecturer_consent(tx: Tx, actor: Actor, membership: PoolMembership, kind: ConsentKind) -> int:
    """Withdraw a consent from today on, as the lecturer or on the lecturer's behalf; it can be given again.

    Recordings that rest on it go from the shelf at once; returns how many courses these were.

    Raises:
        Conflict: there is none.
        Forbidden: the actor neither runs the programme nor is that lecturer.
    """
    target = f"pool:{membership.public_id}"
    if actor.member_id is None or actor.member_id != membership.member_id:
        access.require_programme_office(actor, target)
    lock_row(tx, membership)
    row = _consent(tx, membership, kind)
    if row is None:
        raise Conflict(msg("没有登记过这项同意。"))
    row.withdrawn_on = max(clock.today(), row.given_on)
    tx.flush()
    taken_down = take_down_recordings(tx, actor, membership) if kind in TO_PUBLISH else []
    record(tx, actor, "lecturer.consent_withdrawn", target, kind=kind, courses=len(taken_down))
    return len(taken_down)


def _consent(tx: Tx, membership: PoolMembership, kind: ConsentKind) -> LecturerConsent | None:
    return tx.scalar(
        select(LecturerConsent).where(
            LecturerConsent.lecturer_id == membership.lecturer_id,
            LecturerConsent.kind == kind,
            LecturerConsent.withdrawn_on.is_(None),
        )
    )


def add_window(
    tx: Tx, actor: Actor, membership: PoolMembership, *, weekday: int, from_minute: int, to_minute: int
) -> None:
    """Add hours of a weekday at which the lecturer can teach.

    Raises:
        Invalid: the end is not after the beginning, hours that overlap others of the day, or too many.
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    if not (0 <= weekday <= 6 and 0 <= from_minute < to_minute <= 24 * 60):
        raise Invalid(fields={"from": msg("请填写一天之内先后两个时间。")})
    rows = tx.scalars(select(AvailabilityWindow).where(AvailabilityWindow.lecturer_id == membership.lecturer_id)).all()
    if any(row.weekday == weekday and row.from_minute < to_minute and from_minute < row.to_minute for row in rows):
        raise Invalid(fields={"from": msg("这段时间和已登记的重叠。")})
    if len(rows) >= MOST_WINDOWS:
        raise Invalid(fields={"from": msg("最多登记 %(most)s 段时间。", most=MOST_WINDOWS)})
    tx.add(
        AvailabilityWindow(
            lecturer_id=membership.lecturer_id, weekday=weekday, from_minute=from_minute, to_minute=to_minute
        )
    )
    tx.flush()
    record(tx, actor, "lecturer.window_added", target, weekday=weekday)


def add_absence(
    tx: Tx, actor: Actor, membership: PoolMembership, *, first: dt.date, last: dt.date, reason: str
) -> None:
    """Add days on which the lecturer cannot teach.

    Raises:
        Invalid: the last day lies before the first, a year or more, or too many.
        Forbidden: the actor does not run the programme.
    """
    target = _lock(tx, actor, membership)
    if not dt.timedelta() <= last - first <= dt.timedelta(days=366):
        raise Invalid(fields={"last": msg("请填写开始之后一年以内的日期。")})
    rows = tx.scalars(select(LecturerAbsence.id).where(LecturerAbsence.lecturer_id == membership.lecturer_id)).all()
    if len(rows) >= MOST_ABSENCES:
        raise Invalid(fields={"first": msg("最多登记 %(most)s 段时间。", most=MOST_ABSENCES)})
    tx.add(
        LecturerAbsence(
            lecturer_id=membership.lecturer_id,
            first_day=first,
            last_day=last,
            reason=tidy_text(reason, REASON_LENGTH),
        )
    )
    tx.flush()
    record(tx, actor, "lecturer.absence_added", target, first=first.isoformat(), last=last.isoformat())


def remove_window(tx: Tx, actor: Actor, membership: PoolMembership, number: int) -> None:
    """Remove hours (`number` is the row id) that were entered. Raises NotFound where there are none."""
    _remove(tx, actor, membership, AvailabilityWindow, number)


def remove_absence(tx: Tx, actor: Actor, membership: PoolMembership, number: int) -> None:
    """Remove days (`number` is the row id) that were entered. Raises NotFound where there are none."""
    _remove(tx, actor, membership, LecturerAbsence, number)


def _remove(
    tx: Tx, actor: Actor, membership: PoolMembership, model: type[AvailabilityWindow | LecturerAbsence], number: int
) -> None:
    target = _lock(tx, actor, membership)
    row = tx.scalar(select(model).where(model.id == number, model.lecturer_id == membership.lecturer_id))
    if row is None:
        raise NotFound
    tx.delete(row)
    tx.flush()
    record(tx, actor, "lecturer.availability_removed", target)
