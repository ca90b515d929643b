"""Builds a report from its name and parameters, for the page and for the file."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.people.models import Organisation
from academy.reports import lists, period, quality
from academy.reports.coverage import translator_of
from academy.reports.tables import Report, write

REPORT_TITLES: dict[str, Message] = {
    "period": msg("季度和年度"),
    "secretaries": msg("新任书记"),
    "floating": msg("流动党员"),
    "exemptions": msg("免训情况"),
    "quality": msg("数据质量"),
}


def build_report(tx: Tx, kind: str, node: Organisation, asked: Mapping[str, Any], page: int | None = None) -> Report:
    """A report about a node; with `page`, long lists contain that page only.

    Raises:
        NotFound: there is no such report or period.
    """
    if kind == "period":
        when = period.period(str(asked.get("period") or period.recent_periods(1)[-1].key))
        return period.report(tx, node, when, str(asked.get("language", "zh")))
    if kind == "secretaries":
        return lists.secretaries(tx, node, lists.new_since(asked.get("since")), page)
    if kind == "floating":
        return lists.floating(tx, node, page)
    if kind == "exemptions":
        return lists.exemptions(tx, node, _day(asked.get("day")), page)
    if kind == "quality":
        return quality.report(tx, node, str(asked.get("check") or ""), page)
    raise NotFound


def _day(text: object) -> dt.date:
    try:
        return clock.read_day(str(text or ""))
    except ValueError:
        return clock.today()


def write_report(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Write a report with all its rows."""
    node = tx.scalars(select(Organisation).where(Organisation.public_id == params["organisation"])).one()
    report = build_report(tx, params["report"], node, params)
    total = max((number for _, number, _ in report.figures), default=0)
    return write(report, translator_of(params), params.get("format", "xlsx"), path, progress, total)
