"""A person's own data: overview, and a copy as a file."""

import dataclasses
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from academy.accounts import api as accounts
from academy.classes import api as classes
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import AuditEntry, record
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.faculty import api as faculty
from academy.learning import api as learning
from academy.learning.models import Completion, CreditHour, OfflinePlayback, PlaybackLease, Refusal, WatchLedger
from academy.library import api as library
from academy.library.models import Complaint, Course, CourseItem, CourseVersion, ItemVersion
from academy.notifications import api as notifications
from academy.people import api as people
from academy.people.models import Member
from academy.talk import api as talk
from academy.trainings import api as trainings

MOST = 20_000
"""Maximum rows of one kind in a file: more than a lifetime of lectures."""


def personal_overview(tx: Tx, actor: Actor) -> dict[str, int]:
    """Number of rows of each kind; eleven counts."""
    counted = {
        "completions": select(func.count()).where(Completion.member_id == actor.member_id),
        "ledgers": select(func.count()).where(WatchLedger.member_id == actor.member_id),
        "complaints": select(func.count()).where(Complaint.account_id == actor.account_id),
    }
    return {name: tx.scalar(query) or 0 for name, query in counted.items()} | {
        "notifications": notifications.count_received(tx, actor),
        "memberships": len(people.memberships_of(tx, actor.member_id or 0)),
        "exemptions": len(people.exemptions_of(tx, actor.member_id or 0)),
        "devices": len(accounts.live_sessions_of(tx, actor.account_id or 0)),
        "grants": len(accounts.grants_of(tx, actor.account_id or 0)),
        **talk.count_own_talk(tx, actor),
    }


def who_looked(tx: Tx, actor: Actor, limit: int = 20) -> list[AuditEntry]:
    """When the person's data was read or changed, newest first. The readers' names are for the auditor only."""
    member = tx.get(Member, actor.member_id) if actor.member_id else None
    if member is None:
        return []
    query = select(AuditEntry).where(AuditEntry.target == f"member:{member.public_id}")
    return list(tx.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))


def copy_personal_data(tx: Tx, runtime: Runtime, actor: Actor) -> dict[str, Any]:
    """The complete copy as JSON values; instants in UTC, positions in media milliseconds. The export is audited."""
    account = accounts.account_of_id(tx, actor.account_id or 0)
    record(tx, actor, "data.copied", f"account:{account.public_id}")
    found: dict[str, Any] = {
        "made_at": clock.now().isoformat(),
        "account": {
            "username": account.username,
            "name": account.display_name,
            "language": account.language,
            "large_print": account.elder_mode,
            "created_at": account.created_at.isoformat(),
        },
        "devices": [
            {"device": row.device, "signed_in": row.created_at.isoformat(), "last_used": row.seen_at.isoformat()}
            for row in accounts.live_sessions_of(tx, account.id)
        ],
        "roles": [
            {"role": row.role, "organisation": node.name, "from": _day(row.valid_from), "to": _day(row.valid_to)}
            for row, node in accounts.grants_of(tx, account.id)
        ],
        "consents": [
            {"version": row.version, "given_at": row.given_at.isoformat(), "withdrawn_at": _when(row.withdrawn_at)}
            for row in accounts.consents_of(tx, account.id)
        ],
        "requests": [
            {"kind": row.kind, "text": row.body, "state": row.state, "answer": row.answer, "at": _when(row.created_at)}
            for row in accounts.data_requests_of(tx, account.id)
        ],
        "complaints": _complaints(tx, account.id),
        "review_comments": [
            {"course": title, "text": body, "at": at.isoformat()}
            for title, body, at in library.written_by(tx, account.id, MOST)
        ],
        **talk.copy_talk(tx, actor),
        **classes.copy_classes(tx, actor),
        **faculty.copy_programme(tx, actor),
        "messages": _messages(tx, actor),
        "notifications": _notifications(tx, runtime, actor),
        "looked_at": [{"at": row.at.isoformat(), "what": row.verb} for row in who_looked(tx, actor, MOST)],
    }
    member = tx.get(Member, actor.member_id) if actor.member_id else None
    return found | (_member(tx, runtime, member) if member else {})


def _member(tx: Tx, runtime: Runtime, member: Member) -> dict[str, Any]:
    return {
        "member": {
            "number": member.number,
            "name": member.name,
            "gender": member.gender,
            "birth_date": _day(member.known_date("birth_date")),
            "joined_on": _day(member.known_date("joined_on")),
            "education": member.education,
            "position": member.position,
            "position_since": _day(member.known_date("position_since")),
            "status": member.status,
            "phone": runtime.sealer.open(member.phone_sealed, context=people.PHONE_FIELD)
            if member.phone_sealed
            else None,
        },
        "memberships": [
            {"organisation": node.name, "from": _day(row.valid_from), "to": _day(row.valid_to)}
            for row, node in people.memberships_of(tx, member.id)
        ],
        "exemptions": [
            {
                "reason": row.reason,
                "from": _day(row.valid_from),
                "to": _day(row.valid_to),
                "agreed": _when(row.approved_at),
            }
            for row in people.exemptions_of(tx, member.id)
        ],
        "trainings": [
            {"title": row.title, "opens": _day(row.opens_on), "closes": _day(row.closes_on)}
            for row in trainings.trainings_of_member(tx, member.id)
        ],
        "watched": _watched(tx, member.id),
        "kept_on_phones": _kept(tx, member.id),
        "not_credited": _refused(tx, member.id),
        "completed": _completed(tx, member.id),
        "credit_hours": [
            {"minutes": row.minutes, "rule": row.rule, "for": row.source, "at": row.earned_at.isoformat()}
            for row in tx.scalars(
                select(CreditHour)
                .where(CreditHour.member_id == member.id)
                .order_by(CreditHour.earned_at, CreditHour.source, CreditHour.rule)
                .limit(MOST)
            )
        ],
    }


_SHOWN = func.coalesce(Course.published_version_id, Course.draft_version_id)
"""The version that a course is named by."""
_seen = aliased(CourseVersion)
_ITEM_TITLE = (
    select(ItemVersion.title)
    .join(_seen, _seen.id == ItemVersion.course_version_id)
    .where(ItemVersion.item_id == WatchLedger.item_id, _seen.published_at.is_not(None))
    .order_by(_seen.number.desc())
    .limit(1)
    .correlate(WatchLedger)
    .scalar_subquery()
)
"""The title under which members see an item, or saw it last."""


def _kept(tx: Tx, member_id: int) -> list[dict[str, Any]]:
    rows = tx.execute(
        select(PlaybackLease, OfflinePlayback.form, CourseVersion.title)
        .join(OfflinePlayback, OfflinePlayback.lease_id == PlaybackLease.id)
        .join(Course, Course.id == PlaybackLease.course_id)
        .join(CourseVersion, CourseVersion.id == _SHOWN)
        .where(PlaybackLease.member_id == member_id)
        .order_by(PlaybackLease.id)
        .limit(MOST)
    )
    return [
        {
            "course": title,
            "form": form,
            "device": lease.device,
            "kept_at": lease.started_at.isoformat(),
            "ended_at": _when(lease.ended_at),
        }
        for lease, form, title in rows
    ]


def _watched(tx: Tx, member_id: int) -> list[dict[str, Any]]:
    rows = tx.execute(
        select(WatchLedger, _ITEM_TITLE, CourseVersion.title)
        .join(CourseItem, CourseItem.id == WatchLedger.item_id)
        .join(Course, Course.id == CourseItem.course_id)
        .join(CourseVersion, CourseVersion.id == _SHOWN)
        .where(WatchLedger.member_id == member_id)
        .order_by(WatchLedger.updated_ms)
        .limit(MOST)
    )
    return [
        {
            "course": course,
            "item": title,
            "version": row.item_version,
            "unit": row.unit,
            "covered": row.covered,
            "stretches": [list(span) for span in learning.unpack_spans(row.spans)],
            "stopped_at": row.position,
            "last_ms": row.updated_ms,
        }
        for row, title, course in rows
    ]


def _refused(tx: Tx, member_id: int) -> list[dict[str, Any]]:
    rows = tx.scalars(select(Refusal).where(Refusal.member_id == member_id).order_by(Refusal.last_at).limit(MOST))
    return [
        {
            "reason": row.reason,
            "stretches_ms": [list(span) for span in learning.unpack_spans(row.spans)],
            "at": _when(row.last_at),
        }
        for row in rows
    ]


def _completed(tx: Tx, member_id: int) -> list[dict[str, Any]]:
    rows = tx.execute(
        select(Completion, CourseVersion.title)
        .join(Course, Course.id == Completion.course_id)
        .join(CourseVersion, CourseVersion.id == _SHOWN)
        .where(Completion.member_id == member_id)
        .order_by(Completion.completed_at)
        .limit(MOST)
    )
    return [
        {"course": title, "version": row.course_version, "at": row.completed_at.isoformat(), "evidence": row.evidence}
        for row, title in rows
    ]


def _complaints(tx: Tx, account_id: int) -> list[dict[str, Any]]:
    rows = tx.scalars(select(Complaint).where(Complaint.account_id == account_id).order_by(Complaint.id).limit(MOST))
    return [{"subject": row.subject, "text": row.body, "state": row.state, "answer": row.answer} for row in rows]


def _messages(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    rows = notifications.list_received(tx, actor, MOST)
    return [{"body": row.body, "at": row.created_at.isoformat(), "read_at": _when(row.read_at)} for row in rows]


def _notifications(tx: Tx, runtime: Runtime, actor: Actor) -> dict[str, Any]:
    chosen = notifications.own_preferences(tx, actor)
    return {
        "mail": notifications.own_mail(tx, actor, runtime.sealer) or None,
        "mail_confirmed": chosen.mail_confirmed,
        "quiet_minutes": [chosen.quiet_from, chosen.quiet_to],
        "topics": {topic.value: dataclasses.asdict(choice) for topic, choice in chosen.choices.items()},
    }


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


_when = _day
