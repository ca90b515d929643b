"""Search statistics by day: queries and queries without results; never who searched.

Counts are gathered in memory and written occasionally: a search must not wait for the database's writer. Counts of a
killed process are lost, which is acceptable.
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
# Numbers of this length are probably personal (a phone, a member number) and are not logged.
_PRIVATE = re.compile(r"\d{5,}|@")

_guard = Lock()
_gathered: dict[str, dict[tuple[dt.date, str], list[int]]] = {}
_written: dict[str, float] = {}


def record_query(db: Database, results: Results) -> None:
    """Count a query; write when it is time."""
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
        flush_query_log(db)


def flush_query_log(db: Database) -> None:
    """Write the gathered counts."""
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
    """A query, how often it was made in the period, and how many courses matched last."""

    text: str
    times: int
    found: int


def asked_queries(
    tx: Tx, *, days: int = 30, missing: bool = True, number: int = 1, size: int = 50
) -> Page[MissedQuery]:
    """The most frequent queries; `missing`: only those without results."""
    since = clock.today() - dt.timedelta(days=days)
    times, found = func.sum(QueryLog.times).label("times"), func.max(QueryLog.found).label("found")
    statement = select(QueryLog.text, times, found).where(QueryLog.day > since).group_by(QueryLog.text)
    if missing:
        statement = statement.having(func.sum(case((QueryLog.found > 0, 1), else_=0)) == 0)
    page = page_of(tx, statement.order_by(times.desc(), QueryLog.text), number, size)
    return Page([MissedQuery(*row) for row in page.rows], page.total, page.number, page.size)
