"""Decisions of the school on topic requests: merge, shortlist, decline; each can be taken back."""

from dataclasses import dataclass

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.events import TopicDecided
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest
from academy.faculty.request_queries import count_voices
from academy.faculty.request_rules import REASON_LENGTH, may_follow
from academy.jobs import api as jobs

CHANGED = msg("这一题已经有人处理过了，请刷新查看。")


def shortlist_topic(tx: Tx, actor: Actor, row: TopicRequest, *, seen: str, demanded: bool = False) -> None:
    """Put a topic on the list that terms are planned from; `demanded`: the teaching plan demands it.

    Raises:
        Conflict: somebody decided meanwhile.
    """
    _lock(tx, actor, row, seen, RequestState.SHORTLISTED)
    row.is_demanded = demanded
    _decide(tx, actor, row, RequestState.SHORTLISTED)


def decline_topic(tx: Tx, actor: Actor, row: TopicRequest, *, seen: str, reason: str) -> None:
    """Decline a topic; those who asked read the reason.

    Raises:
        Invalid: there is no reason, or it is too long.
        Conflict: somebody decided meanwhile.
    """
    text = tidy_text(reason, REASON_LENGTH + 1)
    if not 1 <= len(text) <= REASON_LENGTH:
        raise Invalid(fields={"reason": msg("请写明原因，不超过 %(most)s 个字，点题的人会看到。", most=REASON_LENGTH)})
    _lock(tx, actor, row, seen, RequestState.DECLINED)
    row.reason = text
    _decide(tx, actor, row, RequestState.DECLINED)


def reopen_topic(tx: Tx, actor: Actor, row: TopicRequest, *, seen: str) -> None:
    """Take a decision back: the topic is collected for again; a merged one is as it was before.

    Raises:
        Conflict: somebody decided meanwhile, or it is planned.
    """
    before = RequestState(row.state_before_merger or RequestState.OPEN)
    _lock(tx, actor, row, seen, before)
    row.merged_into_id, row.state_before_merger, row.reason = None, None, ""
    if before == RequestState.OPEN:
        row.is_demanded = False
    _decide(tx, actor, row, before)


@dataclass(frozen=True)
class TopicMerger:
    """What merging one topic into another makes of their voices."""

    source: TopicRequest
    target: TopicRequest
    of_source: int
    of_target: int
    together: int
    """Each person once."""


def preview_merger(tx: Tx, source: TopicRequest, target: TopicRequest) -> TopicMerger:
    """Voices before and after.

    Raises:
        Conflict: the two can't be merged.
    """
    _check_merger(tx, source, target)
    alone = count_voices(tx, [source.id, target.id])
    together = count_voices(tx, [target.id], with_others={source.id: target.id})
    return TopicMerger(source, target, alone.get(source.id, 0), alone.get(target.id, 0), together.get(target.id, 0))


def merge_topic(tx: Tx, actor: Actor, source: TopicRequest, target: TopicRequest, *, seen: str) -> None:
    """Merge a topic into another: from now on their voices count together, each person once.

    Raises:
        Conflict: somebody decided meanwhile; or one has been merged already, or others into the source.
    """
    for row in sorted((source, target), key=lambda one: one.id):
        lock_row(tx, row)
    _lock(tx, actor, source, seen, RequestState.MERGED)
    _check_merger(tx, source, target)
    source.state_before_merger, source.merged_into_id = source.state, target.id
    _decide(tx, actor, source, RequestState.MERGED, into=target.public_id)


def _check_merger(tx: Tx, source: TopicRequest, target: TopicRequest) -> None:
    if source.id == target.id:
        raise Conflict(msg("请选另外一题。"))
    if not may_follow(source.state, RequestState.MERGED):
        raise Conflict(CHANGED)
    if target.state not in (RequestState.OPEN, RequestState.SHORTLISTED, RequestState.PLANNED):
        raise Conflict(msg("“%(title)s”已经合并或者不排了，不能并进去。", title=target.title))
    if tx.scalar(select(TopicRequest.id).where(TopicRequest.merged_into_id == source.id).limit(1)):
        raise Conflict(msg("已经有别的题并入“%(title)s”，请反过来合并。", title=source.title))


def _lock(tx: Tx, actor: Actor, row: TopicRequest, seen: str, following: RequestState) -> None:
    access.require_programme_office(actor, f"topic:{row.public_id}")
    lock_row(tx, row)
    if row.state != seen or not may_follow(row.state, following):
        raise Conflict(CHANGED)


def _decide(tx: Tx, actor: Actor, row: TopicRequest, state: RequestState, **more: str) -> None:
    row.state, row.decided_by, row.decided_at = state, actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, f"topic.{state}", f"topic:{row.public_id}", **more)
    jobs.publish(tx, TopicDecided(row.id, state, int(row.decided_at.timestamp() * 1000)))


def plan_topic(tx: Tx, actor: Actor, row: TopicRequest) -> None:
    """A decided plan teaches the topic; who asked is notified. One that left the shortlist stays as it is."""
    lock_row(tx, row)
    if may_follow(row.state, RequestState.PLANNED):
        _decide(tx, actor, row, RequestState.PLANNED)


def return_topic(tx: Tx, actor: Actor, row: TopicRequest) -> None:
    """The lecture of a topic will not take place: it is on the shortlist again. Who asked is notified by the caller."""
    lock_row(tx, row)
    if row.state == RequestState.PLANNED:
        row.state, row.decided_by, row.decided_at = RequestState.SHORTLISTED, actor.account_id, clock.now()
        tx.flush()
        record(tx, actor, "topic.returned", f"topic:{row.public_id}")
