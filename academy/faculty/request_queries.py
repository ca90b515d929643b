"""Reads of topic requests: lists, and how many people support each. Nobody reads who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import joinedload

from academy.classes.models import TrainingClass
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.faculty.access import is_programme_office
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.faculty.request_rules import SUPPORTED

SIZE = 20
OFFERED = 200
"""Topics that a merger offers."""


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic in a list."""

    request: TopicRequest
    voices: int
    is_supported: bool
    """Whether the reader supports it."""


def count_voices(tx: Tx, request_ids: Sequence[int], *, with_others: Mapping[int, int] | None = None) -> dict[int, int]:
    """People who support each of the requests or one that was merged into it, each once; 0 is left out.

    `with_others`: requests as if they had been merged into those.
    """
    others = with_others or {}
    merged = func.coalesce(TopicRequest.merged_into_id, TopicRequest.id)
    root = case(others, value=TopicRequest.id, else_=merged) if others else merged
    counted = (
        select(root, func.count(func.distinct(TopicVoice.account_id)))
        .join(TopicVoice, TopicVoice.request_id == TopicRequest.id)
        .where(
            or_(
                TopicRequest.id.in_([*request_ids, *others]),
                TopicRequest.merged_into_id.in_(request_ids),
            )
        )
        .group_by(root)
    )
    return {key: number for key, number in tx.execute(counted) if key in request_ids}


def list_topics(tx: Tx, actor: Actor, number: int = 1, *, category: str = "") -> Page[TopicLine]:
    """Topics that can be supported, then those that are planned: the newest first, never by number of voices."""
    query = _topics().where(TopicRequest.state.in_([*SUPPORTED, RequestState.PLANNED]))
    if category:
        query = query.where(TopicRequest.category.has(slug=category))
    order = (TopicRequest.state == RequestState.PLANNED, TopicRequest.id.desc())
    return _page(tx, actor, query.order_by(*order), number)


def own_topics(tx: Tx, actor: Actor, number: int = 1) -> Page[TopicLine]:
    """Topics that the actor proposed or supports, in every state, the newest first."""
    supported = select(TopicVoice.request_id).where(TopicVoice.account_id == actor.account_id)
    mine = or_(TopicRequest.proposed_by == actor.account_id, TopicRequest.id.in_(supported))
    return _page(tx, actor, _topics().where(mine).order_by(TopicRequest.id.desc()), number)


def topics_to_decide(tx: Tx, actor: Actor, state: RequestState, number: int = 1) -> Page[TopicLine]:
    """Topics of a state, for the school: open ones oldest first, others by decision, the newest first."""
    order = TopicRequest.id if state == RequestState.OPEN else TopicRequest.decided_at.desc()
    query = _topics().where(TopicRequest.state == state)
    return _page(tx, actor, query.order_by(order, TopicRequest.id), number)


def topics_to_merge_into(tx: Tx, row: TopicRequest) -> list[TopicRequest]:
    """Topics that this one could be merged into: of its category first, then by title."""
    other = select(TopicRequest).where(
        TopicRequest.state.in_([*SUPPORTED, RequestState.PLANNED]), TopicRequest.id != row.id
    )
    order = (TopicRequest.category_id != row.category_id, TopicRequest.title)
    return list(tx.scalars(other.order_by(*order).limit(OFFERED)))


def merged_topics(tx: Tx, row: TopicRequest) -> list[TopicRequest]:
    """Topics that were merged into this one."""
    return list(tx.scalars(select(TopicRequest).where(TopicRequest.merged_into_id == row.id).order_by(TopicRequest.id)))


def count_open_topics(tx: Tx, actor: Actor) -> int:
    """How many topics wait for a decision of the actor."""
    if not is_programme_office(actor):
        return 0
    return tx.scalar(select(func.count()).where(TopicRequest.state == RequestState.OPEN)) or 0


def topic_line(tx: Tx, actor: Actor, row: TopicRequest) -> TopicLine:
    """One topic as it stands in lists."""
    return _lines(tx, actor, [row])[0]


def _topics() -> Select[TopicRequest]:
    return select(TopicRequest).options(
        joinedload(TopicRequest.category),
        joinedload(TopicRequest.training_class),
        joinedload(TopicRequest.merged_into),
    )


def _page(tx: Tx, actor: Actor, query: Select[TopicRequest], number: int) -> Page[TopicLine]:
    page = page_of(tx, query, number, SIZE)
    return Page(_lines(tx, actor, page.rows), page.total, page.number, page.size)


def _lines(tx: Tx, actor: Actor, rows: Sequence[TopicRequest]) -> list[TopicLine]:
    roots = [row.merged_into_id or row.id for row in rows]
    voices = count_voices(tx, roots)
    mine = select(func.coalesce(TopicRequest.merged_into_id, TopicRequest.id)).join(
        TopicVoice, TopicVoice.request_id == TopicRequest.id
    )
    own = set(
        tx.scalars(
            mine.where(
                TopicVoice.account_id == actor.account_id,
                or_(TopicRequest.id.in_(roots), TopicRequest.merged_into_id.in_(roots)),
            )
        )
    )
    return [TopicLine(row, voices.get(root, 0), root in own) for row, root in zip(rows, roots, strict=True)]


@dataclass(frozen=True)
class AskedTopic:
    """The topic that a lecture answers: how many asked, and for which classes. Nobody reads who they are."""

    request: TopicRequest
    voices: int
    merged: int
    """How many other topics were merged into it."""
    classes: Sequence[TrainingClass]


def asked_topic(tx: Tx, request: TopicRequest) -> AskedTopic:
    """A topic with its voices and the classes that it was asked for, with those merged into it. Three queries."""
    merged = merged_topics(tx, request)
    ids = {one.class_id for one in (request, *merged) if one.class_id is not None}
    asking = select(TrainingClass).where(TrainingClass.id.in_(ids)).order_by(TrainingClass.id).limit(SIZE)
    asking = asking.options(joinedload(TrainingClass.organisation))
    voices = count_voices(tx, [request.id]).get(request.id, 0)
    return AskedTopic(request, voices, len(merged), tx.scalars(asking).all())
