"""Refused claims: stored with their reason, and explained to the learner."""

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.learning import completions, rules
from academy.learning.models import LeaseEnd, PlaybackLease, Refusal
from academy.learning.rules import Span
from academy.learning.tokens import Grant

MAX_KEPT = 200

REASONS: dict[str, Message] = {
    "too_fast": msg("这一段到得太快：播放速度超过了可以计入的上限。放慢些再看一遍就会计入。"),
    "fragments": msg("这一段切得太碎，无法计入。请连续观看。"),
    "taken_over": msg("您已换到另一台设备上看，这里之后看的这一段没有计入。"),
    "moved": msg("您打开了另一节课，这一段没有计入。"),
    "idle": msg("这里停了一会儿，您已在别处接着看，这一段没有计入。"),
    "withdrawn": msg("课程已经下架，之后看的不再计入。"),
    "replaced": msg("课程换了新的版本，之后看的请以新版本为准。"),
    "expired": msg("这次观看已经过期，请重新打开课程。"),
    "finished": msg("这次观看已经结束，之后的这一段没有计入。"),
    "signed_out": msg("退出登录之后看的没有计入。"),
    "offline": msg("离线看的这一段比实际经过的时间长，或者几台设备同时在看，没有计入。联网再看一遍就会计入。"),
    "unknown": msg("这次观看已经失效，请重新打开课程。"),
}

# A lease that ended without a take-over may still deliver what was watched before its end.
LATE = frozenset(LeaseEnd) - {LeaseEnd.TAKEN_OVER, LeaseEnd.WITHDRAWN, LeaseEnd.EXPIRED}


def explain_refusal(reason: str) -> Message:
    """The sentence for a reason."""
    return REASONS.get(reason, REASONS["unknown"])


def record_refusal(tx: Tx, grant: Grant, reason: str, spans: tuple[Span, ...], at_ms: int) -> None:
    """Store refused stretches: one row a lease and reason."""
    at = completions.instant(at_ms)
    completions.insert_once(
        tx,
        Refusal,
        lease_id=grant.lease_id,
        reason=reason,
        member_id=grant.member_id,
        item_id=grant.item_id,
        times=0,
        spans=b"",
        first_at=at,
        last_at=at,
    )
    row = tx.get_one(Refusal, (grant.lease_id, reason), populate_existing=True)
    row.spans = rules.pack_spans(rules.merge((*rules.unpack_spans(row.spans), *spans))[:MAX_KEPT])
    row.times += 1
    row.last_at = max(row.last_at, at)
    tx.flush()


def why_ended(tx: Tx, grant: Grant) -> tuple[PlaybackLease | None, str]:
    """The lease and the reason why it may not add anything."""
    lease = tx.get(PlaybackLease, grant.lease_id, populate_existing=True)
    if lease is None or lease.member_id != grant.member_id:
        return None, "unknown"
    return lease, lease.ended_because or "unknown"
