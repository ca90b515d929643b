"""Lists of what is owed and of the pool: obligations, units, lecturers, subjects."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty import obligations, rules
from academy.faculty.kinds import LecturerLevel, PoolState
from academy.faculty.models import LecturerPost, LecturerSubject, PoolMembership
from academy.faculty.queries import PoolRow, UnitObligations, held_on, pool_rows, units_owing
from academy.faculty.reporting.lines import (
    DAY,
    NUMBER,
    Cell,
    Inquiry,
    ListColumn,
    ProgrammeFigure,
    ProgrammeLine,
    ProgrammeList,
    figure,
)
from academy.faculty.rules import ObligationState
from academy.faculty.words import LEVEL_NAMES, OBLIGATION_NAMES, POOL_STATE_NAMES
from academy.library import api as library
from academy.people.models import Organisation

TAUGHT, SILENT, NEVER = "taught", "silent", "never"
COVERED, BARE = "covered", "bare"
STATES = tuple(ObligationState)
TONES = {ObligationState.OVERDUE: "bad", ObligationState.SOON: "warn", ObligationState.MET: "good"}
ON = msg("截至 %(day)s 的情况，按授课记录、职务和规则算出。一人任两级职务的，两项任务各算一项。")
ON_UNITS = msg("每个单位一行，数字是“授课任务”名单里该单位的行数。截至 %(day)s。")
ON_POOL = msg(
    "%(day)s 在库的讲师，下级单位只列当日在那里任职的；“本期授课”指 %(first)s 以来讲过课并已登记，"
    "“本期没讲”指在库而没有，“从未授课”指至今没有任何授课登记。"
)
ON_POOL_UNITS = msg("有在库讲师任职的单位每个一行，数字是“师资库覆盖”名单里该单位的行数。截至 %(day)s。")
ON_SUBJECTS = msg("每个课程类别一行：%(day)s 在库、登记能讲这一类的讲师人数。")


def unit_mark(public_id: str) -> str:
    """The mark of lines about a unit."""
    return f"unit-{public_id}"


def _units(tx: Tx, asked: Inquiry) -> list[UnitObligations]:
    return asked.once("units", lambda: units_owing(tx, asked.scope.posts(), asked.on))


def owed_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Every obligation, the most pressing of each unit first."""
    lines = []
    for unit in _units(tx, asked):
        for member, one in unit.obligations:
            found = one.assessment
            cells = (
                member.lecturer.name if member else msg("不在师资库里"),
                unit.unit.name,
                one.post.title,
                LEVEL_NAMES[found.demand.level],
                OBLIGATION_NAMES[found.state],
                found.due_on,
                found.done,
                found.demand.lectures,
                found.counted[-1].day if found.counted else None,
            )
            marks = frozenset({found.state.value, unit_mark(unit.unit.public_id), found.demand.level.value})
            link = ("lecturer", member.public_id) if member else None
            lines.append(ProgrammeLine(f"{one.post.public_id}/{found.demand.level}", marks, cells, link))
    columns = [
        *(ListColumn(msg("讲师")), ListColumn(msg("单位")), ListColumn(msg("职务")), ListColumn(msg("级别"))),
        *(ListColumn(msg("情况")), ListColumn(msg("到期"), DAY), ListColumn(msg("已讲"), NUMBER)),
        *(ListColumn(msg("应讲"), NUMBER), ListColumn(msg("最近一次授课"), DAY)),
    ]
    figures = [figure(lines, OBLIGATION_NAMES[state], state.value, tone=TONES.get(state, "")) for state in STATES]
    return ProgrammeList("owed", _dated(ON, asked), columns, lines, figures)


def unit_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """One line a unit with its numbers of obligations, for the yearly appraisal."""
    lines = []
    for unit in _units(tx, asked):
        counts = unit.counts
        marks = {"late"} if counts[ObligationState.OVERDUE] else {"clean"}
        cells: list[Cell] = [unit.unit.name, len(unit.obligations), *(counts[state] for state in STATES)]
        lines.append(
            ProgrammeLine(unit.unit.public_id, frozenset(marks), cells, ("unit", unit.unit.public_id)),
        )
    columns = [
        ListColumn(msg("单位")),
        ListColumn(msg("任务数"), NUMBER),
        *(ListColumn(OBLIGATION_NAMES[state], NUMBER) for state in STATES),
    ]
    figures = [
        figure(lines, msg("单位")),
        figure(lines, msg("有逾期的单位"), "late", tone="bad"),
        figure(lines, msg("没有逾期的单位"), "clean"),
    ]
    return ProgrammeList("units", _dated(ON_UNITS, asked), columns, lines, figures)


def _dated(text: Message, asked: Inquiry) -> Message:
    return Message(text.text, {"day": asked.on, "first": asked.period.first})


def _members(tx: Tx, asked: Inquiry) -> Sequence[PoolMembership]:
    query = select(PoolMembership).options(joinedload(PoolMembership.lecturer)).order_by(PoolMembership.id)
    if not asked.scope.is_whole:
        # Of the day, as the units that count them: who left may be another node's, who is to come is not here yet.
        inside = select(LecturerPost.lecturer_id).where(asked.scope.posts(), held_on(asked.on))
        query = query.where(PoolMembership.lecturer_id.in_(inside))
    return tx.scalars(query).all()


@dataclass(frozen=True)
class _Taught:
    """A lecturer who is confirmed in the pool on the day."""

    row: PoolRow
    inside: int
    """Lectures of the period up to the day."""
    days: Sequence[dt.date]
    """All lectures up to the day, the newest last."""

    @property
    def marks(self) -> set[str]:
        return {TAUGHT if self.inside else SILENT, *([] if self.days else [NEVER])}


def _confirmed(tx: Tx, asked: Inquiry) -> list[_Taught]:
    return asked.once("pool", lambda: _read_confirmed(tx, asked))


def _read_confirmed(tx: Tx, asked: Inquiry) -> list[_Taught]:
    days = defaultdict(list)
    for lecturer_id, _lecture, day, _tenths, _share in tx.execute(obligations.held_lectures(asked.on)):
        days[lecturer_id].append(day)
    found = []
    for row in pool_rows(tx, _members(tx, asked), asked.on):
        if row.state == PoolState.CONFIRMED:
            taught = sorted(days[row.membership.lecturer_id])
            found.append(_Taught(row, sum(asked.period.has(day) for day in taught), taught))
    return found


def pool_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Lecturers who are confirmed in the pool on the day: who taught in the period, who did not, who never has."""
    lines = []
    for one in _confirmed(tx, asked):
        posts = one.row.posts
        level = min((post.level for post in posts), key=rules.LEVELS.index, default="")
        marks = one.marks | ({level} if level else set()) | {unit_mark(post.organisation.public_id) for post in posts}
        cells = (
            one.row.membership.lecturer.name,
            "、".join(post.organisation.name for post in posts),
            LEVEL_NAMES[LecturerLevel(level)] if level else msg("没有现任职务"),
            POOL_STATE_NAMES[one.row.state],
            "、".join(one.row.subjects),
            *(one.inside, len(one.days), one.days[-1] if one.days else None),
        )
        key = one.row.membership.public_id
        lines.append(ProgrammeLine(key, frozenset(marks), cells, ("lecturer", key)))
    columns = [
        *(ListColumn(msg("讲师")), ListColumn(msg("单位")), ListColumn(msg("级别")), ListColumn(msg("情况"))),
        *(ListColumn(msg("能讲")), ListColumn(msg("本期次数"), NUMBER), ListColumn(msg("累计次数"), NUMBER)),
        ListColumn(msg("最近一次授课"), DAY),
    ]
    figures = [*_pool_figures(lines), *(figure(lines, name, level.value) for level, name in LEVEL_NAMES.items())]
    return ProgrammeList("pool", _dated(ON_POOL, asked), columns, lines, figures)


def _pool_figures(lines: Sequence[ProgrammeLine]) -> list[ProgrammeFigure]:
    return [
        figure(lines, msg("在库")),
        figure(lines, msg("本期授课"), TAUGHT, tone="good"),
        figure(lines, msg("本期没讲"), SILENT, tone="warn"),
        figure(lines, msg("从未授课"), NEVER, tone="warn"),
    ]


def pool_unit_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """One line a unit: its lecturers in the pool, and how many of them taught. Who has posts in two units counts in
    each."""
    inside = set(tx.scalars(select(LecturerPost.id).where(asked.scope.posts())))
    units: dict[str, Organisation] = {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in _confirmed(tx, asked):
        own = {post.organisation.public_id: post.organisation for post in one.row.posts if post.id in inside}
        units |= own
        for key in own:
            counts[key].update({"all", *one.marks})
    lines = []
    for key, unit in sorted(units.items(), key=lambda pair: pair[1].code):
        found = counts[key]
        cells = (unit.name, found["all"], found[TAUGHT], found[SILENT], found[NEVER])
        mark = TAUGHT if found[TAUGHT] else SILENT
        lines.append(ProgrammeLine(key, frozenset({mark}), cells, ("pool", key)))
    columns = [
        *(ListColumn(msg("单位")), ListColumn(msg("在库"), NUMBER), ListColumn(msg("本期授课"), NUMBER)),
        *(ListColumn(msg("本期没讲"), NUMBER), ListColumn(msg("从未授课"), NUMBER)),
    ]
    figures = [
        figure(lines, msg("有人授课的单位"), TAUGHT, tone="good"),
        figure(lines, msg("无人授课的单位"), SILENT, tone="warn"),
    ]
    return ProgrammeList("pool_units", _dated(ON_POOL_UNITS, asked), columns, lines, figures)


def subject_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Categories of the library with how many lecturers of the pool teach them."""
    present = {one.row.membership.lecturer_id for one in _confirmed(tx, asked)}
    counts: Counter[int] = Counter()
    for category_id, lecturer_id in tx.execute(select(LecturerSubject.category_id, LecturerSubject.lecturer_id)):
        counts[category_id] += lecturer_id in present
    lines = [
        ProgrammeLine(
            one.slug,
            frozenset({COVERED if counts[one.id] else BARE}),
            (one.name, counts[one.id]),
            ("subject", one.slug),
        )
        for one in library.list_categories(tx)
    ]
    columns = [ListColumn(msg("课程类别")), ListColumn(msg("讲师人数"), NUMBER)]
    figures = [
        figure(lines, msg("有讲师的类别"), COVERED),
        figure(lines, msg("没有讲师的类别"), BARE, tone="warn"),
    ]
    return ProgrammeList("subjects", _dated(ON_SUBJECTS, asked), columns, lines, figures)
