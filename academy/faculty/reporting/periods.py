"""Years and terms that can be reported."""

import datetime as dt
from collections.abc import Sequence

from academy.classes import api as classes
from academy.classes.models import TeachingTerm
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.faculty.reporting.lines import ReportPeriod


def report_periods(tx: Tx, today: dt.date) -> list[ReportPeriod]:
    """Terms and years that have begun, the newest first: the present term before the present year."""
    terms = [term for term in classes.list_terms(tx) if term.first_day <= today]
    years = sorted({today.year, *(term.first_day.year for term in terms)}, reverse=True)
    found = [_of_term(term) for term in terms] + [_of_year(year, terms) for year in years]
    return sorted(found, key=lambda one: (-one.first.year, one.key.isdigit(), -one.first.toordinal()))


def _of_term(term: TeachingTerm) -> ReportPeriod:
    name = Message("%(name)s", {"name": term.name})
    return ReportPeriod(term.public_id, name, term.first_day, term.last_day, [term])


def _of_year(year: int, terms: Sequence[TeachingTerm]) -> ReportPeriod:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    within = [term for term in terms if term.first_day <= last and term.last_day >= first]
    return ReportPeriod(str(year), msg("%(year)s 年", year=year), first, last, within)


def find_period(tx: Tx, key: str, today: dt.date) -> ReportPeriod:
    """The period of a key; of an empty one the term that runs or ended last, or the year where there is none.

    Raises:
        NotFound: there is none.
    """
    known = report_periods(tx, today)
    found = next((one for one in known if one.key == key or not key), None)
    if found is None:
        raise NotFound
    return found
