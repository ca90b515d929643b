"""The sheet to mend: the bad rows as they were sent, each with its reasons, to correct and send again."""

import io
from collections.abc import Callable, Sequence

import xlsxwriter

from academy.core.i18n import Message
from academy.members.findings import Findings


def sheet_to_mend(plan: Findings, header: Sequence[str], reason: str, say: Callable[[Message], str]) -> bytes:
    """An XLSX workbook. Every cell is text, so none of them runs."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True})
        wrap = book.add_format({"font_color": "#A12318", "text_wrap": True})
        sheet.set_column(0, len(header) - 1, 16, text)
        sheet.set_column(len(header), len(header), 60)
        sheet.freeze_panes(1, 0)
        for place, heading in enumerate([*header, reason]):
            sheet.write_string(0, place, heading, bold)
        line = 0
        for block in plan.all("bad"):
            for finding in block:
                line += 1
                for place, cell in enumerate((finding.cells or ())[: len(header)]):
                    sheet.write_string(line, place, cell, text)
                sheet.write_string(line, len(header), "；".join(say(note) for note in finding.notes), wrap)
    return target.getvalue()
