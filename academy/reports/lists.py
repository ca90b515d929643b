"""Lists of people: new secretaries, floating members, exemptions with their reasons."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.learning.models import Completion
from academy.people import api as people
from academy.people.models import Exemption, Member, MemberTerm, Organisation
from academy.reports.tables import DAY, NUMBER, Report, ReportColumn, ReportRow, ReportTable, day_or
from academy.trainings.api import Standing, TrainingState
from academy.trainings.models import Enrolment, Training

PAGE = 50
BLOCK = 1000
NEW_MONTHS = 12


def new_since(text: str | None) -> dt.date:
    """Since when a secretary counts as new: the requested day, else a year ago."""
    today = clock.today()
    try:
        day = clock.read_day(text or "")
    except ValueError:
        day = today - dt.timedelta(days=365)
    return min(day, today)


def paged(
    tx: Tx, query: Select[*tuple[Any, ...]], line: Callable[[Any], ReportRow], page: int | None
) -> tuple[Iterator[ReportRow] | list[ReportRow], Page[ReportRow] | None]:
    """The lines of one page of a list, or (page None) all of them, in batches."""
    if page is None:
        return _stream(tx, query, line), None
    found = page_of(tx, query, page, PAGE)
    lines = [line(row) for row in found.rows]
    return lines, Page(lines, found.total, found.number, found.size)


def _stream(tx: Tx, query: Select[*tuple[Any, ...]], line: Callable[[Any], ReportRow]) -> Iterator[ReportRow]:
    # Queried with the first line: a report may be built for its figures alone.
    with tx.execute(query.execution_options(yield_per=BLOCK)) as rows:
        for row in rows:
            yield line(row)


def _count(tx: Tx, query: Select[*tuple[Any, ...]]) -> int:
    return tx.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def _enrolled(*more: Any) -> Any:
    return (
        select(func.count())
        .select_from(Enrolment)
        .join(Training, Training.id == Enrolment.training_id)
        .where(
            Enrolment.member_id == Member.id,
            Enrolment.standing == Standing.DUE,
            Training.state == TrainingState.OPEN,
            *more,
        )
        .scalar_subquery()
    )


def _member_link(public_id: str) -> tuple[str, dict[str, str]]:
    return "members.member", {"public_id": public_id}


def secretaries(tx: Tx, node: Organisation, since: dt.date, page: int | None = None) -> Report:
    """Secretaries who took office since a day and still hold it, and what they have studied since.

    Those whose day of taking office is unknown are not counted as new: they have a list of their own.
    """
    studied = (
        select(func.count())
        .select_from(Completion)
        .where(Completion.member_id == Member.id, Completion.completed_at >= MemberTerm.valid_from)
        .scalar_subquery()
    )
    query = (
        select(
            Member, Organisation.name, MemberTerm, studied, _enrolled(), _enrolled(Enrolment.completed_on.is_not(None))
        )
        .select_from(MemberTerm)
        .join(Member, Member.id == MemberTerm.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(
            MemberTerm.what == "position",
            MemberTerm.kind == "secretary",
            MemberTerm.valid_to.is_(None),
            people.subtree(node.path),
            people.is_present(),
        )
        .order_by(MemberTerm.valid_from.desc(), Member.id)
    )
    # A month without its day is new or not as a whole; the month of the limit itself is undecidable.
    begun = since.replace(day=1) if since.day > 1 else None
    month_begun = and_(MemberTerm.precision == "month", MemberTerm.valid_from == begun)
    undatable = or_(MemberTerm.precision == "unknown", month_begun)
    unknown = query.where(undatable)
    query = query.where(~undatable, MemberTerm.valid_from >= since)

    def line(row: Any) -> ReportRow:
        person, branch, term, courses, due, done = row
        cells = [person.name, person.number, branch, term.value, term.known_since, courses, f"{done} / {due}"]
        return ReportRow(cells, _member_link(person.public_id))

    def undated(row: Any) -> ReportRow:
        person, branch, term, _, due, done = row
        cells = [person.name, person.number, branch, term.value, day_or(term.known_since, msg("不详")), None]
        return ReportRow([*cells, f"{done} / {due}"], _member_link(person.public_id))

    lines, shown = paged(tx, query, line, page)
    others, others_shown = paged(tx, unknown, undated, page)
    columns = [
        ReportColumn(msg("姓名"), width=10),
        ReportColumn(msg("编号"), width=14),
        ReportColumn(msg("党组织"), width=34),
        ReportColumn(msg("职务"), width=14),
        ReportColumn(msg("任职日期"), DAY, 12),
        ReportColumn(msg("任职后学完"), NUMBER, 12),
        ReportColumn(msg("在训完成"), width=12),
    ]
    return Report(
        title=msg("新任书记"),
        subject=node.name,
        definition=msg(
            "%(since)s 以来任书记、现在仍任职的党员。任职后学完：任职以来学完几门课；"
            "在训完成：正在进行的培训完成了几次。没有填任职日期的，不能判断是不是新任，另列一表。截至 %(today)s。",
            since=since,
            today=clock.today(),
        ),
        tables=[
            ReportTable("list", msg("名单"), columns, lines, shown),
            ReportTable("unknown", msg("任职日期不详的书记"), columns, others, others_shown),
        ],
        figures=(
            (msg("新任书记"), _count(tx, query), ""),
            (msg("任职日期不详"), _count(tx, unknown), msg("不能判断是不是新任")),
        ),
    )


def floating(tx: Tx, node: Organisation, page: int | None = None) -> Report:
    """Floating members: since when, where to, whether they have an account, how their trainings stand."""
    account = accounts.has_account(Member.id)
    query = (
        select(
            Member,
            Organisation.name,
            MemberTerm.valid_from,
            MemberTerm.note,
            account,
            _enrolled(),
            _enrolled(Enrolment.completed_on.is_not(None)),
        )
        .select_from(Member)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(
            MemberTerm,
            and_(MemberTerm.member_id == Member.id, MemberTerm.what == "status", MemberTerm.valid_to.is_(None)),
        )
        .where(Member.status == "floating", people.subtree(node.path))
        .order_by(Organisation.path, Member.id)
    )

    def line(row: Any) -> ReportRow:
        person, branch, since, where, has_account, due, done = row
        cells = [person.name, person.number, branch, since, where or None]
        cells += [msg("有") if has_account else msg("没有"), f"{done} / {due}"]
        return ReportRow(cells, _member_link(person.public_id))

    lines, shown = paged(tx, query, line, page)
    columns = [
        ReportColumn(msg("姓名"), width=10),
        ReportColumn(msg("编号"), width=14),
        ReportColumn(msg("党组织"), width=34),
        ReportColumn(msg("流动起始"), DAY, 12),
        ReportColumn(msg("去向"), width=20),
        ReportColumn(msg("账号"), width=8),
        ReportColumn(msg("在训完成"), width=12),
    ]
    total = _count(tx, query)
    reached = _count(tx, query.where(account))
    return Report(
        title=msg("流动党员"),
        subject=node.name,
        definition=msg("状态为“流动”的党员，仍列入应训。截至 %(today)s。", today=clock.today()),
        tables=[ReportTable("list", msg("名单"), columns, lines, shown)],
        figures=((msg("流动党员"), total, ""), (msg("已开通账号"), reached, msg("外出也能学"))),
    )


def exemptions(tx: Tx, node: Organisation, day: dt.date, page: int | None = None) -> Report:
    """Exempt members on a day: reason, period, requested and approved by whom; and the sums by reason."""
    here = (people.subtree(node.path), people.exempt_on(day), people.is_present())
    query = (
        select(
            Member,
            Organisation.name,
            Exemption,
            accounts.display_name_of(Exemption.requested_by),
            accounts.display_name_of(Exemption.approved_by),
        )
        .select_from(Exemption)
        .join(Member, Member.id == Exemption.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(*here)
        .order_by(Organisation.path, Member.id, Exemption.id)
    )

    def line(row: Any) -> ReportRow:
        person, branch, one, asked, agreed = row
        cells = [person.name, person.number, branch, one.reason, one.valid_from]
        cells += [one.valid_to or msg("长期"), asked or None, agreed or None]
        return ReportRow(cells, _member_link(person.public_id))

    lines, shown = paged(tx, query, line, page)
    lasting = func.count() - func.count(Exemption.valid_to)
    reasons = (
        select(Exemption.reason, func.count(func.distinct(Member.id)), lasting)
        .select_from(Exemption)
        .join(Member, Member.id == Exemption.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(*here)
        .group_by(Exemption.reason)
        .order_by(func.count(func.distinct(Member.id)).desc(), Exemption.reason)
        .limit(50)
    )
    sums = [ReportRow(list(row)) for row in tx.execute(reasons)]
    columns = [
        ReportColumn(msg("姓名"), width=10),
        ReportColumn(msg("编号"), width=14),
        ReportColumn(msg("党组织"), width=30),
        ReportColumn(msg("原因"), width=24),
        ReportColumn(msg("起"), DAY, 12),
        ReportColumn(msg("止"), DAY, 12),
        ReportColumn(msg("申请人"), width=12),
        ReportColumn(msg("批准人"), width=12),
    ]
    head = [
        ReportColumn(msg("原因"), width=30),
        ReportColumn(msg("人数"), NUMBER),
        ReportColumn(msg("其中长期"), NUMBER),
    ]
    exempted = (
        select(Member.id)
        .join(Exemption, Exemption.member_id == Member.id)
        .join(Organisation, Organisation.id == Member.organisation_id)
    )
    return Report(
        title=msg("免训情况"),
        subject=node.name,
        definition=msg("%(day)s 当天免训的在册党员；每份免训由一人申请、另一人批准。", day=day),
        tables=[
            ReportTable("reasons", msg("按原因"), head, sums),
            ReportTable("list", msg("名单"), columns, lines, shown),
        ],
        figures=(
            (
                msg("免训"),
                _count(tx, exempted.where(*here).distinct()),
                msg("名单每份免训一行，共 %(n)s 份", n=_count(tx, query)),
            ),
        ),
    )
