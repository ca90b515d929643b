"""The programme's lists as reports: for their pages and for files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.paging import Page
from academy.faculty import api as faculty
from academy.faculty.api import Inquiry, ProgrammeList
from academy.people.models import Organisation
from academy.reports.coverage import translator_of
from academy.reports.lists import PAGE
from academy.reports.tables import Report, ReportColumn, ReportRow, ReportTable, write

WIDTHS = {"text": 18, "day": 12}


def read_inquiry(tx: Tx, node: Organisation, asked: Mapping[str, Any]) -> Inquiry:
    """Period and day of a report about a node; unknown days ask for nothing.

    Raises:
        NotFound: there is no such period.
    """
    try:
        on = clock.read_day(str(asked.get("on") or ""))
    except ValueError:
        on = None
    return faculty.inquire(tx, node, str(asked.get("period") or ""), clock.today(), on)


def programme_table(
    found: ProgrammeList, asked: Inquiry, marks: list[str], page: int | None = None, size: int = PAGE
) -> Report:
    """The lines of a list that bear all of some marks; with `page`, that page only."""
    lines = faculty.select_lines(found.lines, marks)
    shown: Page[ReportRow] | None = None
    rows = [ReportRow(line.cells, None) for line in lines]
    if page is not None:
        number = min(max(1, page), max(1, -(-len(rows) // size)))
        part = slice((number - 1) * size, number * size)
        rows = [
            ReportRow(
                line.cells, (line.link[0], {"key": line.link[1], "lecture": line.lecture or ""}) if line.link else None
            )
            for line in lines[part]
        ]
        shown = Page(rows, len(lines), number, size)
    columns = [ReportColumn(one.label, one.kind, WIDTHS.get(one.kind, 10)) for one in found.columns]
    table = ReportTable(found.kind, found.title, columns, rows, shown)
    subject = f"{asked.scope.node.name} · {asked.period.name}"
    return Report(found.title, subject, found.definition, [table])


def marks_of(asked: Mapping[str, Any]) -> list[str]:
    """The marks in an address: `show` and `unit`."""
    marks = [mark for mark in str(asked.get("show") or "").split(",") if mark]
    return marks + ([f"unit-{asked['unit']}"] if asked.get("unit") else [])


def write_programme(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Write a list with all its rows; returns how many."""
    node = tx.scalars(select(Organisation).where(Organisation.public_id == params["organisation"])).one()
    asked = read_inquiry(tx, node, params)
    found = faculty.programme_list(tx, params["list"], asked)
    report = programme_table(found, asked, marks_of(params))
    return write(report, translator_of(params), params.get("format", "xlsx"), path, progress, len(found.lines))
