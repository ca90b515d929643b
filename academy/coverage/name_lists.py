"""Lists of names behind coverage figures: who has completed, who has not, and why not."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.core.paging import Page
from academy.coverage import refusal_reasons
from academy.people import api as people
from academy.people.models import Exemption, Member, Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training
from academy.trainings.models import ReminderRecipient

PAGE = 50
BRANCHES = 200
SORTS = ("name", "progress", "completed_on")


class NameStatus(enum.StrEnum):
    """Status filter of a list of names: one definition for the list and for every figure that links to it."""

    DUE = "due"
    STARTED = "started"
    MISSING = "missing"
    NO_ACCOUNT = "no_account"
    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    REACHABLE = "reachable"
    LATELY = "lately"
    UNREACHABLE = "unreachable"
    COMPLETED = "completed"
    EXEMPT = "exempt"


NAME_STATUSES: dict[str, Message] = {
    NameStatus.DUE: msg("应训"),
    NameStatus.STARTED: msg("已参学"),
    NameStatus.MISSING: msg("还没完成"),
    NameStatus.NO_ACCOUNT: msg("未开通账号"),
    NameStatus.NOT_STARTED: msg("未开始"),
    NameStatus.UNDER_WAY: msg("学习中"),
    NameStatus.REFUSED: msg("有观看未计入"),
    NameStatus.REACHABLE: msg("没完成，可以提醒"),
    NameStatus.LATELY: msg("没完成，这几天提醒过"),
    NameStatus.UNREACHABLE: msg("没完成，没有账号"),
    NameStatus.COMPLETED: msg("已完成"),
    NameStatus.EXEMPT: msg("免训"),
}
REMIND_EVERY_DAYS = 3
"""Minimum interval between reminders of the same training to one person."""


@dataclasses.dataclass(frozen=True)
class ListedMember:
    """One member of a training with their state."""

    member_id: int
    public_id: str
    number: str
    name: str
    phone_sealed: bytes | None
    organisation_id: int
    organisation: str
    status: NameStatus
    reason: Message
    courses: frozenset[int]
    """Row ids of the completed courses of the training."""
    completed_on: dt.date | None
    permille: int
    has_account: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether this member is due and has not completed."""
        return self.status not in (NameStatus.COMPLETED, NameStatus.EXEMPT)


@dataclasses.dataclass(frozen=True)
class NameFilter:
    """Selection of names: training and node, day, filter and order."""

    training: Training
    node: Organisation
    day: dt.date | None = None
    status: str = ""
    text: str = ""
    direct: bool = False
    sort: str = ""
    member_id: int | None = None
    """Only this member."""


def list_names(tx: Tx, name_filter: NameFilter, page: int, size: int = PAGE) -> Page[ListedMember]:
    """A page of names; the number of queries does not depend on how many there are."""
    total = count_names(tx, name_filter)
    number = min(max(1, page), max(1, -(-total // size)))
    places, offset = _places_of_page(tx, name_filter, (number - 1) * size, size)
    query, where = _query(tx, name_filter, places)
    rows = tx.execute(_ordered(query, where, name_filter.sort).limit(size).offset(offset)).all()
    return Page(_named(tx, name_filter, rows), total, number, size)


def _places_of_page(tx: Tx, name_filter: NameFilter, offset: int, size: int) -> tuple[list[int] | None, int]:
    """Row ids of the places whose members are on a page, and how many members come before it.

    None where only the names themselves determine the order: then all are read and sorted.
    """
    counted = _COUNTED.get(name_filter.status)
    if (
        counted is None
        or name_filter.text
        or name_filter.member_id is not None
        or name_filter.direct
        or name_filter.day is not None
        or name_filter.sort in SORTS
    ):
        return None, offset
    here: list[int] = []
    before = skipped = 0
    for place, own in trainings.own_figures_below(tx, name_filter.training.id, name_filter.node).items():
        number = counted(own)
        if before + number <= offset:
            skipped = before + number
        elif number:
            here.append(place)
        before += number
        if before >= offset + size:
            break
    return here, offset - skipped


def stream_names(tx: Tx, name_filter: NameFilter) -> Iterator[ListedMember]:
    """All names, by branch; a few hundred branches are in memory at a time."""
    branches = [name_filter.node.id]
    if not name_filter.direct:
        inside = select(Organisation.id).where(trainings.lies_inside(tx, name_filter.node, name_filter.day))
        branches = list(tx.scalars(inside.order_by(Organisation.path)))
    for start in range(0, len(branches), BRANCHES):
        query, where = _query(tx, name_filter, branches[start : start + BRANCHES])
        yield from _named(tx, name_filter, tx.execute(_ordered(query, where, "")).all())


def count_names(tx: Tx, name_filter: NameFilter) -> int:
    """Number of names. Taken from coverage where it counts exactly the same people."""
    counted = _COUNTED.get(name_filter.status)
    if counted is not None and not name_filter.text and not name_filter.direct and name_filter.member_id is None:
        found = trainings.figures_of(tx, [name_filter.training.id], [name_filter.node.id], name_filter.day)
        return counted(found.get((name_filter.training.id, name_filter.node.id), Figures()))
    query, _ = _query(tx, name_filter)
    return tx.scalar(select(func.count()).select_from(query.subquery())) or 0


_COUNTED: dict[str, Callable[[Figures], int]] = {
    "": lambda found: found.due + found.exempt,
    NameStatus.DUE: lambda found: found.due,
    NameStatus.STARTED: lambda found: found.started,
    NameStatus.MISSING: lambda found: found.missing,
    NameStatus.UNDER_WAY: lambda found: found.started - found.completed,
    NameStatus.COMPLETED: lambda found: found.completed,
    NameStatus.EXEMPT: lambda found: found.exempt,
}


def selected_members(tx: Tx, name_filter: NameFilter) -> Select[*tuple[Any, ...]]:
    """Row ids of the members that a list shows, for actions on all of them."""
    query, _ = _query(tx, name_filter)
    return query.with_only_columns(Member.id)


def _query(tx: Tx, name_filter: NameFilter, branches: list[int] | None = None) -> tuple[Select[*tuple[Any, ...]], Any]:
    here: Any = [name_filter.node.id] if name_filter.direct else branches
    if here is None:
        here = select(Organisation.id).where(trainings.lies_inside(tx, name_filter.node, name_filter.day))
    pieces = trainings.recount_pieces(name_filter.training.id, name_filter.day, here)
    end = name_filter.day or dt.date.max
    account = accounts.has_account(Member.id)
    query = (
        select(
            Member.id,
            Member.public_id,
            Member.number,
            Member.name,
            Member.phone_sealed,
            Organisation.id,
            Organisation.name,
            pieces.c.standing,
            pieces.c.started_on,
            pieces.c.completed_on,
            account.label("account"),
        )
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
    )
    if name_filter.text:
        text = people.clean_name(name_filter.text)
        query = query.where(or_(Member.name.contains(text, autoescape=True), Member.number == text))
    if name_filter.member_id is not None:
        query = query.where(Member.id == name_filter.member_id)
    narrowed = _narrow(pieces, end, name_filter.training.id).get(name_filter.status)
    return (query if narrowed is None else query.where(narrowed)), pieces


def _narrow(pieces: Any, end: dt.date, training_id: int) -> dict[str, ColumnElement[bool]]:
    account, lately = accounts.has_account(Member.id), _reminded_lately(training_id)
    due = pieces.c.standing == "due"
    started, completed = pieces.c.started_on <= end, pieces.c.completed_on <= end
    not_started = or_(pieces.c.started_on.is_(None), pieces.c.started_on > end)
    incomplete = or_(pieces.c.completed_on.is_(None), pieces.c.completed_on > end)
    return {
        NameStatus.DUE: due,
        NameStatus.STARTED: and_(due, started),
        NameStatus.MISSING: and_(due, incomplete),
        NameStatus.NO_ACCOUNT: and_(due, not_started, ~account),
        NameStatus.NOT_STARTED: and_(due, not_started, account),
        NameStatus.UNDER_WAY: and_(due, started, incomplete),
        NameStatus.REFUSED: and_(due, incomplete, refusal_reasons.of_member(training_id)),
        NameStatus.REACHABLE: and_(due, incomplete, account, ~lately),
        NameStatus.LATELY: and_(due, incomplete, account, lately),
        NameStatus.UNREACHABLE: and_(due, incomplete, ~account),
        NameStatus.COMPLETED: and_(due, completed),
        NameStatus.EXEMPT: pieces.c.standing == "exempt",
    }


def _reminded_lately(training_id: int) -> ColumnElement[bool]:
    since = clock.today() - dt.timedelta(days=REMIND_EVERY_DAYS)
    return exists().where(
        ReminderRecipient.training_id == training_id,
        ReminderRecipient.member_id == Member.id,
        ReminderRecipient.on_day > since,
    )


def _ordered(query: Select[*tuple[Any, ...]], pieces: Any, sort: str) -> Select[*tuple[Any, ...]]:
    orders: dict[str, tuple[Any, ...]] = {
        "name": (Member.name, Member.id),
        "progress": (pieces.c.completed_on.is_not(None), pieces.c.started_on.is_not(None), Member.id),
        "completed_on": (pieces.c.completed_on.desc(), Member.id),
    }
    return query.order_by(*orders.get(sort, (Organisation.path, Member.id)))


def _named(tx: Tx, name_filter: NameFilter, rows: Any) -> list[ListedMember]:
    end = name_filter.day or dt.date.max
    ids = [row[0] for row in rows]
    shares = trainings.studied_shares(tx, name_filter.training.id, ids) if name_filter.day is None else {}
    courses = trainings.courses_by_member(tx, name_filter.training, ids, name_filter.day)
    excused = _exemptions(tx, [row[0] for row in rows if row.standing == "exempt"], name_filter.day or clock.today())
    # Refused playback is known for today only, like progress.
    why = refusal_reasons.reasons(tx, name_filter.training.id, ids) if name_filter.day is None else {}
    found: list[ListedMember] = []
    for row in rows:
        completed = row.completed_on if row.completed_on and row.completed_on <= end else None
        started = row.started_on is not None and row.started_on <= end
        share = 1000 if completed else shares.get(row[0], 0)
        status = _status(row.standing, completed is not None, started, bool(row.account))
        found.append(
            ListedMember(
                member_id=row[0],
                public_id=row[1],
                number=row[2],
                name=row[3],
                phone_sealed=row[4],
                organisation_id=row[5],
                organisation=row[6],
                status=status,
                reason=_reason(status, share, excused.get(row[0]), why.get(row[0]), known=name_filter.day is None),
                courses=courses.get(row[0], frozenset()),
                completed_on=completed,
                permille=share,
                has_account=bool(row.account),
            )
        )
    return found


def _status(standing: str, completed: bool, started: bool, account: bool) -> NameStatus:
    if standing == "exempt":
        return NameStatus.EXEMPT
    if completed:
        return NameStatus.COMPLETED
    if started:
        return NameStatus.UNDER_WAY
    return NameStatus.NOT_STARTED if account else NameStatus.NO_ACCOUNT


def _reason(
    status: NameStatus, share: int, exemption: tuple[str, dt.date | None] | None, why: Message | None, *, known: bool
) -> Message:
    if status == NameStatus.EXEMPT and exemption is not None:
        reason, until = exemption
        if until is None:
            return msg("免训（%(reason)s）", reason=reason)
        return msg("免训至 %(day)s（%(reason)s）", day=until, reason=reason)
    if status == NameStatus.UNDER_WAY and known:
        percent = max(1, min(99, round(share / 10)))
        if why is not None:
            return msg("已学 %(share)s%%，有观看未计入：%(why)s", share=percent, why=why)
        return msg("已学 %(share)s%%", share=percent)
    if status == NameStatus.NOT_STARTED and why is not None:
        return msg("有观看未计入：%(why)s", why=why)
    return NAME_STATUSES[status]


def _exemptions(tx: Tx, ids: list[int], day: dt.date) -> dict[int, tuple[str, dt.date | None]]:
    if not ids:
        return {}
    query = select(Exemption.member_id, Exemption.reason, Exemption.valid_to).where(
        Exemption.member_id.in_(ids), people.exempt_on(day)
    )
    return {member: (reason, until) for member, reason, until in tx.execute(query)}
