"""Named cohorts: lists of members kept by an organisation, such as this year's new secretaries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import aliased

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, page_of
from academy.core.unique import unique_or
from academy.jobs import api as jobs
from academy.people import rules
from academy.people.access import ROSTER_KEEPERS, require_access
from academy.people.events import MembersChanged
from academy.people.models import Cohort, CohortMember, Member, Organisation
from academy.people.queries import is_present, subtree, subtrees

PAGE = 50
MOST = 5000
"""Maximum of numbers added at once."""
SHOWN = 5


@dataclass(frozen=True)
class CohortSummary:
    """A cohort in a list: its node and number of members."""

    cohort: Cohort
    node: Organisation
    members: int


def access_cohort(tx: Tx, actor: Actor, public_id: str) -> tuple[Cohort, Organisation]:
    """A cohort of a node whose roster the actor keeps.

    Raises:
        NotFound: there is none.
        Forbidden: it is another node's.
    """
    row = tx.execute(
        select(Cohort, Organisation)
        .join(Organisation, Organisation.id == Cohort.organisation_id)
        .where(Cohort.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    require_access(actor, row[1].path, f"cohort:{public_id}", *ROSTER_KEEPERS)
    return row[0], row[1]


def cohorts_under(tx: Tx, paths: Sequence[str], page: int = 1, size: int = PAGE) -> Page[CohortSummary]:
    """Cohorts of the subtrees, open ones first."""
    home = aliased(Organisation)
    count = (
        select(func.count())
        .select_from(CohortMember)
        .join(Member, Member.id == CohortMember.member_id)
        .join(home, home.id == Member.organisation_id)
        .where(CohortMember.cohort_id == Cohort.id, home.path.startswith(Organisation.path))
        .correlate(Cohort, Organisation)
        .scalar_subquery()
    )
    query = (
        select(Cohort, Organisation, count)
        .join(Organisation, Organisation.id == Cohort.organisation_id)
        .where(subtrees(paths))
        .order_by(Cohort.closed_at.is_not(None), Cohort.name, Cohort.id)
    )
    found = page_of(tx, query, page, size)
    return Page([CohortSummary(*row) for row in found.rows], found.total, found.number, found.size)


def cohort_members(tx: Tx, cohort: Cohort, node: Organisation, page: int = 1) -> Page[tuple[Member, Organisation]]:
    """Members of a cohort, by branch, as far as they belong to its node. A member who moved away is not visible to its
    keepers, and reappears on return."""
    query = (
        select(Member, Organisation)
        .join(CohortMember, CohortMember.member_id == Member.id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(CohortMember.cohort_id == cohort.id, subtree(node.path))
        .order_by(Organisation.path, Member.id)
    )
    return page_of(tx, query, page, PAGE)


def cohort_ids(tx: Tx, public_ids: Sequence[str]) -> list[int]:
    """Row ids of cohorts by public id, ascending; unknown ones are left out."""
    return list(tx.scalars(select(Cohort.id).where(Cohort.public_id.in_(public_ids)).order_by(Cohort.id)))


def cohorts_of_ids(tx: Tx, row_ids: Sequence[int]) -> list[Cohort]:
    """Cohorts by row id, closed ones too, sorted by name."""
    return list(tx.scalars(select(Cohort).where(Cohort.id.in_(row_ids)).order_by(Cohort.name)))


def create_cohort(tx: Tx, actor: Actor, node: Organisation, name: str) -> Cohort:
    """Create an empty cohort.

    Raises:
        Invalid: no name, or one that the node has already.
    """
    require_access(actor, node.path, f"organisation:{node.public_id}", *ROSTER_KEEPERS)
    made = Cohort(organisation_id=node.id)
    _name(tx, made, name)
    record(tx, actor, "cohort.created", f"cohort:{made.public_id}", organisation=node.public_id)
    return made


def rename_cohort(tx: Tx, actor: Actor, cohort: Cohort, name: str) -> None:
    """Rename a cohort; trainings keep it. Raises as `create_cohort`."""
    _name(tx, cohort, name)
    record(tx, actor, "cohort.renamed", f"cohort:{cohort.public_id}")


def close_cohort(tx: Tx, actor: Actor, cohort: Cohort) -> None:
    """Close a cohort for new trainings, or open it again; trainings that use it keep it."""
    cohort.closed_at = None if cohort.closed_at else clock.now()
    tx.flush()
    record(tx, actor, "cohort.closed" if cohort.closed_at else "cohort.reopened", f"cohort:{cohort.public_id}")


def add_cohort_members(tx: Tx, actor: Actor, cohort: Cohort, node: Organisation, text: str) -> int:
    """Add members by their numbers, separated in a text; all of them, or nobody.

    Raises:
        Invalid: a number is unknown below the node, or there are too many.
    """
    numbers = list(dict.fromkeys(rules.tidy(part) for part in re.split(r"[\s,;，；、]+", text) if part))
    if not numbers:
        raise Invalid(fields={"numbers": msg("请填写党员编号。")})
    if len(numbers) > MOST:
        raise Invalid(fields={"numbers": msg("一次最多加 %(most)s 人。", most=MOST)})
    known: dict[str, int] = {}
    for start in range(0, len(numbers), 1000):
        part = numbers[start : start + 1000]
        query = select(Member.number, Member.id).join(Organisation, Organisation.id == Member.organisation_id)
        known |= dict(tx.execute(query.where(Member.number.in_(part), subtree(node.path), is_present())).all())
    if unknown := [number for number in numbers if number not in known]:
        raise Invalid(fields={"numbers": _unknown(unknown)})
    held = set(tx.scalars(select(CohortMember.member_id).where(CohortMember.cohort_id == cohort.id)))
    fresh = [known[number] for number in numbers if known[number] not in held]
    with unique_or(tx, Conflict(msg("名单刚刚被别人改过，请刷新后再看。"))):
        tx.add_all(CohortMember(cohort_id=cohort.id, member_id=member) for member in fresh)
    if fresh:
        record(tx, actor, "cohort.extended", f"cohort:{cohort.public_id}", members=len(fresh))
        jobs.publish(tx, MembersChanged(fresh))
    return len(fresh)


def _unknown(numbers: Sequence[str]) -> Message:
    shown = "、".join(number[:20] for number in numbers[:SHOWN])
    if len(numbers) > SHOWN:
        return msg("本组织没有这些编号：%(shown)s 等 %(n)s 个。一个人也没有加。", shown=shown, n=len(numbers))
    return msg("本组织没有这些编号：%(shown)s。一个人也没有加。", shown=shown)


def remove_cohort_member(tx: Tx, actor: Actor, cohort: Cohort, member: Member) -> None:
    """Remove a member; trainings for this cohort update their audience."""
    gone = tx.execute(
        delete(CohortMember)
        .where(CohortMember.cohort_id == cohort.id, CohortMember.member_id == member.id)
        .returning(CohortMember.member_id)
    ).scalar()
    if gone is not None:
        record(tx, actor, "cohort.reduced", f"cohort:{cohort.public_id}", member=member.public_id)
        jobs.publish(tx, MembersChanged([member.id]))


def _name(tx: Tx, row: Cohort, name: str) -> None:
    checked = str(rules.checked(name=(lambda text: rules.read_name(text, longest=60), name))["name"])
    with unique_or(tx, Invalid(fields={"name": msg("已经有这个名字的名单了。")})):
        row.name = checked
        tx.add(row)
