"""Preview of a transfer or a change of status: executed in a transaction that is rolled back."""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from academy.accounts import api as accounts
from academy.core.database import Database, Tx
from academy.core.i18n import Message, msg
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.trainings.api import Standing, TrainingState
from academy.trainings.models import Enrolment, Training


@dataclass(frozen=True)
class Preview:
    """The consequences as sentences; `seen` identifies them, to check that they are unchanged on confirmation."""

    person: str
    lines: list[Message]

    @property
    def seen(self) -> str:
        """20 hex digits."""
        canonical = repr([(line.text, sorted(line.params.items(), key=str)) for line in self.lines])
        return hashlib.sha256(canonical.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class _State:
    """State of a member before or after."""

    home: Organisation
    people: int
    status: str
    trainings: dict[int, str]
    offices: dict[int, str]
    has_account: bool


class _TakenBackError(Exception):
    """Raised to roll the preview's transaction back."""


def preview_change(db: Database, member: Member, change: Callable[[Tx, Member], object]) -> Preview:
    """The consequences of `change` for a member; nothing is committed.

    Raises:
        AcademyError: what `change` raises.
    """
    found: list[Preview] = []

    def look(tx: Tx) -> None:
        found.append(preview_change_in(tx, tx.get_one(Member, member.id), change))
        raise _TakenBackError

    with contextlib.suppress(_TakenBackError):
        db.run_in_transaction(look)
    return found[-1]


def preview_change_in(tx: Tx, person: Member, change: Callable[[Tx, Member], object]) -> Preview:
    """The same in an open transaction: the change is made, and committed if the transaction is."""
    before = _state(tx, person)
    change(tx, person)
    after = _state(tx, person)
    arrived = _people(tx, after.home)
    lines = [*_places(before, after, arrived - 1, before.people), *_trainings(before, after)]
    lost = [name for key, name in before.offices.items() if key not in after.offices]
    if lost:
        lines.append(msg("岗位随之收回，撤回这次变动也不会自动恢复：%(names)s。", names="、".join(lost)))
    if before.has_account and before.status in people.PRESENT_STATUSES and after.status not in people.PRESENT_STATUSES:
        lines.append(msg("此人的账号不能再登录。"))
    lines.append(msg("已经学过的都保留。"))
    return Preview(person.name, lines)


def _places(before: _State, after: _State, there: int, here: int) -> list[Message]:
    a, b = before.home.name, after.home.name
    lines = []
    if before.status != after.status:
        words = {"old": people.STATUSES[before.status], "new": people.STATUSES[after.status]}
        lines.append(msg("状态从“%(old)s”改为“%(new)s”。", **words))
    if before.home.id != after.home.id:
        lines.append(msg("从“%(a)s”转到“%(b)s”。", a=a, b=b))
        lines.append(msg("“%(a)s”现有 %(n)s 人，转出后 %(m)s 人。", a=a, n=here, m=here - 1))
        lines.append(msg("“%(b)s”现有 %(n)s 人，转入后 %(m)s 人。", b=b, n=there, m=there + 1))
    elif before.status in people.PRESENT_STATUSES and after.status not in people.PRESENT_STATUSES:
        lines.append(msg("不再算“%(a)s”的党员：现有 %(n)s 人，之后 %(m)s 人。", a=a, n=here, m=here - 1))
    elif before.status not in people.PRESENT_STATUSES and after.status in people.PRESENT_STATUSES:
        lines.append(msg("重新算“%(a)s”的党员：现有 %(n)s 人，之后 %(m)s 人。", a=a, n=here, m=here + 1))
    return lines


def _trainings(before: _State, after: _State) -> list[Message]:
    lines = []
    kept = [title for key, title in after.trainings.items() if key in before.trainings]
    lost = [title for key, title in before.trainings.items() if key not in after.trainings]
    new = [title for key, title in after.trainings.items() if key not in before.trainings]
    if kept and before.home.id != after.home.id:
        named = {"b": after.home.name, "names": _titles(kept)}
        lines.append(msg("正在进行的培训照常参加，改算在“%(b)s”名下：%(names)s。", **named))
    if lost:
        lines.append(msg("不再要求参加：%(names)s。", names=_titles(lost)))
    if new:
        lines.append(msg("新要求参加：%(names)s。", names=_titles(new)))
    return lines


def _titles(titles: list[str]) -> str:
    return "".join(f"《{title}》" for title in titles[:20])


def _state(tx: Tx, person: Member) -> _State:
    home = tx.get_one(Organisation, person.organisation_id)
    rows = tx.execute(
        select(Training.id, Training.title)
        .join(Enrolment, Enrolment.training_id == Training.id)
        .where(Enrolment.member_id == person.id, Enrolment.standing != Standing.OUT)
        .where(Training.state == TrainingState.OPEN)
        .order_by(Training.opens_on, Training.id)
    )
    offices = {grant.id: node.name for grant, node in accounts.offices_of_member(tx, person.id)}
    account = accounts.account_of_member(tx, person.id)
    return _State(
        home, _people(tx, home), str(person.status), {row.id: row.title for row in rows}, offices, account is not None
    )


def _people(tx: Tx, node: Organisation) -> int:
    query = select(func.count()).where(Member.organisation_id == node.id, Member.status.in_(people.PRESENT_STATUSES))
    return int(tx.scalar(query) or 0)
