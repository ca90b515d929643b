"""Data quality of the register: missing or implausible values, counted by check, listed for correction."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.people import api as people
from academy.people.models import Member, MemberTerm, Organisation
from academy.reports.lists import paged
from academy.reports.tables import NUMBER, Report, ReportColumn, ReportRow, ReportTable

SMALLEST_BRANCH = 3
"""Minimum members of a branch of its own."""
OLDEST, YOUNGEST = 105, 18


@dataclass(frozen=True)
class Check:
    """One check, of people or of organisations."""

    label: Message
    test: Callable[[dt.date], ColumnElement[bool]]
    of_people: bool = True


def _shared(_today: dt.date) -> ColumnElement[bool]:
    other = aliased(Member)
    same = and_(
        other.phone_index == Member.phone_index, other.id != Member.id, other.status.in_(("active", "floating"))
    )
    return and_(Member.phone_index.is_not(None), exists().where(same))


def _too_young(_today: dt.date) -> ColumnElement[bool]:
    # Years only: the roster itself refuses errors of a day.
    return and_(
        Member.joined_on.is_not(None),
        Member.birth_date.is_not(None),
        func.extract("year", Member.joined_on) - func.extract("year", Member.birth_date) < YOUNGEST,
    )


def _secretaries() -> Any:
    """How many secretaries a branch has."""
    one = aliased(Member)
    return (
        select(func.count())
        .select_from(MemberTerm)
        .join(one, one.id == MemberTerm.member_id)
        .where(
            one.organisation_id == Organisation.id,
            one.status.in_(("active", "floating")),
            MemberTerm.what == "position",
            MemberTerm.kind == "secretary",
            MemberTerm.valid_to.is_(None),
        )
        .scalar_subquery()
    )


def _members() -> Any:
    one = aliased(Member)
    here = (one.organisation_id == Organisation.id, one.status.in_(("active", "floating")))
    return select(func.count()).select_from(one).where(*here).scalar_subquery()


def _branch() -> ColumnElement[bool]:
    return and_(Organisation.kind == "branch", Organisation.closed_on.is_(None))


CHECKS: dict[str, Check] = {
    "no_birth": Check(msg("没有出生日期"), lambda _: Member.birth_date.is_(None)),
    "no_gender": Check(msg("没有性别"), lambda _: Member.gender.is_(None)),
    "no_joined": Check(msg("没有入党日期"), lambda _: Member.joined_on.is_(None)),
    "no_education": Check(msg("没有学历"), lambda _: Member.education.is_(None)),
    "no_phone": Check(msg("没有手机号"), lambda _: Member.phone_index.is_(None)),
    "shared_phone": Check(msg("手机号与别人相同"), _shared),
    "too_old": Check(msg("年龄超过 105 岁"), lambda today: Member.birth_date < people.years_before(today, OLDEST)),
    "too_young": Check(msg("入党时不满 18 岁"), _too_young),
    "no_secretary": Check(msg("支部没有书记"), lambda _: and_(_branch(), _members() > 0, _secretaries() == 0), False),
    "two_secretaries": Check(msg("支部有两名以上书记"), lambda _: and_(_branch(), _secretaries() > 1), False),
    "small_branch": Check(
        msg("支部不足 3 名党员"), lambda _: and_(_branch(), _members() > 0, _members() < SMALLEST_BRANCH), False
    ),
    "empty_branch": Check(msg("支部没有党员"), lambda _: and_(_branch(), _members() == 0), False),
    "no_sector": Check(msg("支部没有领域"), lambda _: and_(_branch(), Organisation.sector.is_(None)), False),
    "closed_with": Check(
        msg("已撤销的组织还有党员"), lambda _: and_(Organisation.closed_on.is_not(None), _members() > 0), False
    ),
}


def report(tx: Tx, node: Organisation, check: str = "", page: int | None = None) -> Report:
    """How often each check fails below a node, and the list of one check (or, in a file, of all)."""
    today = clock.today()
    counts = _counts(tx, node, today)
    lines = [
        ReportRow([one.label, counts[key]], ("reporting.show", {"organisation": node.public_id, "check": key}))
        for key, one in CHECKS.items()
        if counts[key]
    ]
    tables = [
        ReportTable(
            "checks",
            msg("需要核对的内容"),
            [ReportColumn(msg("问题"), width=30), ReportColumn(msg("条数"), NUMBER)],
            lines,
        )
    ]
    wanted = [check] if check in CHECKS else [key for key in CHECKS if counts[key]]
    if page is None or check in CHECKS:
        tables.append(_list(tx, node, today, wanted, page))
    return Report(
        title=msg("数据质量"),
        subject=node.name,
        definition=msg("花名册里缺少或看来不对的信息，截至 %(today)s；改好后这里自动减少。", today=today),
        tables=tables,
        figures=((msg("需要核对"), sum(counts.values()), msg("条，一人可有几条")),),
    )


def _counts(tx: Tx, node: Organisation, today: dt.date) -> dict[str, int]:
    """One query for people, one for organisations, however many checks there are."""
    found: dict[str, int] = {}
    for of_people in (True, False):
        checks = {key: one for key, one in CHECKS.items() if one.of_people == of_people}
        sums = [func.coalesce(func.sum(case((one.test(today), 1), else_=0)), 0) for one in checks.values()]
        query = (
            select(*sums).select_from(Member).join(Organisation)
            if of_people
            else select(*sums).select_from(Organisation)
        )
        where = [people.subtree(node.path), people.is_present()] if of_people else [people.subtree(node.path)]
        found |= dict(zip(checks, map(int, tx.execute(query.where(*where)).one()), strict=True))
    return {key: found[key] for key in CHECKS}


def _list(tx: Tx, node: Organisation, today: dt.date, wanted: list[str], page: int | None) -> ReportTable:
    columns = [
        ReportColumn(msg("问题"), width=20),
        ReportColumn(msg("姓名或名称"), width=30),
        ReportColumn(msg("编号或代码"), width=16),
        ReportColumn(msg("党组织"), width=34),
    ]
    parts: list[Iterator[ReportRow]] = []
    for key in wanted:
        lines, shown = paged(tx, _query(node, CHECKS[key], today), _line(CHECKS[key]), page)
        if page is not None:
            return ReportTable("list", CHECKS[key].label, columns, lines, shown)
        parts.append(iter(lines))
    return ReportTable("list", msg("名单"), columns, chain.from_iterable(parts))


def _query(node: Organisation, check: Check, today: dt.date) -> Select[*tuple[Any, ...]]:
    if check.of_people:
        return (
            select(Member.public_id, Member.name, Member.number, Organisation.name)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(people.subtree(node.path), people.is_present(), check.test(today))
            .order_by(Organisation.path, Member.id)
        )
    above = aliased(Organisation)
    return (
        select(Organisation.public_id, Organisation.name, Organisation.code, above.name)
        .outerjoin(above, above.id == Organisation.parent_id)
        .where(people.subtree(node.path), check.test(today))
        .order_by(Organisation.path)
    )


def _line(check: Check) -> Callable[[Any], ReportRow]:
    endpoint = "members.member" if check.of_people else "members.organisation"
    return lambda row: ReportRow([check.label, row[1], row[2], row[3]], (endpoint, {"public_id": row[0]}))
