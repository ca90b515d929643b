"""Sheets for download: rejected rows with their reasons, to be corrected and uploaded alone, and a template."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

import xlsxwriter

from academy.core.i18n import Message, msg
from academy.roster.columns import RosterColumn
from academy.roster.findings import RowFindings

Translate = Callable[[Message], str]
_RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
LINE = msg("原文件行号")


def _rows(plan: RowFindings, wide: int, translate: Translate) -> Iterator[list[str]]:
    for block in plan.all("bad"):
        for finding in block:
            cells = [*(finding.cells or ())][:wide]
            why = "；".join(translate(note) for note in finding.notes)
            yield [str(finding.line or ""), *cells, *[""] * (wide - len(cells)), why]


def rejected_rows_sheet(plan: RowFindings, header: Sequence[str], reason: str, translate: Translate) -> bytes:
    """An XLSX workbook: line of the file, cells as sent, reasons. Every cell is text, so that no formula runs."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True})
        wrap = book.add_format({"font_color": "#A12318", "text_wrap": True})
        sheet.set_column(0, len(header), 16, text)
        sheet.set_column(len(header) + 1, len(header) + 1, 60)
        sheet.freeze_panes(1, 1)
        for place, heading in enumerate([translate(LINE), *header, reason]):
            sheet.write_string(0, place, heading, bold)
        for line, row in enumerate(_rows(plan, len(header), translate), 1):
            for place, cell in enumerate(row):
                sheet.write_string(line, place, cell, wrap if place == len(row) - 1 else text)
    return target.getvalue()


def rejected_rows_csv(plan: RowFindings, header: Sequence[str], reason: str, translate: Translate) -> bytes:
    """The same as CSV; cells that would run as formulas are prefixed with an apostrophe."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([translate(LINE), *header, reason])
    for row in _rows(plan, len(header), translate):
        writer.writerow([f"'{cell}" if cell.startswith(_RUNS) else cell for cell in row])
    return target.getvalue().encode("utf-8-sig")


def roster_template(columns: Sequence[RosterColumn], translate: Translate) -> bytes:
    """An empty sheet with the known headings, and a second one that explains them."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        must = book.add_format({"bold": True, "font_color": "#A12318", "num_format": "@"})
        sheet = book.add_worksheet(translate(msg("名册")))
        sheet.set_column(0, len(columns) - 1, 16, text)
        sheet.freeze_panes(1, 0)
        help_ = book.add_worksheet(translate(msg("填表说明")))
        help_.set_column(0, 0, 16)
        help_.set_column(1, 1, 80)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.headings[0], must if column.required else bold)
            help_.write_string(place, 0, column.headings[0])
            words = [translate(msg("必填。")) if column.required else translate(msg("选填。"))]
            if column.field in _HELP:
                words.append(translate(_HELP[column.field]))
            help_.write_string(place, 1, "".join(words))
    return target.getvalue()


_HELP = {
    "number": msg("党员在名册里的编号，字母、数字和短横线，不能重复。"),
    "organisation": msg("党员所在党组织的代码。"),
    "birth_date": msg("写成 1990-01-31；只知道年月就写 1990-01。"),
    "joined_on": msg("写成 1990-01-31；只知道年月就写 1990-01。"),
    "position_since": msg("从哪天起任现在的职务；不知道就空着。"),
    "phone": msg("11 位手机号，或带区号的固定电话。"),
    "status": msg("在册、流动、已转出或已去世；空着是在册。"),
    "gender": msg("男或女。"),
    "code": msg("党组织的代码，字母、数字、点和短横线，不能重复。"),
    "parent": msg("上级党组织的代码；空着就挂在上传时选的组织下面。"),
    "kind": msg("党委、党总支、党支部或党小组。"),
}
