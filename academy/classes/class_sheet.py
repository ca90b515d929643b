"""Enrolment of a list: pasted or from a sheet, a dry run that accounts for every line, then all lines or none."""

import enum
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from academy.classes import access, enrolment
from academy.classes.class_columns import COLUMNS, FIELDS, is_number, people_of, words_of
from academy.classes.kinds import ApplicationState
from academy.classes.models import TrainingClass
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.people import api as people
from academy.people.models import Member
from academy.roster import api as roster
from academy.roster.api import HeadingQuery

MOST_LINES, LONGEST_CELL, LONGEST_TEXT = 500, 60, 60_000


class EnrolOutcome(enum.StrEnum):
    """What becomes of a line: a place, a place on the waiting list, nothing new, or it cannot be taken."""

    PLACE = "place"
    WAIT = "wait"
    SAME = "same"
    BAD = "bad"


@dataclass(frozen=True)
class PersonLine:
    """A line of a list: its number counted from 1, a member's number, a name; either may be empty."""

    number: int
    member: str
    name: str


@dataclass
class EnrolLine:
    """A line of the dry run, with what is wrong."""

    line: PersonLine
    outcome: EnrolOutcome = EnrolOutcome.PLACE
    note: Message | None = None
    member: Member | None = None


@dataclass(frozen=True)
class EnrolRun:
    """Every line of a list, and what would become of it."""

    lines: list[EnrolLine]

    @property
    def counts(self) -> Counter[EnrolOutcome]:
        """How many lines have each outcome."""
        return Counter(line.outcome for line in self.lines)

    @property
    def seen(self) -> str:
        """What the officer was shown, as a digest: an enrolment that would do something else is refused."""
        shown = [(one.line.number, str(one.outcome), one.member.id if one.member else 0) for one in self.lines]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


def lines_of_text(text: str) -> list[PersonLine]:
    """People of a pasted text, one a line: a number, a name, or both in either order; or names with 、 between them.

    Raises:
        Invalid: nobody, or too many.
    """
    found: list[PersonLine] = []
    if len(text) > LONGEST_TEXT:
        return _counted(found)
    for number, raw in enumerate(text.splitlines(), 1):
        for one in people_of(_printable(tidy_text(raw, LONGEST_TEXT))):
            words = [word[:LONGEST_CELL] for word in words_of(one)]
            numbers = [word for word in words if is_number(word)]
            names = [word for word in words if not is_number(word)]
            if words:
                found.append(PersonLine(number, numbers[0] if numbers else "", names[0] if names else ""))
    return _counted(found)


def _printable(text: str) -> str:
    """Without characters that no name has and no database takes, such as NUL and lone surrogates."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def read_people_sheet(path: Path) -> list[PersonLine]:
    """People of an XLSX or CSV file; it is parsed by a confined process.

    Raises:
        Invalid: not a table, no column of numbers or names, nobody or too many, or a line that cannot be read.
    """
    with roster.open_table(path, HeadingQuery(offered=COLUMNS)) as table:
        places = roster.guess(COLUMNS, table.header)
        if not places:
            raise Invalid(fields={"file": msg("表里要有“党员编号”或者“姓名”这一列。")})
        found: list[PersonLine] = []
        for number, cells in table.rows:
            if number in table.faults:
                raise Invalid(fields={"file": table.faults[number]})
            if len(found) > MOST_LINES:
                break
            values = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
            member, name = (_printable(tidy_text(values.get(one, ""), LONGEST_CELL)).strip() for one in FIELDS)
            if member or name:
                found.append(PersonLine(number, member, name))
    return _counted(found)


def _counted(lines: list[PersonLine]) -> list[PersonLine]:
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid(fields={"people": msg("请给出 1 到 %(most)s 人，一行一人。", most=MOST_LINES)})
    return lines


def people_as_text(lines: Sequence[PersonLine]) -> str:
    """Lines as a form carries them from the dry run to the confirmation."""
    return json.dumps([[line.number, line.member, line.name] for line in lines], ensure_ascii=False)


def people_from_text(text: str) -> list[PersonLine]:
    """Lines of a form. They are checked again as if they had just come.

    Raises:
        Invalid: not what `people_as_text` wrote.
    """
    try:
        rows: Any = json.loads(text)
        lines = [PersonLine(int(number), member, name) for number, member, name in rows]
    except (ValueError, TypeError, RecursionError):
        lines = []
    cells = [cell for one in lines for cell in (one.member, one.name)]
    whole = all(isinstance(cell, str) and len(cell) <= LONGEST_CELL and cell.isprintable() for cell in cells)
    if not 1 <= len(lines) <= MOST_LINES or not whole:
        raise Invalid(fields={"people": msg("请重新给出名单。")})
    return lines


@dataclass
class _Known:
    by_number: dict[str, Member] = field(default_factory=dict)
    by_name: dict[str, Member] = field(default_factory=dict)
    namesakes: dict[str, int] = field(default_factory=dict)
    here: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)


def _read(tx: Tx, row: TrainingClass, lines: Sequence[PersonLine]) -> _Known:
    known = _Known()
    query = select(Member).options(joinedload(Member.organisation))
    numbers = sorted({line.member for line in lines if line.member})
    known.by_number = {one.number: one for one in tx.scalars(query.where(Member.number.in_(numbers)))}
    names = sorted({line.name for line in lines if line.name and not line.member})
    # Counted: a name may have more namesakes than anybody would read.
    namesakes = (
        select(Member.name, func.count(), func.min(Member.id))
        .where(Member.name.in_(names), people.is_present())
        .group_by(Member.name)
    )
    found = {name: (count, first) for name, count, first in tx.execute(namesakes)}
    known.namesakes = {name: count for name, (count, _first) in found.items()}
    alone = [first for count, first in found.values() if count == 1]
    known.by_name = {one.name: one for one in tx.scalars(query.where(Member.id.in_(alone)))}
    known.here = enrolment.present_members(tx, row)
    pending = enrolment.pending_applications(tx, row).values()
    known.waiting = {one.member_id for one in pending if one.state == ApplicationState.WAITING}
    return known


def check_people(tx: Tx, actor: Actor, row: TrainingClass, lines: Sequence[PersonLine]) -> EnrolRun:
    """What an enrolment would do, line by line; nothing is written. Six queries.

    Raises:
        Forbidden: the actor does not keep the classes.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    known = _read(tx, row, lines)
    free = enrolment.free_places(tx, row)
    found: list[EnrolLine] = []
    seen: set[int] = set()
    placed = 0
    for line in lines:
        checked = EnrolLine(line)
        checked.member, checked.note = _find(line, known)
        member = checked.member
        if member is None or checked.note is not None:
            checked.outcome = EnrolOutcome.BAD
        elif member.id in seen:
            checked.outcome, checked.note = EnrolOutcome.BAD, msg("和前面一行重复。")
        elif member.id in known.here | known.waiting:
            checked.outcome = EnrolOutcome.SAME
        elif free is not None and placed >= free:
            checked.outcome = EnrolOutcome.WAIT
        else:
            placed += 1
        if member is not None:
            seen.add(member.id)
        found.append(checked)
    return EnrolRun(found)


def _find(line: PersonLine, known: _Known) -> tuple[Member | None, Message | None]:
    if line.member:
        member = known.by_number.get(line.member)
        if member is None:
            return None, msg("没有编号 %(shown)s 的党员。", shown=line.member[:20])
        if line.name and line.name != member.name:
            return member, msg("编号 %(shown)s 是%(name)s，姓名对不上。", shown=line.member[:20], name=member.name)
        if member.status not in people.PRESENT_STATUSES:
            return member, msg("%(name)s已经不在册，不能进班。", name=member.name)
        return member, None
    if line.name in known.by_name:
        return known.by_name[line.name], None
    count = known.namesakes.get(line.name, 0)
    if not count:
        return None, msg("花名册里没有%(shown)s。", shown=line.name[:20])
    return None, msg("有 %(n)s 位%(shown)s，请改用党员编号。", n=count, shown=line.name[:20])


def enrol_people(
    tx: Tx, actor: Actor, row: TrainingClass, lines: Sequence[PersonLine], seen: str
) -> enrolment.Enrolled:
    """Enrol everybody whom the dry run showed, or nobody.

    Raises:
        Conflict: places or the register have changed since, so that another dry run says something else.
        Invalid: a line cannot be taken.
        Forbidden: the actor does not keep the classes.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    enrolment.lock_running(tx, row)
    run = check_people(tx, actor, row, lines)
    if run.seen != seen:
        raise Conflict(msg("核对之后名单或者座位有变化，请再看一遍结果。"))
    if run.counts[EnrolOutcome.BAD]:
        raise Invalid(fields={"people": msg("有的行还不能进班，请改好再核对；现在一个人也没有加。")})
    return enrolment.enrol_members(tx, actor, row, [one.member for one in run.lines if one.member is not None])
