"""Requests of members about their data: correction, restriction (freezing), erasure.

A correction is decided by one officer, who makes it on the member's page. Freezing and erasing need two, so that no
single click suspends or deletes anybody. Coverage stays correct either way: the register (name, number,
organisation, dates) and completions are kept as the law requires.
"""

from collections.abc import Sequence

from sqlalchemy import Select, delete, false, func, not_, or_, select, update

from academy.accounts.events import DataRequestDecided, PersonErased
from academy.accounts.models import (
    Account,
    ActivationCode,
    DataRequest,
    ExternalIdentity,
    LoginSession,
    RecoveryCode,
    Restriction,
    SecondFactor,
)
from academy.accounts.sessions import end_sessions
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, count_of, page_of
from academy.core.text import tidy_text
from academy.core.unique import get_or_create, unique_or
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.models import Member, Organisation

DATA_REQUEST_KINDS: dict[str, Message] = {
    "correct": msg("更正信息"),
    "freeze": msg("停用我的数据"),
    "erase": msg("删除我的数据"),
}
DATA_REQUEST_STATES: dict[str, Message] = {
    "open": msg("等待处理"),
    "agreed": msg("已初审，等另一人复核"),
    "done": msg("已办理"),
    "refused": msg("未同意"),
    "cancelled": msg("已撤回"),
}
UNDECIDED, DECIDED = ("open", "agreed"), ("done", "refused")
TWO_OFFICER_KINDS = frozenset({"freeze", "erase"})
LONGEST = 1000
SIZE = 30


def file_data_request(tx: Tx, actor: Actor, kind: str, body: str = "") -> DataRequest:
    """Create a request.

    Raises:
        Invalid: the description is empty.
        Conflict: the same request is pending already.
        NotFound: the account is no member's, or there is no such kind of request.
    """
    text = tidy_text(body, LONGEST)
    if actor.member_id is None or actor.account_id is None or kind not in DATA_REQUEST_KINDS:
        raise NotFound
    if kind == "correct" and not text:
        raise Invalid(fields={"body": msg("请写明哪一项不对、应该是什么。")})
    row = DataRequest(member_id=actor.member_id, account_id=actor.account_id, kind=kind, body=text)
    with unique_or(tx, Conflict(msg("您已经提过这个要求，还在办理。"))):
        tx.add(row)
    record(tx, actor, "data.asked", f"data-request:{row.public_id}", kind=kind)
    return row


def cancel_data_request(tx: Tx, actor: Actor, public_id: str) -> None:
    """Cancel one's own request.

    Raises:
        NotFound: there is none, or (audited) it is somebody else's.
    """
    row = tx.scalar(select(DataRequest).where(DataRequest.public_id == public_id).with_for_update())
    if row is None:
        raise NotFound
    if row.account_id != actor.account_id:
        raise Forbidden(f"data-request:{public_id}")
    if row.state in UNDECIDED:
        row.state = "cancelled"
        record(tx, actor, "data.cancelled", f"data-request:{public_id}")


def data_requests_of(tx: Tx, account_id: int) -> list[DataRequest]:
    """A person's requests, newest first."""
    query = select(DataRequest).where(DataRequest.account_id == account_id)
    return list(tx.scalars(query.order_by(DataRequest.id.desc()).limit(50)))


def waiting_data_requests(
    tx: Tx, actor: Actor, page: int = 1, *, done: bool = False, own: bool = False
) -> Page[tuple[DataRequest, Member, str]]:
    """Requests pending for this officer, oldest first; with `own` those that wait for another officer, because this
    one made them or agreed to them first; with `done` the decided ones, newest first."""
    if not done:
        return page_of(tx, _waiting(actor, own=own), page, SIZE)
    query = _requests(actor).where(DataRequest.state.in_(DECIDED)).order_by(DataRequest.id.desc())
    return page_of(tx, query, page, SIZE)


def _requests(actor: Actor) -> Select[DataRequest, Member, str]:
    return (
        select(DataRequest, Member, Organisation.name)
        .join(Member, Member.id == DataRequest.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(people.subtrees(actor.paths(*people.ROSTER_KEEPERS)))
    )


def _waiting(actor: Actor, *, own: bool) -> Select[DataRequest, Member, str]:
    mine = or_(
        DataRequest.account_id == actor.account_id,
        DataRequest.member_id == (actor.member_id or 0),
        func.coalesce(DataRequest.first_by == actor.account_id, false()),
    )
    query = _requests(actor).where(DataRequest.state.in_(UNDECIDED), mine if own else not_(mine))
    return query.order_by(DataRequest.id)


def count_waiting_data_requests(tx: Tx, actor: Actor, *, own: bool = False) -> int:
    """How many requests `waiting_data_requests` lists as pending."""
    return count_of(tx, _waiting(actor, own=own))


def access_request(tx: Tx, actor: Actor, public_id: str) -> tuple[DataRequest, Member]:
    """A request of a member in the actor's scope; one's own has to be decided by somebody else.

    Raises:
        NotFound: there is none.
        Forbidden: the member is outside the scope.
    """
    row = tx.execute(
        select(DataRequest, Member, Organisation.path)
        .join(Member, Member.id == DataRequest.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(DataRequest.public_id == public_id)
        .with_for_update(of=DataRequest)
    ).first()
    if row is None:
        raise NotFound
    people.require_access(actor, row.path, f"data-request:{public_id}", *people.ROSTER_KEEPERS)
    return row[0], row[1]


def decide_data_request(tx: Tx, actor: Actor, public_id: str, *, agree: bool, answer: str) -> DataRequest:
    """Agree or refuse. The first agreement to freezing or erasing passes it on, the second executes it.

    Raises:
        Invalid: a refusal or a correction without a message to the member.
        Conflict: decided already, one's own, or the same officer a second time.
    """
    row, member = access_request(tx, actor, public_id)
    text = tidy_text(answer, LONGEST)
    if row.state not in UNDECIDED:
        raise Conflict(msg("这个要求已经办过了，请刷新查看。"))
    if actor.account_id in (None, row.account_id) or actor.member_id == row.member_id:
        raise Conflict(msg("不能办理本人的要求，请由另一位管理员办理。"))
    if not text and (not agree or row.kind == "correct"):
        raise Invalid(fields={"answer": msg("请写明办理情况，本人会看到。")})
    if row.state == "agreed" and row.first_by == actor.account_id and agree:
        raise Conflict(msg("停用和删除要两个人办理，请由另一位管理员复核。"))
    row.answer = text or row.answer
    if agree and row.kind in TWO_OFFICER_KINDS and row.state == "open":
        row.state, row.first_by, row.first_at = "agreed", actor.account_id, clock.now()
        verb = "data.agreed"
    else:
        if row.first_by == actor.account_id:
            row.first_by = row.first_at = None  # the officer who agreed first may still refuse
        row.state, row.decided_by, row.decided_at = "done" if agree else "refused", actor.account_id, clock.now()
        verb = "data.done" if agree else "data.refused"
    tx.flush()
    record(tx, actor, verb, f"data-request:{public_id}", kind=row.kind, member=member.public_id)
    if row.state == "done" and row.kind in TWO_OFFICER_KINDS:
        _restrict(tx, actor, member, row)
    elif row.state in DECIDED:
        jobs.publish(tx, DataRequestDecided(row.account_id, row.public_id))
    return row


def _restrict(tx: Tx, actor: Actor, member: Member, row: DataRequest) -> None:
    kind = "frozen" if row.kind == "freeze" else "erased"
    kept, is_new = get_or_create(tx, Restriction, {"member_id": member.id}, kind=kind)
    if not is_new:
        kept.kind, kept.since = kind, clock.now()
    account = tx.get_one(Account, row.account_id)
    end_sessions(tx, [account.id])
    account.state = "frozen"
    if kind == "erased":
        account.state, account.password_hash = "closed", None
        for model in (SecondFactor, RecoveryCode, ExternalIdentity):
            tx.execute(delete(model).where(model.account_id == account.id))
        tx.execute(delete(ActivationCode).where(ActivationCode.member_id == member.id))
        tx.execute(update(LoginSession).where(LoginSession.account_id == account.id).values(device=""))
        people.erase_particulars(tx, [member.id])
        jobs.publish(tx, PersonErased(member.id, account.id))
    tx.flush()
    record(tx, actor, "data.frozen" if kind == "frozen" else "data.erased", f"member:{member.public_id}")


def lift_restriction(tx: Tx, actor: Actor, public_id: str) -> None:
    """End a restriction: the account may be used again (after an erasure: activated anew).

    Raises:
        Conflict: nothing is restricted, or it is the actor's own.
    """
    member = people.access_member(tx, actor, public_id, *people.ROSTER_KEEPERS)
    kept = tx.get(Restriction, member.id, with_for_update=True)
    if kept is None:
        raise Conflict(msg("此人的数据没有停用。"))
    if actor.member_id == member.id:
        raise Conflict(msg("不能办理本人的要求，请由另一位管理员办理。"))
    account = tx.scalar(select(Account).where(Account.member_id == member.id))
    if account is not None:
        account.state = "active"
    record(tx, actor, "data.lifted", f"member:{public_id}", kind=kept.kind)
    tx.delete(kept)
    tx.flush()


def restriction_of(tx: Tx, member_id: int) -> Restriction | None:
    """Whether somebody's data is frozen or erased."""
    return tx.get(Restriction, member_id)


def keep_erased(tx: Tx, member_ids: Sequence[int]) -> None:
    """Apply erasures again after a later roster brought the data back."""
    for start in range(0, len(member_ids), 5000):
        erased = tx.scalars(
            select(Restriction.member_id).where(
                people.among(tx, Restriction.member_id, member_ids[start : start + 5000]), Restriction.kind == "erased"
            )
        ).all()
        if erased:
            people.erase_particulars(tx, erased)
