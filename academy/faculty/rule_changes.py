"""Dated rules: what each level owes, and the floor of the leaders' share. A change begins on a day; the past keeps its
rule."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import unique_or
from academy.faculty import access, obligations, rules
from academy.faculty.kinds import LecturerLevel
from academy.faculty.materials.clearance import seed_material_rule
from academy.faculty.models import ObligationRule, PoolMembership, ShareRule
from academy.faculty.rules import ObligationState

FIRST = ((LecturerLevel.MUNICIPAL, 1, 90), (LecturerLevel.COUNTY_FIRST, 5, 365))
"""Level, years in which one lecture is owed, days before the due date at which it is due soon."""
FLOOR = 200
LEADING = (LecturerLevel.MUNICIPAL, LecturerLevel.COUNTY_FIRST, LecturerLevel.COUNTY)
_JUST_CHANGED = msg("规则刚刚被别人改过，请刷新页面。")
AHEAD = dt.timedelta(days=366)
MOST_LECTURES, MOST_YEARS, MOST_TENTHS, MOST_SOON = 50, 10, 160, 366


@dataclass(frozen=True)
class RuleTerms:
    """A level's rule as a form has it; see `ObligationRule`."""

    level: LecturerLevel
    lectures: int
    years: int
    tenths_each: int
    soon_days: int
    counts_from: dt.date
    valid_from: dt.date

    @property
    def demand(self) -> rules.Demand:
        """What it asks for."""
        return rules.Demand(self.level, self.lectures, self.years, self.tenths_each, self.soon_days, self.counts_from)


@dataclass(frozen=True)
class RuleEffect:
    """A lecturer whose obligation another rule changes: state and due date before and after; None where nothing is
    owed."""

    membership: PoolMembership | None
    before: rules.Assessment | None
    after: rules.Assessment | None


def seed_rules(tx: Tx) -> None:
    """Create the initial rules, counted from this year on: two class hours once a year for municipal leaders, once in
    five years for first leaders of counties, a floor of 20 %. Where there are rules already, nothing is changed."""
    first = dt.date(clock.today().year, 1, 1)
    if tx.scalar(select(ObligationRule.id).limit(1)) is None:
        tx.add_all(
            ObligationRule(level=level, years=years, soon_days=soon, counts_from=first, valid_from=first)
            for level, years, soon in FIRST
        )
    if tx.scalar(select(ShareRule.id).limit(1)) is None:
        tx.add(ShareRule(floor_permille=FLOOR, levels=[str(level) for level in LEADING], valid_from=first))
    tx.flush()
    seed_material_rule(tx)


def list_rules(tx: Tx) -> Sequence[ObligationRule]:
    """All rules by level, the newest first."""
    found = tx.scalars(select(ObligationRule).order_by(ObligationRule.valid_from.desc())).all()
    return sorted(found, key=lambda row: rules.LEVELS.index(LecturerLevel(row.level)))


def list_floors(tx: Tx) -> Sequence[ShareRule]:
    """All floors of the leaders' share, the newest first."""
    return tx.scalars(select(ShareRule).order_by(ShareRule.valid_from.desc())).all()


def preview_rule(tx: Tx, terms: RuleTerms) -> list[RuleEffect]:
    """Whose obligations would change on the first day of a rule (or today, if that is later). Seven queries.

    Raises:
        Invalid: as `change_rule`.
    """
    _check(terms, _open_rule(tx, terms.level))
    on = max(terms.valid_from, clock.today())
    records = obligations.read_records(tx, on)
    present = obligations.demands_on(tx, on).get(terms.level)
    known = {
        row.lecturer_id: row for row in tx.scalars(select(PoolMembership).options(joinedload(PoolMembership.lecturer)))
    }
    found = []
    for lecturer_id in sorted(records.posts):
        held = [obligations.period_of(post) for post in records.posts[lecturer_id] if post.level == terms.level]
        rests, taught = records.rests.get(lecturer_id, []), records.taught.get(lecturer_id, [])
        before = rules.assess(present, held, rests, taught, on) if present else None
        after = rules.assess(terms.demand, held, rests, taught, on)
        if _standing(before) != _standing(after):
            found.append(RuleEffect(known.get(lecturer_id), before, after))
    return found


def _standing(one: rules.Assessment | None) -> tuple[ObligationState, dt.date | None] | None:
    return (one.state, one.due_on) if one else None


def change_rule(tx: Tx, actor: Actor, terms: RuleTerms) -> ObligationRule:
    """Put another rule of a level into force on a day; the present one ends on it.

    Raises:
        Invalid: a figure out of range, or days that do not fit the present rule.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "rules:all")
    present = _open_rule(tx, terms.level, lock=True)
    _check(terms, present)
    if present is not None:
        present.valid_to = terms.valid_from
        tx.flush()
    made = ObligationRule(
        level=terms.level,
        lectures=terms.lectures,
        years=terms.years,
        tenths_each=terms.tenths_each,
        soon_days=terms.soon_days,
        counts_from=terms.counts_from,
        valid_from=terms.valid_from,
        entered_by=actor.account_id,
    )
    with unique_or(tx, Invalid(fields={"valid_from": _JUST_CHANGED})):
        tx.add(made)
    record(
        tx,
        actor,
        "obligation_rule.changed",
        f"rule:{made.public_id}",
        level=terms.level,
        lectures=terms.lectures,
        years=terms.years,
        since=terms.valid_from.isoformat(),
    )
    return made


def _open_rule(tx: Tx, level: LecturerLevel, *, lock: bool = False) -> ObligationRule | None:
    query = select(ObligationRule).where(ObligationRule.level == level, ObligationRule.valid_to.is_(None))
    return tx.scalar(query.with_for_update() if lock else query)


def _check(terms: RuleTerms, present: ObligationRule | None) -> None:
    wrong: dict[str, Message] = {}
    ranges = {
        "lectures": (terms.lectures, 1, MOST_LECTURES),
        "years": (terms.years, 1, MOST_YEARS),
        "soon_days": (terms.soon_days, 0, MOST_SOON),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            wrong[name] = msg("请填写 %(least)s 到 %(most)s 之间的整数。", least=least, most=most)
    if not 1 <= terms.tenths_each <= MOST_TENTHS:
        wrong["hours"] = msg("课时请填写 0.1 到 %(most)s 之间的数。", most=MOST_TENTHS // 10)
    if present is not None and terms.valid_from <= present.valid_from:
        wrong["valid_from"] = msg("请填写现行规则生效日期（%(day)s）之后的日期。", day=present.valid_from)
    elif terms.valid_from > clock.today() + AHEAD:
        wrong["valid_from"] = msg("请填写一年以内的日期。")
    if terms.counts_from > terms.valid_from:
        wrong["counts_from"] = msg("计算起点不能晚于生效日期。")
    if wrong:
        raise Invalid(fields=wrong)


def change_floor(tx: Tx, actor: Actor, permille: int, valid_from: dt.date) -> ShareRule:
    """Put another floor of the leaders' share into force, for terms that begin on a day or later.

    Raises:
        Invalid: a share out of range, or a day that does not follow the present rule's.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, "rules:all")
    present = tx.scalar(select(ShareRule).where(ShareRule.valid_to.is_(None)).with_for_update())
    wrong = {}
    if not 0 <= permille <= rules.WHOLE:
        wrong["floor"] = msg("请填写 0 到 100 之间的数。")
    if present is not None and valid_from <= present.valid_from:
        wrong["valid_from"] = msg("请填写现行规则生效日期（%(day)s）之后的日期。", day=present.valid_from)
    if wrong:
        raise Invalid(fields=wrong)
    levels = list(present.levels) if present is not None else [str(level) for level in LEADING]
    if present is not None:
        present.valid_to = valid_from
    made = ShareRule(floor_permille=permille, levels=levels, valid_from=valid_from, entered_by=actor.account_id)
    with unique_or(tx, Invalid(fields={"valid_from": _JUST_CHANGED})):
        tx.add(made)
    record(tx, actor, "share_rule.changed", f"rule:{made.id}", permille=permille, since=valid_from.isoformat())
    return made
