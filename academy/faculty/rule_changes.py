"""Dated rules: what each level owes, and the floor of the leaders' share. A change begins on a day; the past keeps its
rule."""

import datetime as dt

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.faculty.kinds import LecturerLevel
from academy.faculty.models import ObligationRule, ShareRule

FIRST = ((LecturerLevel.MUNICIPAL, 1, 90), (LecturerLevel.COUNTY_FIRST, 5, 365))
"""Level, years in which one lecture is owed, days before the due date at which it is due soon."""
FLOOR = 200
LEADING = (LecturerLevel.MUNICIPAL, LecturerLevel.COUNTY_FIRST, LecturerLevel.COUNTY)


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
