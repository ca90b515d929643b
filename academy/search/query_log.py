"""What was searched and not found, by day; never who searched.

Counts are gathered in memory and written now and then: a search must not wait for the database's
one writer. What a killed process had gathered is lost, which an editor can live with.
"""

import datetime as dt
import re
import time
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from academy.core import clock
from academy.core.database import Database, Tx
from academy.core.paging import Page, page_of
from academy.search.models import QueryLog
from academy.search.results import Results

MOST, SECONDS = 50, 20.0
LONGEST = 80
# Numbers so long belong to a person or a telephone; nobody needs them in a log.
_PRIVATE = re.compile(r"\d{5,}|@")

_guard = Lock()
_gathered: dict[str, dict[tuple[dt.date, str], list[int]]] = {}
_written: dict[str, float] = {}


def record_query(db: Database, results: Results) -> None:
    """Count a question; write when there is something to write."""
    text = results.question.normal[:LONGEST]
    if results.question.is_empty or _PRIVATE.search(text):
        return
    place = str(db.url)
    with _guard:
        counts = _gathered.setdefault(place, {}).setdefault((clock.today(), text), [0, 0])
        counts[0] += 1
        counts[1] = 0 if results.relaxed else results.page.total
        due = len(_gathered[place]) >= MOST or time.monotonic() - _written.setdefault(place, time.monotonic()) > SECONDS
    if due:
        flush(db)


def flush(db: Database) -> None:
    """Write what was gathered."""
    with _guard:
        gathered = _gathered.pop(str(db.url), {})
        _written[str(db.url)] = time.monotonic()
    if not gathered:
        return
    insert = sqlite.insert if db.is_sqlite else postgresql.insert

    def write(tx: Tx) -> None:
        for (day, text), (times, found) in sorted(gathered.items()):
            statement = insert(QueryLog).values(day=day, text=text, times=times, found=found)
            tx.execute(
                statement.on_conflict_do_update(
                    index_elements=["day", "text"], set_={"times": QueryLog.times + times, "found": found}
                )
            )

    db.run_in_transaction(write)


@dataclass(frozen=True)
class MissedQuery:
    """A question, how often it was asked in the days looked at, and how many courses answered last."""

    text: str
    times: int
    found: int


def asked_page(tx: Tx, *, days: int = 30, missing: bool = True, number: int = 1, size: int = 50) -> Page[MissedQuery]:
    """What was asked most; `missing`: only what found nothing."""
    since = clock.today() - dt.timedelta(days=days)
    times, found = func.sum(QueryLog.times).label("times"), func.max(QueryLog.found).label("found")
    statement = select(QueryLog.text, times, found).where(QueryLog.day > since).group_by(QueryLog.text)
    if missing:
        statement = statement.having(func.sum(case((QueryLog.found > 0, 1), else_=0)) == 0)
    page = page_of(tx, statement.order_by(times.desc(), QueryLog.text), number, size)
    return Page([MissedQuery(*row) for row in page.rows], page.total, page.number, page.size)
