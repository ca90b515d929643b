"""Import of the pool: a dry run that accounts for every line, then all lines or none."""

import datetime as dt
import enum
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import access, particulars, pool, posts
from academy.faculty.kinds import LecturerLevel, PoolState
from academy.faculty.models import LecturerPost, PoolMembership
from academy.faculty.pool_columns import LEVEL_WORDS, LIST_MARK, STATE_WORDS, listed_words
from academy.faculty.pool_sheet import SheetLine
from academy.faculty.words import LEVEL_NAMES
from academy.library.models import Category, Lecturer
from academy.people import api as people
from academy.people.api import Unreadable
from academy.people.models import Member, Organisation


class LineOutcome(enum.StrEnum):
    """What becomes of a line: a new lecturer, another post of a known one, nothing new, or it cannot be taken."""

    NEW = "new"
    POST = "post"
    SAME = "same"
    BAD = "bad"


@dataclass
class CheckedLine:
    """A line of the dry run, with what is wrong or worth a look."""

    line: SheetLine
    outcome: LineOutcome = LineOutcome.NEW
    notes: list[Message] = field(default_factory=list)
    level: LecturerLevel = LecturerLevel.OTHER
    state: PoolState = PoolState.INVITED
    unit: Organisation | None = None
    since: dt.date | None = None
    subjects: list[str] = field(default_factory=list)
    """Slugs."""
    member: Member | None = None
    membership: PoolMembership | None = None


@dataclass(frozen=True)
class DryRun:
    """Every line of a file, and what would become of it."""

    lines: list[CheckedLine]

    @property
    def counts(self) -> Counter[LineOutcome]:
        """How many lines have each outcome."""
        return Counter(line.outcome for line in self.lines)

    @property
    def seen(self) -> str:
        """What the officer was shown, as a digest: an import that would do something else is refused."""
        shown = [(one.line.number, str(one.outcome), [str(note) for note in one.notes]) for one in self.lines]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


@dataclass
class _Known:
    """What lines refer to, read by a query for each kind."""

    units: dict[str, list[Organisation]]
    categories: dict[str, str]
    members: dict[str, Member]
    lecturers: dict[tuple[str, str], PoolMembership]
    names: set[str]
    posts: set[tuple[int, int, str]]


def _read(tx: Tx, lines: Sequence[SheetLine]) -> _Known:
    wanted = sorted({line.cells["unit"] for line in lines})
    units: dict[str, list[Organisation]] = {}
    open_nodes = select(Organisation).where(Organisation.closed_on.is_(None))
    for node in tx.scalars(open_nodes.where(or_(Organisation.code.in_(wanted), Organisation.name.in_(wanted)))):
        for text in {node.code, node.name}:
            units.setdefault(text, []).append(node)
    numbers = sorted({line.cells["member"] for line in lines if line.cells["member"]})
    pooled = select(PoolMembership, Lecturer).join(Lecturer, Lecturer.id == PoolMembership.lecturer_id)
    lecturers = {(person.name, person.office): row for row, person in tx.execute(pooled)}
    present = select(LecturerPost).where(LecturerPost.valid_to.is_(None))
    return _Known(
        units,
        {row.name: row.slug for row in tx.scalars(select(Category))},
        {row.number: row for row in tx.scalars(select(Member).where(Member.number.in_(numbers)))},
        lecturers,
        {name for name, _office in lecturers},
        {(row.lecturer_id, row.organisation_id, row.level) for row in tx.scalars(present)},
    )


def check_lines(tx: Tx, actor: Actor, lines: Sequence[SheetLine]) -> DryRun:
    """What an import would do, line by line; nothing is written. Six queries.

    Raises:
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "pool:all")
    known = _read(tx, lines)
    found: list[CheckedLine] = []
    seen: set[tuple[str, str, int, LecturerLevel]] = set()
    for line in lines:
        checked = _check(line, known)
        unit = checked.unit
        key = (line.cells["lecturer"], line.cells["office"], unit.id if unit else 0, checked.level)
        if checked.outcome is not LineOutcome.BAD and key in seen:
            checked.notes.append(msg("和前面一行重复。"))
            checked.outcome = LineOutcome.BAD
        seen.add(key)
        found.append(checked)
    return DryRun(found)


def _check(line: SheetLine, known: _Known) -> CheckedLine:
    cells, checked = line.cells, CheckedLine(line)
    try:
        name, office = pool.named(cells["lecturer"], cells["office"])
    except Invalid as error:
        checked.notes += error.fields.values()
        name = office = ""
    _check_post(checked, known)
    _check_particulars(checked, known)
    if checked.notes:
        checked.outcome = LineOutcome.BAD
        return checked
    checked.membership = known.lecturers.get((name, office))
    if checked.membership is not None and checked.unit is not None:
        held = (checked.membership.lecturer_id, checked.unit.id, str(checked.level)) in known.posts
        checked.outcome = LineOutcome.SAME if held else LineOutcome.POST
    elif name in known.names:
        checked.notes.append(msg("库里有同名的讲师，职务写法不同；如果是同一个人，请把职务写得一样。"))
    return checked


def _check_post(checked: CheckedLine, known: _Known) -> None:
    cells = checked.line.cells
    units = known.units.get(cells["unit"], [])
    if len(units) == 1:
        checked.unit = units[0]
    else:
        checked.notes.append(msg("没有找到单位“%(shown)s”，请填全称或组织代码。", shown=cells["unit"][:30]))
    if cells["level"] in LEVEL_WORDS:
        checked.level = LEVEL_WORDS[cells["level"]]
    else:
        checked.notes.append(
            msg("级别请写：%(names)s。", names=LIST_MARK.join(str(name) for name in LEVEL_NAMES.values()))
        )
    try:
        checked.since = people.read_date(cells["since"], today=clock.today())
    except Unreadable as error:
        checked.notes.append(error.reason)
    else:
        if checked.since is None:
            checked.notes.append(msg("没有写任职日期。"))
        elif checked.since < posts.EARLIEST:
            checked.notes.append(msg("任职日期太早：%(day)s。", day=checked.since))


def _check_particulars(checked: CheckedLine, known: _Known) -> None:
    cells = checked.line.cells
    if cells["pool_state"]:
        if cells["pool_state"] in STATE_WORDS:
            checked.state = STATE_WORDS[cells["pool_state"]]
        else:
            checked.notes.append(msg("在库状态请写：%(names)s。", names=LIST_MARK.join(STATE_WORDS)))
    for word in listed_words(cells["subjects"]):
        if word in known.categories:
            checked.subjects.append(known.categories[word])
        else:
            checked.notes.append(msg("没有“%(shown)s”这个方向。", shown=word[:20]))
    if cells["member"]:
        checked.member = known.members.get(cells["member"])
        if checked.member is None:
            checked.notes.append(msg("没有编号 %(shown)s 的党员。", shown=cells["member"][:20]))


def apply_lines(tx: Tx, actor: Actor, lines: Sequence[SheetLine], seen: str) -> DryRun:
    """Import all lines that the dry run showed, or none.

    Raises:
        Conflict: the pool has changed since, so that another dry run says something else.
        Invalid: a line cannot be taken.
        Forbidden: the actor does not run the programme.
    """
    run = check_lines(tx, actor, lines)
    if run.seen != seen:
        raise Conflict(msg("核对之后师资库有变化，请再看一遍结果。"))
    if run.counts[LineOutcome.BAD]:
        raise Invalid(fields={"file": msg("有的行还不能导入，请在表里改好再上传；现在一行也没有导入。")})
    made: dict[tuple[str, str], PoolMembership] = {}
    for one in run.lines:
        if one.outcome is not LineOutcome.SAME:
            _apply(tx, actor, one, made)
    counts = {str(outcome): number for outcome, number in run.counts.items()}
    record(tx, actor, "pool.imported", "pool:all", **counts)
    return run


def _apply(tx: Tx, actor: Actor, one: CheckedLine, made: dict[tuple[str, str], PoolMembership]) -> None:
    cells = one.line.cells
    if one.unit is None or one.since is None:  # such a line is bad
        return
    since = dt.date(one.since.year, one.since.month, one.since.day)
    key = cells["lecturer"], cells["office"]
    membership = one.membership or made.get(key)
    if membership is None:
        membership = pool.enter_lecturer(
            tx,
            actor,
            name=cells["lecturer"],
            office=cells["office"],
            unit=one.unit,
            level=one.level,
            since=since,
            state=one.state,
        )
    else:
        posts.add_post(tx, actor, membership, unit=one.unit, level=one.level, title=cells["office"], since=since)
    made[key] = membership
    if one.subjects:
        particulars.set_subjects(tx, actor, membership, one.subjects)
    if one.member is not None:
        particulars.link_member(tx, actor, membership, one.member)
