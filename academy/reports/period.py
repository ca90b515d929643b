"""Report of a quarter or a year: trainings, learners, completions and hours, by place and by group."""

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, join, literal, or_, select

from academy.core import clock, disclosure
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.coverage import api as coverage
from academy.learning.models import Completion, CreditHour
from academy.people import api as people
from academy.people.models import Exemption, Member, Membership, MemberTerm, Organisation
from academy.reports.tables import NUMBER, SHARE, Cell, Report, ReportColumn, ReportRow, ReportTable
from academy.trainings import api as trainings
from academy.trainings.api import Figures, TrainingState
from academy.trainings.models import Training

_PERIOD = re.compile(r"(20\d\d)(?:-Q([1-4]))?")
HELD = (TrainingState.OPEN, TrainingState.CLOSED, TrainingState.ARCHIVED)
NO_POST = "none"


@dataclasses.dataclass(frozen=True)
class Period:
    """A quarter or a year, up to today where it is not over."""

    key: str
    first: dt.date
    last: dt.date

    @property
    def label(self) -> Message:
        if "Q" in self.key:
            return msg("%(year)s 年第 %(quarter)s 季度", year=self.key[:4], quarter=self.key[-1])
        return msg("%(year)s 年", year=self.key)


def period(text: str) -> Period:
    """Parse ``2026`` or ``2026-Q3``.

    Raises:
        NotFound: neither, or it has not begun.
    """
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise NotFound
    year, quarter = int(found[1]), int(found[2] or 0)
    first = dt.date(year, 3 * quarter - 2 if quarter else 1, 1)
    month, after = (3 * quarter + 1, year) if quarter else (13, year)
    end = dt.date(after + 1, 1, 1) if month > 12 else dt.date(after, month, 1)
    if first > clock.today():
        raise NotFound
    return Period(text, first, min(end - dt.timedelta(days=1), clock.today()))


def recent_periods(count: int = 9) -> list[Period]:
    """This quarter and earlier ones, and their years; for choosing one."""
    today = clock.today()
    year, quarter = today.year, (today.month + 2) // 3
    keys: list[str] = []
    for _ in range(count):
        if str(year) not in keys:
            keys.append(str(year))
        keys.append(f"{year}-Q{quarter}")
        year, quarter = (year - 1, 4) if quarter == 1 else (year, quarter - 1)
    return [period(key) for key in keys]


@dataclasses.dataclass
class Count:
    """Activity of some members in a period."""

    members: int = 0
    exempt: int = 0
    learners: int = 0
    completions: int = 0
    minutes: int = 0
    people: tuple[int, int, int] = (0, 0, 0)
    """Fingerprints of the members, the exempt and the learners."""

    def cells(self) -> list[int | float | None]:
        """The cells of a row."""
        share = self.learners / self.members if self.members else None
        return [self.members, self.exempt, self.learners, share, self.completions, round(self.minutes / 60, 1)]


HEADS = (
    ReportColumn(msg("党员"), NUMBER, 10),
    ReportColumn(msg("免训"), NUMBER, 10),
    ReportColumn(msg("学完过课的人"), NUMBER, 12),
    ReportColumn(msg("占党员"), SHARE, 10),
)
COUNTED = (
    *HEADS,
    ReportColumn(msg("学完课次"), NUMBER, 12),
    ReportColumn(msg("学时"), NUMBER, 12),
)


def report(tx: Tx, node: Organisation, when: Period, language: str = "zh") -> Report:
    """The report of a node in a period; members are those who belonged to it on its last day."""
    total, by = _counts(tx, node, when)
    return Report(
        title=msg("学习情况 %(period)s", period=when.label),
        subject=node.name,
        definition=msg(
            "党员：%(last)s 当天在册的党员（含流动和免训）。学完过课的人：%(first)s 至 %(last)s 学完至少一门课的党员。"
            "各季度相加与全年不同：每段时间只算最后一天在册的人，之后转走的不算；几个季度都学过的人，全年只算一次。",
            first=when.first,
            last=when.last,
        ),
        figures=(
            (msg("党员"), total.members, msg("其中免训 %(n)s 人", n=total.exempt)),
            (msg("学完过课的人"), total.learners, ""),
            (msg("学完课次"), total.completions, ""),
            (msg("学时"), round(total.minutes / 60), msg("每 60 分钟记 1 学时")),
        ),
        tables=[
            _trainings(tx, node, when),
            _places(tx, node, by["place"], total),
            _grouped("sector", msg("按领域"), by["sector"], total, people.sector_names(tx, language)),
            _grouped("post", msg("按职务"), by["post"], total, {**people.POSTS, NO_POST: msg("无职务")}),
            _grouped("age", msg("按年龄"), by["age"], total, coverage.AGE_WORDS, ordered=True),
        ],
    )


def _counts(tx: Tx, node: Organisation, when: Period) -> tuple[Count, dict[str, dict[str, Count]]]:
    """All counts in one query: the total, and by place, sector, post and age band."""
    # A city has a hundred thousand groups: they are added up as plain numbers, twice and not five times each.
    homes: dict[int, list[int]] = {}
    persons: dict[tuple[str, str], list[int]] = {}
    for organisation, post, age, *numbers in tx.connection().execute(_statement(tx, node, when)):
        _add(homes, organisation, numbers)
        _add(persons, (post, age), numbers)
    place = {row.id: (_below(row.path, node.path), row.sector or "") for row in _here(tx, node, when.last)}
    sums: dict[str, dict[str, list[int]]] = {"total": {}, "place": {}, "sector": {}, "post": {}, "age": {}}
    for organisation, numbers in homes.items():
        below, sector = place.get(organisation, ("", ""))
        for name, key in (("total", ""), ("place", below), ("sector", sector)):
            _add(sums[name], key, numbers)
    for (post, age), numbers in persons.items():
        for name, key in (("post", post), ("age", age)):
            _add(sums[name], key, numbers)
    by = {name: {key: _counted(numbers) for key, numbers in found.items()} for name, found in sums.items()}
    return by["total"].get("", Count()), by


def _counted(numbers: Sequence[int]) -> Count:
    members, exempt, learners, completions, minutes, *prints = numbers
    return Count(members, exempt, learners, completions, minutes, (prints[0], prints[1], prints[2]))


def _add(sums: dict[Any, list[int]], key: object, numbers: Sequence[int | None]) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = [int(number or 0) for number in numbers]
    else:
        for i, number in enumerate(numbers):
            if number:
                known[i] += int(number)


def _here(tx: Tx, node: Organisation, day: dt.date) -> Any:
    query = select(Organisation.id, Organisation.path, Organisation.sector)
    return tx.execute(query.where(or_(trainings.lies_inside(tx, node, day), people.subtree(node.path))))


def _below(path: str, above: str) -> str:
    """The row id of the child of `above` on a path; blank for the node itself."""
    return path[len(above) :].split("/", 1)[0] if path.startswith(above) else ""


def _statement(tx: Tx, node: Organisation, when: Period) -> Any:
    start, end = clock.day_bounds(when.first)[0], clock.day_bounds(when.last)[1]
    here = select(Organisation.id).where(trainings.lies_inside(tx, node, when.last))
    belonging = (Membership.organisation_id.in_(here), _holds(Membership, when.last))
    # The whole city is 180,000 look-ups: quick where a member's rows are clustered, as in SQLite.
    whole = node.parent_id is None and tx.get_bind().dialect.name == "postgresql"
    source, courses, minutes = (_of_all_members if whole else _of_each_member)(start, end)
    excused = exists().where(Exemption.member_id == Membership.member_id, people.exempt_on(when.last))
    position = and_(MemberTerm.member_id == Membership.member_id, MemberTerm.what == "position")
    rows = (
        select(
            Membership.organisation_id.label("place"),
            func.coalesce(MemberTerm.kind, literal(NO_POST)).label("post"),
            coverage.age_key(when.last).label("age"),
            case((excused, 1), else_=0).label("excused"),
            disclosure.fingerprint(Membership.member_id).label("who"),
            courses.label("courses"),
            minutes.label("minutes"),
        )
        .select_from(source)
        .join(Member, Member.id == Membership.member_id)
        .outerjoin(MemberTerm, and_(position, _holds(MemberTerm, when.last)))
        .where(*belonging)
        .cte("members_of_it")
        # Otherwise SQLite looks up each member's completions again for every sum.
        .prefix_with("MATERIALIZED")
    )
    key = (rows.c.place, rows.c.post, rows.c.age)
    learners = func.count(func.nullif(rows.c.courses, 0))
    sums = [func.sum(rows.c.excused), learners, func.sum(rows.c.courses), func.sum(rows.c.minutes)]
    learner = case((rows.c.courses > 0, rows.c.who), else_=0)
    sums += [func.sum(who) for who in (rows.c.who, rows.c.excused * rows.c.who, learner)]
    return select(*key, func.count(), *sums).group_by(*key)


def _is_between(instant: Any, start: dt.datetime, end: dt.datetime) -> ColumnElement[bool]:
    return and_(instant >= start, instant < end)


def _of_each_member(start: dt.datetime, end: dt.datetime) -> tuple[Any, Any, Any]:
    """Completions and hours of each member, by correlated look-ups."""
    mine = (Completion.member_id == Membership.member_id, _is_between(Completion.completed_at, start, end))
    earned = (CreditHour.member_id == Membership.member_id, _is_between(CreditHour.earned_at, start, end))
    courses = select(func.count()).select_from(Completion).where(*mine).correlate(Membership).scalar_subquery()
    minutes = select(func.sum(CreditHour.minutes)).where(*earned).correlate(Membership).scalar_subquery()
    return Membership, courses, minutes


def _of_all_members(start: dt.datetime, end: dt.datetime) -> tuple[Any, Any, Any]:
    """The same aggregated first and then joined."""
    done = (
        select(Completion.member_id, func.count().label("courses"))
        .where(_is_between(Completion.completed_at, start, end))
        .group_by(Completion.member_id)
        .subquery()
    )
    hours = (
        select(CreditHour.member_id, func.sum(CreditHour.minutes).label("minutes"))
        .where(_is_between(CreditHour.earned_at, start, end))
        .group_by(CreditHour.member_id)
        .subquery()
    )
    source = join(Membership, done, done.c.member_id == Membership.member_id, isouter=True)
    source = source.join(hours, hours.c.member_id == Membership.member_id, isouter=True)
    return source, done.c.courses, hours.c.minutes


def _holds(model: Any, day: dt.date) -> Any:
    return and_(model.valid_from <= day, or_(model.valid_to.is_(None), model.valid_to > day))


def _trainings(tx: Tx, node: Organisation, when: Period) -> ReportTable:
    above = [int(part) for part in node.path.strip("/").split("/")]
    held = tx.scalars(
        select(Training)
        .where(
            Training.state.in_(HELD),
            Training.opens_on <= when.last,
            Training.closes_on >= when.first,
            or_(
                Training.organisation_id.in_(above),
                Training.organisation_id.in_(select(Organisation.id).where(people.subtree(node.path))),
            ),
        )
        .order_by(Training.opens_on, Training.id)
        .limit(200)
    ).all()
    day = when.last if when.last < clock.today() else None
    counted = trainings.figures_of(tx, [t.id for t in held], [node.id], day) if held else {}
    lines = []
    for training in held:
        f = counted.get((training.id, node.id), Figures())
        if f.due or f.exempt:
            cells: list[Cell] = [
                training.title,
                f.due,
                f.exempt,
                f.started,
                f.share_started,
                f.completed,
                f.share_completed,
            ]
            values = {"training": training.public_id, "organisation": node.public_id}
            bar = f.completed * 100 / f.due if f.due else None
            lines.append(ReportRow(cells, ("trainings.coverage", values), bar))
    columns = [
        ReportColumn(msg("培训"), width=34),
        ReportColumn(msg("应训"), NUMBER, 10),
        ReportColumn(msg("免训"), NUMBER, 10),
    ]
    columns += [ReportColumn(msg("已参学"), NUMBER, 10), ReportColumn(msg("参学率"), SHARE, 10)]
    columns += [ReportColumn(msg("已完成"), NUMBER, 10), ReportColumn(msg("完成率"), SHARE, 10)]
    return ReportTable("trainings", msg("各次培训"), columns, lines, note=msg("截至这段时间的最后一天。"), chart=True)


def _places(tx: Tx, node: Organisation, found: Mapping[str, Count], total: Count) -> ReportTable:
    ids = [int(key) for key in found if key]
    nodes = tx.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.code)).all()
    lines = []
    for one in nodes:
        counted = found[str(one.id)]
        values = {"organisation": one.public_id}
        lines.append(ReportRow([one.name, *counted.cells()], ("reporting.show", values), _bar(counted)))
    if "" in found:
        lines.append(ReportRow([msg("本级直属党员"), *found[""].cells()]))
    lines.append(ReportRow([msg("合计"), *total.cells()], total=True))
    columns = [ReportColumn(msg("党组织"), width=34), *COUNTED]
    return ReportTable("places", msg("按党组织"), columns, lines, chart=True)


def _grouped(
    key: str,
    title: Message,
    found: Mapping[str, Count],
    total: Count,
    words: Mapping[str, Message | str],
    *,
    ordered: bool = False,
) -> ReportTable:
    """Groups of people, the largest first, released by the common rule (`core.disclosure`).

    Only numbers of people: one person may have any number of courses and hours, which the noise does not cover.
    """
    lines = []
    for name in {"": None, **dict.fromkeys(words)}:
        one = found.get(name, Count())
        numbers = zip((one.members, one.exempt, one.learners), total.people, strict=True)
        shown = disclosure.release(f"{key}={name}", one.members, list(numbers))
        if shown is None and not name:
            continue
        label = words.get(name, name) if name else msg("未填写")
        if shown is None:
            lines.append((0, name, ReportRow([label, *["*"] * len(HEADS)])))
        else:
            members, exempt, learners = shown[0], min(shown[:2]), min(shown[0], shown[2])
            heads = Count(members, exempt, learners)
            lines.append((members, name, ReportRow([label, *heads.cells()[: len(HEADS)]], bar=_bar(heads))))
    lines.sort(key=lambda line: line[1] if ordered else (-line[0], line[1]))
    columns = [ReportColumn(msg("类别"), width=34), *HEADS]
    return ReportTable(key, title, columns, [line for *_, line in lines], note=coverage.BLURRED_NOTE, chart=True)


def _bar(counted: Count) -> float | None:
    return counted.learners * 100 / counted.members if counted.members else None
