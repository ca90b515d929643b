"""How many members a course has reached, by county: figures only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from academy.core.database import Tx
from academy.learning.models import Completion, CourseStart
from academy.people import api as people
from academy.people.models import Member, Organisation


@dataclass(frozen=True)
class CountyReach:
    """Members of one county who have begun a course, and who have completed it in any of its versions."""

    name: str
    """Empty for those who belong to no county."""
    started: int
    completed: int


def course_reach(tx: Tx, course_id: int, paths: Sequence[str]) -> list[CountyReach]:
    """Reach of a course (by row id) below some nodes of the tree, by the names of the counties; those of no county
    last. Two queries."""
    started, completed = (_by_county(tx, table, course_id, paths) for table in (CourseStart, Completion))
    names = sorted(started.keys() | completed.keys(), key=lambda name: (not name, name))
    return [CountyReach(name, started.get(name, 0), completed.get(name, 0)) for name in names]


def _by_county(tx: Tx, table: Any, course_id: int, paths: Sequence[str]) -> dict[str, int]:
    county = aliased(Organisation)
    counted = (
        select(Organisation.path, func.count(func.distinct(table.member_id)).label("people"))
        .select_from(table)
        .join(Member, Member.id == table.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(table.course_id == course_id, people.subtrees(paths))
        .group_by(Organisation.path)
        .subquery()
    )
    prefix = func.substr(counted.c.path, 1, func.length(county.path)) == county.path
    rows = tx.execute(
        select(county.name, func.sum(counted.c.people))
        .select_from(counted)
        .outerjoin(county, (county.level == "county") & prefix)
        .group_by(county.id, county.name)
    )
    found: dict[str, int] = {}
    for name, number in rows:
        found[name or ""] = found.get(name or "", 0) + int(number)
    return found
