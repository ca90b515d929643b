"""Applications of members for a place in a class, and what the office decides about them."""

from sqlalchemy import select

from academy.classes import access, rules
from academy.classes.class_queries import is_open_today
from academy.classes.enrolment import decide, free_places, lock_registered, place_members, queue_members
from academy.classes.kinds import PENDING, RUNNING, ApplicationState
from academy.classes.models import ClassApplication, ClassMember, TrainingClass
from academy.classes.news import notify_member
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row

SHUT = msg("这个班现在不接受报名。")


def apply_for_class(tx: Tx, actor: Actor, row: TrainingClass) -> ClassApplication:
    """Ask for a place, for oneself; asked twice is asked once.

    Raises:
        Forbidden: the actor is no member.
        Conflict: nobody may apply now, or the actor is in the class.
    """
    if actor.member_id is None:
        raise Forbidden(f"class:{row.public_id}")
    lock_row(tx, row)
    if not is_open_today(row):
        raise Conflict(SHUT)
    mine = select(ClassApplication).where(
        ClassApplication.class_id == row.id,
        ClassApplication.member_id == actor.member_id,
        ClassApplication.state.in_(PENDING),
    )
    known = tx.scalar(mine)
    if known is not None:
        return known
    if own_place(tx, actor, row) is not None:
        raise Conflict(msg("您已经在这个班里了。"))
    made = ClassApplication(class_id=row.id, member_id=actor.member_id)
    tx.add(made)
    tx.flush()
    record(tx, actor, "class.applied", f"class:{row.public_id}")
    return made


def own_place(tx: Tx, actor: Actor, row: TrainingClass) -> ClassMember | None:
    """The actor's present place in a class."""
    if actor.member_id is None:
        return None
    return tx.scalar(
        select(ClassMember).where(ClassMember.present_in(row.id), ClassMember.member_id == actor.member_id)
    )


def decide_application(
    tx: Tx, actor: Actor, row: TrainingClass, application: ClassApplication, *, approve: bool, reason: str, seen: str
) -> ApplicationState:
    """Approve an application (a place, or the end of the waiting list) or decline it; returns what became of it.

    One that waits can be declined too.

    Raises:
        Forbidden: the actor does not keep the classes.
        NotFound: the application is for another class.
        Conflict: the class is over, the member has left the register, or somebody decided meanwhile (`seen` is the
            state that the page showed).
        Invalid: declined without a reason.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    if application.class_id != row.id:
        raise NotFound
    lock_row(tx, row)
    tx.refresh(application)
    if row.state not in RUNNING:
        raise Conflict(SHUT)
    if application.state != seen or application.state not in PENDING:
        raise Conflict(msg("这份报名已经有人处理过了，请看最新的名单。"))
    if not approve:
        kept = tidy_text(reason, rules.REASON_LENGTH)
        if not kept:
            raise Invalid(fields={"reason": msg("请写明原因，报名的人会看到。")})
        decide(application, ApplicationState.DECLINED, actor, kept)
        body = msg("您报名的“%(name)s”没有通过，原因请点开看。", name=row.name)
        notify_member(tx, row, application.member_id, f"declined:{application.id}", body)
    elif application.state == ApplicationState.APPLIED:
        if not lock_registered(tx, [application.member_id]):
            raise Conflict(msg("%(name)s已经不在册，不能进班。", name=application.member.name))
        give = queue_members if free_places(tx, row) == 0 else place_members
        give(tx, actor, row, {application.member_id: application})
    tx.flush()
    record(tx, actor, "class.application_decided", f"class:{row.public_id}", state=application.state)
    return ApplicationState(application.state)


def withdraw_application(tx: Tx, actor: Actor, application: ClassApplication) -> None:
    """Take one's own application back, also from the waiting list; taken back twice is taken back once.

    Raises:
        Forbidden: somebody else's.
        Conflict: it was decided meanwhile.
    """
    if actor.member_id is None or application.member_id != actor.member_id:
        raise Forbidden(f"class-application:{application.public_id}")
    row = tx.get_one(TrainingClass, application.class_id)
    lock_row(tx, row)
    tx.refresh(application)
    if application.state == ApplicationState.WITHDRAWN:
        return
    if application.state not in PENDING:
        raise Conflict(msg("这份报名已经有结果了，请刷新页面。"))
    decide(application, ApplicationState.WITHDRAWN, actor)
    tx.flush()
    record(tx, actor, "class.application_withdrawn", f"class:{row.public_id}")
