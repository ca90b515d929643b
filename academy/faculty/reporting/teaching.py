"""Lists of what was taught: parts of lectures with their class hours, and the leaders' share of each term."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty import rules
from academy.faculty.hours import ClassHourRow, TermShare, ledger_rows, share_rule_on, term_shares
from academy.faculty.ledger import NO_LEVEL, named_lecturers
from academy.faculty.models import LecturerPost, ProgrammeLecture
from academy.faculty.obligations import period_of
from academy.faculty.reporting.lines import (
    DAY,
    HOURS,
    SHARE,
    Inquiry,
    ListColumn,
    ProgrammeFigure,
    ProgrammeLine,
    ProgrammeList,
    figure,
    select_lines,
)
from academy.faculty.words import LEVEL_NAMES

MAIN, LEADER = "main", "leader"
GUEST = msg("库外讲师")
FORUM = msg("领导干部讲坛")
ON_HOURS = msg(
    "%(first)s 至 %(day)s 已登记授课的每一份课时；合讲的课只算一次，按申报的份额分。“领导干部”以各学期规则为准。"
)
ON_SHARES = msg("领导干部课时 ÷ 主体班课时，逐学期计算，不四舍五入；截至 %(day)s 已登记的授课。")


def _rows(tx: Tx, asked: Inquiry) -> list[ClassHourRow]:
    """Parts taught in the period by lecturers of the scope: those who held a post there on the lecture's day."""
    rows = [
        row
        for row in ledger_rows(tx, [term.id for term in asked.period.terms])
        if asked.period.has(row.day) and row.day <= asked.on
    ]
    if asked.scope.is_whole:
        return rows
    held = defaultdict(list)
    for post in tx.scalars(select(LecturerPost).where(asked.scope.posts())):
        held[post.lecturer_id].append(period_of(post))
    return [row for row in rows if any(one.has(row.day) for one in held[row.lecturer_id])]


def hour_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """Parts of lectures that were held, the oldest first."""
    rows = _rows(tx, asked)
    lectures = select(ProgrammeLecture).where(ProgrammeLecture.id.in_({row.lecture_id for row in rows}))
    known = {one.id: one for one in tx.scalars(lectures.options(joinedload(ProgrammeLecture.training_class)))}
    people = named_lecturers(tx, {row.lecturer_id for row in rows})
    leading = {}
    for term in asked.period.terms:
        rule = share_rule_on(tx, term.first_day)
        leading[term.id] = set(rule.levels) if rule else set()
    lines = []
    for row in rows:
        lecture, (person, _) = known[row.lecture_id], people[row.lecturer_id]
        marks = {row.level.value if row.level else NO_LEVEL}
        marks |= {MAIN} if row.is_main else set()
        marks |= {LEADER} if row.level in leading[row.term_id] else set()
        cells = (
            row.day,
            lecture.title,
            person.name,
            LEVEL_NAMES[row.level] if row.level else GUEST,
            lecture.training_class.name if lecture.training_class else FORUM,
            msg("主体班") if row.is_main else None,
            row.parts / rules.PARTS,
        )
        key, link = f"{lecture.public_id}/{person.public_id}", ("lecture", lecture.public_id)
        lines.append(ProgrammeLine(key, frozenset(marks), cells, link, lecture=lecture.public_id))
    columns = [
        *(ListColumn(msg("日期"), DAY), ListColumn(msg("题目")), ListColumn(msg("讲师")), ListColumn(msg("级别"))),
        *(ListColumn(msg("班次")), ListColumn(msg("是否主体班")), ListColumn(msg("课时"), HOURS)),
    ]
    figures = [
        _hours(lines, msg("全部课时")),
        _hours(lines, msg("主体班课时"), MAIN),
        _hours(lines, msg("主体班里领导干部课时"), MAIN, LEADER),
        *(_hours(lines, name, level.value) for level, name in LEVEL_NAMES.items()),
        _hours(lines, GUEST, NO_LEVEL),
    ]
    definition = Message(ON_HOURS.text, {"first": asked.period.first, "day": asked.on})
    return ProgrammeList("hours", definition, columns, lines, figures)


def _hours(lines: list[ProgrammeLine], label: Message, *marks: str) -> ProgrammeFigure:
    """The class hours of lines with these marks."""
    hours = sum(line.cells[-1] for line in select_lines(lines, marks) if isinstance(line.cells[-1], float))
    return figure(lines, label, *marks, value=Message("%(n)s", {"n": hours_text(hours)}))


def hours_text(hours: float) -> str:
    """Class hours to two decimals, without zeros at the end."""
    return f"{hours:,.2f}".rstrip("0").rstrip(".")


def shares_of(tx: Tx, asked: Inquiry) -> list[TermShare]:
    """The leaders' share of each term of the period, the newest first, by what was held up to the day."""
    return asked.once("shares", lambda: term_shares(tx, asked.period.terms, until=asked.on))


def _share(lines: list[ProgrammeLine], one: TermShare) -> ProgrammeFigure:
    """The share of one term."""
    value = Message("%(n)s", {"n": "—" if one.permille is None else f"{one.permille / 10:g}%"})
    label = Message("%(name)s", {"name": one.term.name})
    tone = "" if not one.whole or one.floor_permille is None else "good" if one.is_reached else "bad"
    return figure(lines, label, f"term-{one.term.public_id}", value=value, tone=tone)


def share_list(tx: Tx, asked: Inquiry) -> ProgrammeList:
    """One line a term."""
    found, lines = shares_of(tx, asked), []
    for one in found:
        if not one.whole:
            mark, word = "idle", msg("还没有授课")
        elif one.floor_permille is None:
            mark, word = "free", msg("没有规定")
        elif one.is_reached:
            mark, word = "reached", msg("达到")
        else:
            mark, word = "missed", msg("没有达到")
        floor = None if one.floor_permille is None else one.floor_permille / rules.WHOLE
        cells = (
            one.term.name,
            one.leaders / rules.PARTS,
            one.whole / rules.PARTS,
            None if one.permille is None else one.permille / rules.WHOLE,
            floor,
            word,
        )
        key = one.term.public_id
        lines.append(ProgrammeLine(key, frozenset({mark, f"term-{key}"}), cells, ("term", key)))
    columns = [
        *(ListColumn(msg("学期")), ListColumn(msg("领导干部课时"), HOURS), ListColumn(msg("主体班课时"), HOURS)),
        *(ListColumn(msg("占比"), SHARE), ListColumn(msg("底线"), SHARE), ListColumn(msg("结果"))),
    ]
    figures = [
        *(_share(lines, one) for one in found),
        figure(lines, msg("达到底线的学期"), "reached"),
        figure(lines, msg("没有达到的学期"), "missed", tone="bad"),
    ]
    definition = Message(ON_SHARES.text, {"day": asked.on})
    return ProgrammeList("shares", definition, columns, lines, figures)
