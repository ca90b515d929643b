"""Coverage as files: the table of a node, and every name in it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from academy.core.database import Database, Tx
from academy.core.i18n import Translator, msg, translator_for
from academy.coverage import api as coverage
from academy.coverage.api import Coverage, NameFilter
from academy.people.models import Organisation
from academy.reports import name_pages
from academy.reports.definitions import coverage_definition
from academy.reports.sheet_files import open_sheet
from academy.reports.spreadsheets import Value
from academy.trainings import api as trainings
from academy.trainings.api import Figures
from academy.trainings.models import Training

EVERY = 500
PDF_COURSES = 20
"""Where a training has more courses, a page has no column for each: their heads would be one character wide."""
NAMES_HEAD = (
    msg("县（区）"),
    msg("乡镇（街道）"),
    msg("党组织"),
    msg("编号"),
    msg("姓名"),
    msg("情况"),
    msg("完成日期"),
    msg("完成门数"),
)
TABLE_HEAD = (
    msg("党组织"),
    msg("应训"),
    msg("免训"),
    msg("已参学"),
    msg("参学率"),
    msg("已完成"),
    msg("完成率"),
)
GROUPS_HEAD = (
    msg("分组"),
    msg("类别"),
    msg("应训"),
    msg("免训"),
    msg("已参学"),
    msg("已完成"),
    msg("完成率"),
    msg("数字截至"),
)


def translator_of(params: dict[str, Any]) -> Translator:
    """The requester's language."""
    return translator_for(str(params.get("language", "zh")))


def name_filter_of(tx: Tx, params: dict[str, Any]) -> NameFilter:
    """The list of names that an export's parameters select."""
    return NameFilter(
        training=tx.scalars(select(Training).where(Training.public_id == params["training"])).one(),
        node=tx.scalars(select(Organisation).where(Organisation.public_id == params["organisation"])).one(),
        day=dt.date.fromisoformat(params["day"]) if params.get("day") else None,
        status=params.get("status", ""),
        text=params.get("text", ""),
        direct=bool(params.get("direct")),
        sort=params.get("sort", ""),
    )


def write_names(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Every name of a node: place, person, progress, reason if missing."""
    name_filter, translate = name_filter_of(tx, params), translator_of(params)
    if params.get("format") == "pdf":
        return name_pages.write_name_pages(tx, name_filter, translate, _places(tx), path, progress)
    courses = trainings.courses_of(tx, name_filter.training)
    if params.get("format") == "pdf" and len(courses) > PDF_COURSES:
        courses = []
    total = max(1, coverage.count_names(tx, name_filter))
    places = _places(tx)
    head = [translate(word) for word in NAMES_HEAD] + [course.title for course in courses]
    widths = [16, 16, 26, 14, 12, 22, 12, 10] + [14] * len(courses)
    written = 0
    with open_sheet(path, params.get("format", "xlsx"), translate(msg("名单")), widths, header_row=2) as sheet:
        sheet.row([f"{name_filter.training.title} · {name_filter.node.name}"])
        sheet.row([translate(coverage_definition(name_filter.day))])
        sheet.row(head)
        for one in coverage.stream_names(tx, name_filter):
            county, town = places.get(one.organisation_id, ("", ""))
            row: list[Value] = [county, town, one.organisation, one.number, one.name, translate(one.reason)]
            row += [one.completed_on, len(one.courses)]
            row += ["√" if course.id in one.courses else None for course in courses]
            sheet.row(row)
            written += 1
            if written % EVERY == 0:
                progress(1000 * written // total)
    return written


def _places(tx: Tx) -> dict[int, tuple[str, str]]:
    """County and town of every organisation, by name."""
    nodes = {
        i: (name, path) for i, name, path in tx.execute(select(Organisation.id, Organisation.name, Organisation.path))
    }
    found: dict[int, tuple[str, str]] = {}
    for node, (_, path) in nodes.items():
        chain = [nodes[int(part)][0] for part in path.strip("/").split("/")]
        found[node] = (chain[1] if len(chain) > 1 else "", chain[2] if len(chain) > 3 else "")
    return found


def write_table(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """The table of a coverage page: children, direct members, total."""
    name_filter, translate = name_filter_of(tx, params), translator_of(params)
    found = coverage.coverage_of(tx, name_filter.training, name_filter.node, name_filter.day)
    head = [translate(word) for word in TABLE_HEAD] + [c.title for c in found.courses]
    widths = [28, 10, 10, 10, 10, 10, 10]
    with open_sheet(path, params.get("format", "xlsx"), translate(msg("覆盖率")), widths, header_row=2) as sheet:
        sheet.row([f"{name_filter.training.title} · {name_filter.node.name}"])
        sheet.row([translate(coverage_definition(name_filter.day))])
        sheet.row(head)
        for line in found.lines:
            sheet.row(_figures(line.name, line.figures, found))
        if found.direct.due or found.direct.exempt:
            sheet.row(_figures(translate(msg("本级直属党员")), found.direct, found))
        sheet.row(_figures(translate(msg("合计")), found.figures, found))
    progress(1000)
    return len(found.lines)


def _figures(name: str, figures: Figures, found: Coverage) -> list[Value]:
    def share(number: int) -> Value:
        return round(number / figures.due, 4) if figures.due else None

    row: list[Value] = [name, figures.due, figures.exempt, figures.started, share(figures.started)]
    row += [figures.completed, share(figures.completed)]
    return row + [figures.courses.get(course.id, 0) for course in found.courses]


def publish_groups(db: Database, params: dict[str, Any]) -> None:
    """Publish the figures before `write_groups` writes them, as on the page."""
    with db.read() as tx:
        name_filter = name_filter_of(tx, params)
        measured = coverage.measure_breakdowns(tx, name_filter.training, name_filter.node, name_filter.day)
    db.run_in_transaction(
        lambda tx: coverage.publish_breakdowns(tx, name_filter.training, name_filter.node, name_filter.day, measured)
    )


def write_groups(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Figures by sector, position, age, gender, education and status; small groups withheld."""
    name_filter, translate = name_filter_of(tx, params), translator_of(params)
    language = str(params.get("language", "zh"))
    written = 0
    with open_sheet(
        path, params.get("format", "xlsx"), translate(msg("分组统计")), [12, 20, 10, 10, 10, 10, 10, 12], 2
    ) as sheet:
        sheet.row([f"{name_filter.training.title} · {name_filter.node.name}"])
        sheet.row([translate(coverage_definition(name_filter.day)) + translate(coverage.BLURRED_NOTE)])
        sheet.row([translate(word) for word in GROUPS_HEAD])
        for number, (dimension, words) in enumerate(coverage.DIMENSIONS.items(), start=1):
            found = coverage.break_down(
                tx, name_filter.training, name_filter.node, dimension, name_filter.day, language
            )
            for one in found.groups:
                share = round((one.completed or 0) / one.due, 4) if one.due else None
                row: list[Value] = [one.due, one.exempt, one.started, one.completed, share]
                day = found.day.isoformat() if found.day else None
                sheet.row([translate(words), translate(one.label), *(["*"] * 5 if one.is_withheld else row), day])
                written += 1
            progress(1000 * number // len(coverage.DIMENSIONS))
    return written
