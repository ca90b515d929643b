"""Credit of one member in an old version of an item, carried over to a newer one as far as it stayed."""

from academy.core.db import Tx
from academy.library.models import Course, CourseItem
from academy.progress import completing, consequences, rules, store
from academy.progress.beats import Outcome
from academy.progress.models import WatchLedger
from academy.progress.rules import Span

Kept = list[tuple[int, int, int]]
"""(old start, old end, new start) in milliseconds."""


def give(
    tx: Tx, member_id: int, item: CourseItem, version: int, duration_ms: int, spans: tuple[Span, ...], at_ms: int
) -> tuple[Span, ...]:
    """Add spans to a member's row of a version, with what follows; returns all that the row holds then.

    Giving them again changes nothing.
    """
    key = (member_id, item.id, version)
    completing.insert_once(
        tx,
        WatchLedger,
        member_id=member_id,
        item_id=item.id,
        item_version=version,
        spans=b"",
        covered_ms=0,
        position_ms=0,
        updated_ms=at_ms,
        credited_until_ms=0,
        seq=0,
    )
    row = store.load(tx, [key])[key]
    before = rules.unpack(row.packed)
    held = rules.close(before, spans, duration_ms)
    course = tx.get_one(Course, item.course_id)
    outcome = Outcome(gained_ms=rules.length(held) - rules.length(before))
    consequences.add(row, rules.pack(held), outcome, duration_ms, completing.threshold(course, item), at_ms)
    if row.pending_since_ms is not None:
        consequences.follow(tx, key, course.id, row)
    store.save(tx, {key: row})
    return held
