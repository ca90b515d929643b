"""The complete ledger of one member and one item, for an inspection a year later."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.learning import refusals, rules
from academy.learning.completions import hours_of_course, instant
from academy.learning.models import (
    Completion,
    Correction,
    CreditHour,
    ItemCompletion,
    PlaybackLease,
    Refusal,
    WatchLedger,
)
from academy.learning.rules import Unit
from academy.library.models import CourseItem
from academy.people.api import Member


def collect_evidence(tx: Tx, actor: Actor, member: Member, item: CourseItem) -> dict[str, Any]:
    """Leases, credited spans, refusals, completions, corrections and hours, as of now; the read is audited.

    A struck completion is listed with the hours it removed: the minutes of all rows add up to the member's total.
    `checksum` is the SHA-256 of the rest, so that a copy can be compared with a later run.
    """
    document: dict[str, Any] = {
        "member": member.public_id,
        "member_number": member.number,
        "item": item.public_id,
        "course": item.course.public_id,
        # Only where it is not ms: copies made before there were units keep their checksum.
        **({"unit": Unit.PAGE} if _counts_pages(tx, member.id, item.id) else {}),
        "leases": _leases(tx, member.id, item.id),
        "ledger": _ledger(tx, member.id, item.id),
        "refusals": _refusals(tx, member.id, item.id),
        "completions": _completions(tx, member.id, item),
        "corrections": _corrections(tx, member.id, item.course_id),
        "minutes_held": sum(row.minutes for row in _hours(tx, member.id, item)),
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    document["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    document["as_of"] = clock.now().isoformat()
    record(tx, actor, "evidence.exported", f"member:{member.public_id}", item=item.public_id)
    return document


def evidence_csv(document: dict[str, Any]) -> str:
    """The same as one table: a row for each lease, span, refused stretch, completion and correction."""
    out = io.StringIO()
    table = csv.writer(out)
    unit = document.get("unit", Unit.MS)
    first = 1 if unit == Unit.PAGE else 0  # pages have numbers, the first and the last of a stretch
    table.writerow(["kind", "version", f"from_{unit}", f"to_{unit}", "at", "until", "detail"])
    for lease in document["leases"]:
        device, why = lease["device"], lease["ended_because"] or ""
        table.writerow(
            ["lease", lease["version"], "", "", lease["started_at"], lease["ended_at"] or "", f"{device} {why}"]
        )
    for row in document["ledger"]:
        for start, end in row["spans"]:
            table.writerow(["credited", row["version"], start + first, end, row["updated_at"], "", ""])
    for refusal in document["refusals"]:
        for start, end in refusal["spans"]:
            table.writerow(
                ["refused", "", start + first, end, refusal["first_at"], refusal["last_at"], refusal["reason"]]
            )
    for done in document["completions"]:
        table.writerow(["completed", done["version"], "", "", done["at"], "", done["what"]])
    for row in document["corrections"]:
        what = f"{row['kind']}: {row['reason']} (proposed by {row['proposed_by']}, approved by {row['approved_by']})"
        table.writerow(["corrected", row["version"], "", "", row["at"], "", what])
    table.writerow(["held", "", "", "", document["as_of"], "", f"{document['minutes_held']} minutes"])
    table.writerow(["checksum", "", "", "", document["as_of"], "", document["checksum"]])
    return out.getvalue()


def _counts_pages(tx: Tx, member_id: int, item_id: int) -> bool:
    mine = (WatchLedger.member_id == member_id, WatchLedger.item_id == item_id, WatchLedger.unit == Unit.PAGE)
    return tx.scalar(select(WatchLedger.item_id).where(*mine).limit(1)) is not None


def _leases(tx: Tx, member_id: int, item_id: int) -> list[dict[str, Any]]:
    rows = tx.scalars(
        select(PlaybackLease)
        .where(PlaybackLease.member_id == member_id, PlaybackLease.item_id == item_id)
        .order_by(PlaybackLease.id)
    )
    return [
        {
            "lease": row.public_id,
            "version": row.item_version,
            "device": row.device,
            **({"kept_for_offline": True} if row.is_kept else {}),
            **({"pages": row.extent} if row.unit == Unit.PAGE else {"duration_ms": row.extent}),
            "threshold_permille": row.threshold_permille,
            "started_at": row.started_at.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "ended_because": row.ended_because,
        }
        for row in rows
    ]


def _ledger(tx: Tx, member_id: int, item_id: int) -> list[dict[str, Any]]:
    rows = tx.scalars(
        select(WatchLedger)
        .where(WatchLedger.member_id == member_id, WatchLedger.item_id == item_id)
        .order_by(WatchLedger.item_version)
    )
    return [
        {
            "version": row.item_version,
            "spans": [list(span) for span in rules.unpack_spans(row.spans)],
            "covered_pages" if row.unit == Unit.PAGE else "covered_ms": row.covered,
            "updated_at": instant(row.updated_ms).isoformat(),
            "completed_at": instant(row.completed_ms).isoformat() if row.completed_ms is not None else None,
        }
        for row in rows
    ]


def _refusals(tx: Tx, member_id: int, item_id: int) -> list[dict[str, Any]]:
    rows = tx.scalars(
        select(Refusal)
        .where(Refusal.member_id == member_id, Refusal.item_id == item_id)
        .order_by(Refusal.lease_id, Refusal.reason)
    )
    return [
        {
            "reason": row.reason,
            "explanation": str(refusals.explain_refusal(row.reason)),
            "spans": [list(span) for span in rules.unpack_spans(row.spans)],
            "times": row.times,
            "first_at": row.first_at.isoformat(),
            "last_at": row.last_at.isoformat(),
        }
        for row in rows
    ]


def _completions(tx: Tx, member_id: int, item: CourseItem) -> list[dict[str, Any]]:
    items = tx.scalars(
        select(ItemCompletion)
        .where(ItemCompletion.member_id == member_id, ItemCompletion.item_id == item.id)
        .order_by(ItemCompletion.item_version)
    )
    courses = tx.scalars(
        select(Completion)
        .where(Completion.member_id == member_id, Completion.course_id == item.course_id)
        .order_by(Completion.course_version)
    )
    return [
        *({"what": "item", "version": r.item_version, "at": r.completed_at.isoformat()} for r in items),
        *(
            {"what": f"course ({r.evidence})", "version": r.course_version, "at": r.completed_at.isoformat()}
            for r in courses
        ),
        *(
            {"what": f"{r.minutes} minutes ({r.rule})", "version": 0, "at": r.earned_at.isoformat()}
            for r in _hours(tx, member_id, item)
        ),
    ]


def _hours(tx: Tx, member_id: int, item: CourseItem) -> Sequence[CreditHour]:
    """Every row of hours for the item's course: as given, and as changed by corrections."""
    return tx.scalars(
        select(CreditHour)
        .where(CreditHour.member_id == member_id, hours_of_course(item.course.public_id))
        .order_by(CreditHour.earned_at, CreditHour.source, CreditHour.rule)
    ).all()


def _corrections(tx: Tx, member_id: int, course_id: int) -> list[dict[str, Any]]:
    """Corrections with their officers and reasons; of a strike also the completions it removed."""
    rows = tx.scalars(
        select(Correction)
        .where(Correction.member_id == member_id, Correction.course_id == course_id, Correction.decision == "approved")
        .order_by(Correction.decided_at, Correction.id)
    )
    return [
        {
            "kind": row.kind,
            "version": row.course_version,
            "reason": row.reason,
            "studied_on": row.studied_on.isoformat() if row.studied_on else None,
            "proposed_by": row.proposed_by,
            "approved_by": row.decided_by,
            "at": row.decided_at.isoformat() if row.decided_at else None,
            "struck": row.detail.get("struck", []),
        }
        for row in rows
    ]
