"""Asking for topics: proposals, and one voice each, withdrawn at will."""

from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select

from academy.accounts import api as accounts
from academy.classes import api as classes
from academy.classes.api import TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Busy, Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import get_or_create, lock_row
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.faculty.request_rules import BODY_LENGTH, MOST_OPEN, SUPPORTED, TITLE_LENGTH
from academy.library.models import Category


@dataclass(frozen=True)
class TopicProposal:
    """What somebody would like to have taught."""

    title: str
    body: str
    category: Category
    training_class: TrainingClass | None = None


def propose_topic(tx: Tx, actor: Actor, key: str, asked: TopicProposal) -> TopicRequest:
    """Ask for a topic, with one's own voice; what was sent twice is one request.

    Raises:
        Invalid: a field is empty or too long, or the class is not one of the actor's.
        Busy: too many requests of this person wait for a decision.
    """
    if actor.account_id is None:
        raise Forbidden("topic:new")
    title, body = _checked(tx, actor, asked)
    # Serialised by person: two at once would both count four.
    accounts.lock_account(tx, actor.account_id)
    mine = select(TopicRequest).where(TopicRequest.proposed_by == actor.account_id)
    sent = tx.scalar(mine.where(TopicRequest.key == key))
    if sent is not None:
        return sent
    waiting = select(func.count()).select_from(mine.where(TopicRequest.state == RequestState.OPEN).subquery())
    if (tx.scalar(waiting) or 0) >= MOST_OPEN:
        raise Busy(msg("您点的题还在等学校看，有了结果再点新的。已有的题可以直接“我也想听”。"), retry_after=3600)
    row = TopicRequest(
        key=key,
        title=title,
        body=body,
        category_id=asked.category.id,
        class_id=asked.training_class.id if asked.training_class else None,
        proposed_by=actor.account_id,
    )
    tx.add(row)
    tx.flush()
    tx.add(TopicVoice(request_id=row.id, account_id=actor.account_id))
    tx.flush()
    record(tx, actor, "topic.proposed", f"topic:{row.public_id}")
    return row


def _checked(tx: Tx, actor: Actor, asked: TopicProposal) -> tuple[str, str]:
    title, body = tidy_text(asked.title, TITLE_LENGTH + 1), tidy_text(asked.body, BODY_LENGTH + 1)
    wrong = {}
    if not 1 <= len(title) <= TITLE_LENGTH:
        wrong["title"] = msg("题目请写 1 到 %(most)s 个字。", most=TITLE_LENGTH)
    if len(body) > BODY_LENGTH:
        wrong["body"] = msg("想听什么，请不超过 %(most)s 个字。", most=BODY_LENGTH)
    if asked.training_class is not None and asked.training_class not in classes.classes_of_member(
        tx, actor.member_id, clock.today()
    ):
        wrong["for_class"] = msg("您现在不在这个班里。")
    if wrong:
        raise Invalid(fields=wrong)
    return title, body


def support_topic(tx: Tx, actor: Actor, row: TopicRequest) -> None:
    """Give one's voice to a topic; once given, giving it again changes nothing. A merged topic passes it on.

    Raises:
        Conflict: the topic is planned or declined.
    """
    if actor.account_id is None:
        raise Forbidden(f"topic:{row.public_id}")
    lock_row(tx, row)
    row = row.merged_into or row
    if row.state not in SUPPORTED:
        raise Conflict(msg("这一题已经有结果了，不用再点。"))
    if supports(tx, actor, row):
        return
    _, is_new = get_or_create(tx, TopicVoice, {"request_id": row.id, "account_id": actor.account_id})
    if is_new:
        record(tx, actor, "topic.supported", f"topic:{row.public_id}")


def withdraw_support(tx: Tx, actor: Actor, row: TopicRequest) -> None:
    """Take one's voice back, in whichever state the topic is; with those of topics that were merged into it."""
    row = row.merged_into or row
    together = select(TopicRequest.id).where(or_(TopicRequest.id == row.id, TopicRequest.merged_into_id == row.id))
    gone = tx.execute(
        delete(TopicVoice)
        .where(TopicVoice.account_id == actor.account_id, TopicVoice.request_id.in_(together))
        .returning(TopicVoice.request_id)
    ).all()
    if gone:
        record(tx, actor, "topic.support_withdrawn", f"topic:{row.public_id}")


def supports(tx: Tx, actor: Actor, row: TopicRequest) -> bool:
    """Whether the actor has given a voice to the topic, or to one that was merged into it."""
    together = or_(TopicRequest.id == row.id, TopicRequest.merged_into_id == row.id)
    given = (
        select(TopicVoice.request_id)
        .join(TopicRequest, TopicRequest.id == TopicVoice.request_id)
        .where(TopicVoice.account_id == actor.account_id, together)
    )
    return tx.scalar(given.limit(1)) is not None
