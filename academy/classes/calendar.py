"""Terms and holidays, with a preview of the evenings of the forum that a change moves."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from academy.classes import access, queries, rules
from academy.classes.kinds import HolidayKind
from academy.classes.models import Holiday, TeachingTerm
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.core.unique import unique_or

_TAKEN = msg("已经有这个名称的学期了。")


@dataclass(frozen=True)
class TermDates:
    """A term as a form has it."""

    name: str
    first: dt.date
    last: dt.date
    weekday: int
    minute: int


@dataclass(frozen=True)
class HolidayDates:
    """A holiday as a form has it."""

    name: str
    first: dt.date
    last: dt.date
    kind: HolidayKind


@dataclass(frozen=True)
class TermChange:
    """What a change of the calendar does to the evenings of one term."""

    term: TeachingTerm
    change: rules.ForumChange
    evenings: int
    """How many there are afterwards."""


def add_term(tx: Tx, actor: Actor, dates: TermDates) -> TeachingTerm:
    """Add a term.

    Raises:
        Invalid: no name or a taken one, days in the wrong order or too many, days of another term.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "terms:all")
    made = TeachingTerm(first_day=dates.first, last_day=dates.last)
    _set_term(tx, made, dates)
    record(tx, actor, "term.added", f"term:{made.public_id}")
    return made


def edit_term(tx: Tx, actor: Actor, term: TeachingTerm, dates: TermDates) -> None:
    """Change a term. Raises as `add_term`. Lectures that then lie outside keep their day; the page shows them."""
    access.require_school_office(actor, f"term:{term.public_id}")
    _set_term(tx, term, dates)
    record(
        tx, actor, "term.edited", f"term:{term.public_id}", first=dates.first.isoformat(), last=dates.last.isoformat()
    )


def _set_term(tx: Tx, term: TeachingTerm, dates: TermDates) -> None:
    kept = tidy_text(dates.name, rules.NAME_LENGTH + 1)
    wrong: dict[str, Message] = {}
    if not 1 <= len(kept) <= rules.NAME_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.NAME_LENGTH)
    if not dt.timedelta(days=6) <= dates.last - dates.first <= dt.timedelta(days=rules.LONGEST_TERM):
        wrong["last"] = msg("学期至少一周，最长 %(most)s 天。", most=rules.LONGEST_TERM)
    if not (0 <= dates.weekday <= 6 and 0 <= dates.minute < 24 * 60):
        wrong["minute"] = msg("请选星期和时间。")
    # All terms are locked: two that are added at once would not see each other's days.
    for other in tx.scalars(select(TeachingTerm).order_by(TeachingTerm.id).with_for_update()):
        if other.id != term.id and rules.overlaps(dates.first, dates.last, other.first_day, other.last_day):
            wrong.setdefault("first", msg("这段时间和“%(name)s”重叠。", name=other.name))
    if wrong:
        raise Invalid(fields=wrong)
    with unique_or(tx, Invalid(fields={"name": _TAKEN})):
        term.name, term.first_day, term.last_day = kept, dates.first, dates.last
        term.forum_weekday, term.forum_minute = dates.weekday, dates.minute
        tx.add(term)


def add_holiday(tx: Tx, actor: Actor, dates: HolidayDates) -> Holiday:
    """Add days that a notice declares off or working.

    Raises:
        Invalid: no name, days in the wrong order or too many.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "holidays:all")
    made = Holiday(name="", kind=dates.kind, first_day=dates.first, last_day=dates.last)
    _set_holiday(made, dates)
    tx.add(made)
    tx.flush()
    record(tx, actor, "holiday.added", f"holiday:{made.public_id}", first=dates.first.isoformat())
    return made


def edit_holiday(tx: Tx, actor: Actor, row: Holiday, dates: HolidayDates) -> None:
    """Change days off. Raises as `add_holiday`."""
    access.require_school_office(actor, f"holiday:{row.public_id}")
    was = row.first_day.isoformat()
    _set_holiday(row, dates)
    tx.flush()
    record(tx, actor, "holiday.edited", f"holiday:{row.public_id}", was=was, first=dates.first.isoformat())


def remove_holiday(tx: Tx, actor: Actor, row: Holiday) -> None:
    """Remove days off; they can be entered again."""
    access.require_school_office(actor, f"holiday:{row.public_id}")
    tx.delete(row)
    tx.flush()
    record(
        tx,
        actor,
        "holiday.removed",
        f"holiday:{row.public_id}",
        kind=row.kind,
        first=row.first_day.isoformat(),
        last=row.last_day.isoformat(),
    )


def _set_holiday(row: Holiday, dates: HolidayDates) -> None:
    check_holiday(dates)
    row.name = tidy_text(dates.name, rules.NAME_LENGTH)
    row.kind, row.first_day, row.last_day = dates.kind, dates.first, dates.last


def check_holiday(dates: HolidayDates) -> None:
    """Check days off before anything is shown or written.

    Raises:
        Invalid: no name, days in the wrong order or too many.
    """
    wrong = {}
    if not 1 <= len(tidy_text(dates.name, rules.NAME_LENGTH + 1)) <= rules.NAME_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.NAME_LENGTH)
    if not dt.timedelta() <= dates.last - dates.first < dt.timedelta(days=rules.LONGEST_HOLIDAY):
        wrong["last"] = msg("最后一天请填写第一天之后 %(most)s 天以内的日期。", most=rules.LONGEST_HOLIDAY)
    if wrong:
        raise Invalid(fields=wrong)


def preview_holiday(tx: Tx, row: Holiday | None, dates: HolidayDates | None) -> list[TermChange]:
    """Evenings that would move if `row` (None: a new one) had these dates (None: if it were removed).

    Terms without a change are left out.
    """
    found = []
    for term in queries.list_terms(tx):
        rows = queries.list_holidays(tx, term.first_day, term.last_day)
        before = [queries.span_of(one) for one in rows]
        after = [queries.span_of(one) for one in rows if row is None or one.id != row.id]
        if dates is not None:
            after.append(rules.CalendarSpan(dates.first, dates.last, dates.kind))
        days = [rules.forum_days(term.first_day, term.last_day, term.forum_weekday, spans) for spans in (before, after)]
        change = rules.forum_change(*days)
        if change.dropped or change.added:
            found.append(TermChange(term, change, len(days[1])))
    return found


def preview_term(tx: Tx, term: TeachingTerm, dates: TermDates) -> TermChange:
    """Evenings that would move if a term had these dates."""
    before = [one.day for one in queries.term_evenings(tx, term)]
    spans = queries.calendar_spans(tx, dates.first, dates.last)
    after = rules.forum_days(dates.first, dates.last, dates.weekday, spans)
    return TermChange(term, rules.forum_change(before, after), len(after))
