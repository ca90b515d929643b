"""Questions to the lecturer: asked on a sentence, decided on before others see them, answered for the course."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import joinedload

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Busy, Conflict, Forbidden, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import Page, count_of, page_of
from academy.library.api import ItemVersion
from academy.library.models import Course, CourseItem
from academy.notifications import api as notifications
from academy.talk import access, places, rules
from academy.talk.kinds import REFUSALS, SEEN, QuestionState
from academy.talk.models import Question
from academy.talk.places import Spot

SIZE = 20
SHOWN_MOST = 500
"""Questions under one lecture."""


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question in a list, with the address of its lecture's item."""

    question: Question
    item: CourseItem


def ask_question(tx: Tx, actor: Actor, item: ItemVersion, key: str, spot: Spot, body: str) -> Question:
    """Ask about a place of a lecture; what was sent twice is one question.

    Raises:
        Invalid: there is no text, or too much, or its place is not in the lecture any more.
        Busy: too many questions of this person wait for a decision.
    """
    if actor.account_id is None:
        raise Forbidden(f"item:{item.public_id}")
    text = rules.written(body, rules.QUESTION_LENGTH)
    if not 1 <= len(text) <= rules.QUESTION_LENGTH:
        raise Invalid(fields={"body": msg("请写明您的问题，不超过 %(most)s 个字。", most=rules.QUESTION_LENGTH)})
    # Serialised by person: two at once would both count nine.
    accounts.lock_account(tx, actor.account_id)
    mine = select(Question).where(Question.account_id == actor.account_id)
    sent = tx.scalar(mine.where(Question.key == key))
    if sent is not None:
        return sent
    if count_of(tx, mine.where(Question.state == QuestionState.WAITING)) >= rules.MOST_WAITING:
        raise Busy(msg("您的提问还在等老师看，有了结果再提新的。"), retry_after=3600)
    place = places.columns_of(item, places.find_place(tx, item, spot))
    row = Question(account_id=actor.account_id, key=key, course_id=item.course_id, body=text, **place)
    tx.add(row)
    tx.flush()
    record(tx, actor, "question.asked", f"question:{row.public_id}", course=item.course.public_id)
    _notify_author(tx, item.course)
    return row


def _notify_author(tx: Tx, course: Course) -> None:
    """Once a day and course."""
    notifications.notify(
        tx,
        key=f"course.question:{course.id}:{clock.today()}",
        body=msg("《%(title)s》有新的提问。", title=course.title),
        link="/questions",
        account_id=course.created_by,
        kind="course.question",
    )


def show_question(tx: Tx, actor: Actor, row: Question, *, seen: str) -> None:
    """Let others see a question that nobody has answered yet.

    Raises:
        Conflict: somebody decided meanwhile.
    """
    _lock(tx, actor, row, seen, QuestionState.WAITING)
    row.state = QuestionState.SHOWN
    _decided(tx, actor, row, "question.shown")
    _notify_asker(tx, row, msg("您在《%(title)s》的提问大家能看到了，请等老师回答。", title=row.course.title))


def answer_question(tx: Tx, actor: Actor, row: Question, *, answer: str, by_lecturer: bool, seen: str) -> None:
    """Answer a question, so that everybody sees both; an answer can be replaced.

    Raises:
        Forbidden: the actor does not answer for the course.
        Invalid: there is no answer, or it is too long.
        Conflict: somebody decided meanwhile.
    """
    text = rules.written(answer, rules.ANSWER_LENGTH)
    if not 1 <= len(text) <= rules.ANSWER_LENGTH:
        raise Invalid(fields={"answer": msg("请写出回答，不超过 %(most)s 个字。", most=rules.ANSWER_LENGTH)})
    _lock(tx, actor, row, seen, *QuestionState)
    if not access.may_answer(actor, row):
        raise Forbidden(f"question:{row.public_id}")
    row.state, row.answer, row.by_lecturer = QuestionState.ANSWERED, text, by_lecturer
    row.refusal, row.comment = None, ""
    _decided(tx, actor, row, "question.answered")
    _notify_asker(tx, row, msg("您在《%(title)s》的提问有回答了。", title=row.course.title))


def refuse_question(tx: Tx, actor: Actor, row: Question, *, refusal: str, comment: str, seen: str) -> None:
    """Keep a question from others, or take it back; its asker is told why, and an answer stays with it.

    Raises:
        Invalid: no reason, or a reason that needs words and has none.
        Conflict: somebody decided meanwhile.
    """
    text = rules.written(comment, rules.COMMENT_LENGTH)
    if refusal not in REFUSALS:
        raise Invalid(fields={"refusal": msg("请选择原因。")})
    if len(text) > rules.COMMENT_LENGTH or (refusal == "other" and not text):
        raise Invalid(fields={"comment": msg("请写明原因，不超过 %(most)s 个字。", most=rules.COMMENT_LENGTH)})
    _lock(tx, actor, row, seen, QuestionState.WAITING, *SEEN)
    row.state, row.refusal, row.comment = QuestionState.REFUSED, refusal, text
    _decided(tx, actor, row, "question.refused", refusal=refusal)
    _notify_asker(tx, row, msg("您在《%(title)s》的提问没有公开，原因请点开看。", title=row.course.title))


def _lock(tx: Tx, actor: Actor, row: Question, seen: str, *allowed: str) -> None:
    tx.refresh(row, with_for_update={"of": Question})
    if not access.may_moderate(actor, row):
        raise Forbidden(f"question:{row.public_id}")
    if row.state != seen or row.state not in allowed:
        raise Conflict(msg("已经有人处理过了，请刷新查看。"))


def _decided(tx: Tx, actor: Actor, row: Question, verb: str, **more: str) -> None:
    row.decided_by, row.decided_at = actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, verb, f"question:{row.public_id}", course=row.course.public_id, **more)


def _notify_asker(tx: Tx, row: Question, body: Message) -> None:
    assert row.decided_at is not None
    notifications.notify(
        tx,
        key=f"question.{row.state}:{row.public_id}:{int(row.decided_at.timestamp())}",
        body=body,
        link=f"/my/questions#{row.public_id}",
        account_id=row.account_id,
        kind=f"question.{row.state}",
    )


def shown_questions(tx: Tx, item_id: int) -> list[Question]:
    """Questions under a lecture that everybody sees, in the order of the lecture; those whose place was cut last."""
    seen = select(Question).where(Question.item_id == item_id, Question.state.in_(SEEN))
    order = (Question.place == "cut", Question.place_start, Question.id)
    return list(tx.scalars(seen.order_by(*order).limit(SHOWN_MOST)))


def count_shown(tx: Tx, item_id: int) -> int:
    """How many questions everybody sees under a lecture."""
    return tx.scalar(select(func.count()).where(Question.item_id == item_id, Question.state.in_(SEEN))) or 0


def own_questions(tx: Tx, actor: Actor, number: int = 1, *, item_id: int = 0) -> Page[QuestionLine]:
    """One's own questions, the newest first; of one lecture if it is named."""
    query = _lines().where(Question.account_id == actor.account_id, Question.item_id == item_id if item_id else true())
    return _page(tx, query.order_by(Question.id.desc()), number)


def questions_to_moderate(tx: Tx, actor: Actor, state: str, number: int = 1) -> Page[QuestionLine]:
    """Questions of a state on which the actor decides: open ones oldest first, decided ones newest first."""
    is_open = state in (QuestionState.WAITING, QuestionState.SHOWN)
    order = Question.id if is_open else Question.decided_at.desc()
    return _page(tx, _moderated(actor, state).order_by(order, Question.id), number)


def count_waiting_questions(tx: Tx, actor: Actor) -> int:
    """How many questions wait for a decision of the actor."""
    return count_of(tx, _moderated(actor, QuestionState.WAITING))


def item_of_question(tx: Tx, row: Question) -> CourseItem:
    """The item that a question is about."""
    return tx.get_one(CourseItem, row.item_id)


def _moderated(actor: Actor, state: str) -> Select[Question, CourseItem]:
    return (
        _lines().join(Course, Course.id == Question.course_id).where(Question.state == state, access.moderated(actor))
    )


def _lines() -> Select[Question, CourseItem]:
    return (
        select(Question, CourseItem)
        .join(CourseItem, CourseItem.id == Question.item_id)
        .options(joinedload(Question.course))
    )


def _page(tx: Tx, query: Select[Question, CourseItem], number: int) -> Page[QuestionLine]:
    page = page_of(tx, query, number, SIZE)
    return Page([QuestionLine(*row) for row in page.rows], page.total, page.number, page.size)
