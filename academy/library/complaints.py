"""The complaint box: anybody may complain, officers answer, and can withdraw a lecture with the answer."""

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, count_of, page_of
from academy.library import publication, rules
from academy.library.models import Complaint, Course
from academy.notifications import api as notifications
from academy.people import api as people
from academy.people.models import Member, Organisation

COMPLAINT_ANSWERERS = (Role.REVIEWER, Role.NODE_ADMINISTRATOR)
COMPLAINT_SUBJECTS: dict[str, Message] = {
    "content": msg("内容有误或不妥"),
    "captions": msg("字幕有误"),
    "playing": msg("放不出来，或声音画面有问题"),
    "credit": msg("学习记录或学时不对"),
    "rule": msg("对规定有意见"),
    "other": msg("其他"),
}
LENGTH = 1000
OPEN_MOST = 10
SIZE = 20


def file_complaint(tx: Tx, actor: Actor, *, subject: str, body: str, course: Course | None = None) -> Complaint:
    """Submit a complaint.

    Raises:
        Invalid: the text is empty or too long.
        Busy: too many complaints of this person are unanswered.
    """
    text, wrong = rules.clean(body), {}
    if subject not in COMPLAINT_SUBJECTS:
        wrong["subject"] = msg("请选择问题的种类。")
    if not 1 <= len(text) <= LENGTH:
        wrong["body"] = msg("请写明情况，不超过 %(most)s 个字。", most=LENGTH)
    if wrong:
        raise Invalid(fields=wrong)
    if actor.account_id is None:
        raise Forbidden("complaint:new")
    # Serialised by person: two at once would both count nine.
    accounts.lock_account(tx, actor.account_id)
    waiting = select(func.count()).where(Complaint.account_id == actor.account_id, Complaint.state == "open")
    if (tx.scalar(waiting) or 0) >= OPEN_MOST:
        raise Busy(msg("您反映的问题还在处理，请等有了答复再写新的。"), retry_after=3600)
    row = Complaint(
        account_id=actor.account_id,
        organisation_id=course.organisation_id if course else _home_of(tx, actor),
        course_id=course.id if course else None,
        subject=subject,
        body=text,
    )
    tx.add(row)
    tx.flush()
    record(tx, actor, "complaint.made", f"complaint:{row.public_id}", subject=subject)
    return row


def answer_complaint(tx: Tx, actor: Actor, row: Complaint, *, answer: str, take_down: bool = False) -> None:
    """Answer a complaint; with `take_down` the lecture is withdrawn in the same transaction.

    Raises:
        Invalid: the answer is empty.
        Conflict: someone answered first, or the lecture is not published.
        Forbidden: outside the actor's scope.
    """
    text = rules.clean(answer)
    if not 1 <= len(text) <= LENGTH:
        raise Invalid(fields={"answer": msg("请写明处理结果，不超过 %(most)s 个字。", most=LENGTH)})
    tx.refresh(row, with_for_update={"of": Complaint})
    if not may_answer_complaint(actor, row):
        raise Forbidden(f"complaint:{row.public_id}")
    if row.state != "open":
        raise Conflict(msg("已经有人答复过了，请刷新查看。"))
    if take_down:
        if row.course is None:
            raise Conflict(msg("这条意见不是针对课程的。"))
        publication.withdraw_course(tx, actor, row.course, reason=text)
    row.state, row.answer, row.took_down = "answered", text, take_down
    row.answered_by, row.answered_at = actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "complaint.answered", f"complaint:{row.public_id}", took_down=take_down)
    notifications.notify(
        tx,
        key=f"complaint.answered:{row.public_id}",
        body=msg("您反映的问题有答复了。"),
        link=f"/complaints/{row.public_id}",
        account_id=row.account_id,
        kind="complaint.answered",
    )


def may_answer_complaint(actor: Actor, row: Complaint) -> bool:
    """Whether the actor may answer: in scope, not their own complaint, not about their own lecture."""
    if row.account_id == actor.account_id or (row.course and row.course.created_by == actor.account_id):
        return False
    return actor.may(row.organisation.path, *COMPLAINT_ANSWERERS)


def may_take_down(actor: Actor, row: Complaint) -> bool:
    """Whether answering can withdraw the lecture."""
    shown = row.course is not None and row.course.is_published
    return shown and may_answer_complaint(actor, row) and actor.may(row.organisation.path, Role.REVIEWER)


def access_complaint(tx: Tx, actor: Actor, public_id: str) -> Complaint:
    """One's own complaint, or one that the actor may answer.

    Raises:
        NotFound: there is none.
        Forbidden: somebody else's, and not the actor's to answer.
    """
    row = tx.scalar(select(Complaint).where(Complaint.public_id == public_id).options(*_PARTS))
    if row is None:
        raise NotFound
    if row.account_id != actor.account_id and not may_answer_complaint(actor, row):
        raise Forbidden(f"complaint:{public_id}")
    return row


def own_complaints(tx: Tx, actor: Actor, page: int = 1) -> Page[Complaint]:
    """The actor's complaints, newest first."""
    statement = select(Complaint).where(Complaint.account_id == actor.account_id).order_by(Complaint.id.desc())
    return page_of(tx, statement.options(*_PARTS), page, SIZE)


def complaints_to_answer(tx: Tx, actor: Actor, state: str = "open", page: int = 1) -> Page[Complaint]:
    """Complaints that the actor may answer, oldest first; answered ones newest first."""
    statement = _answerable(actor, state).order_by(Complaint.id if state == "open" else Complaint.id.desc())
    return page_of(tx, statement.options(*_PARTS), page, SIZE)


def count_complaints_to_answer(tx: Tx, actor: Actor) -> int:
    """How many complaints wait for an answer of the actor."""
    return count_of(tx, _answerable(actor, "open"))


def _answerable(actor: Actor, state: str) -> Select[Complaint]:
    paths = actor.paths(*COMPLAINT_ANSWERERS)
    scope = select(Organisation.id).where(people.subtrees(paths))
    return (
        select(Complaint)
        .outerjoin(Course, Course.id == Complaint.course_id)
        .where(
            Complaint.state == state,
            Complaint.organisation_id.in_(scope),
            Complaint.account_id != actor.account_id,
            or_(Complaint.course_id.is_(None), Course.created_by != actor.account_id),
        )
    )


_PARTS = (joinedload(Complaint.course), joinedload(Complaint.organisation))


def _home_of(tx: Tx, actor: Actor) -> int:
    """The complainant's own node; the root for accounts that are not in the roster."""
    own = tx.scalar(select(Member.organisation_id).where(Member.id == actor.member_id)) if actor.member_id else None
    if own is None and actor.scopes:
        own = actor.scopes[0].organisation_id
    if own is None:
        own = tx.scalars(select(Organisation.id).order_by(Organisation.depth, Organisation.id).limit(1)).one()
    return own
