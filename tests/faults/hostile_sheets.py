"""Workbooks that mean harm, each made as a real file; small outside, whatever is in them."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import xlsxwriter

HEADER = ["编号", "姓名", "组织代码"]
MIB = 1 << 20


def workbook(people: int = 3) -> bytes:
    """A roster as it should be, with its words in the list of shared strings."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for line in range(1, people + 1):
            sheet.write_row(line, 0, [f"A{line}", "赵小满", "001-1"])
    return target.getvalue()


def changed(path: Path, part: str, change: Callable[[bytes], Iterator[bytes]]) -> Path:
    """Put other blocks in the place of one part."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            data = old.read(one)
            with new.open(one.filename, "w", force_zip64=one.filename == part) as target:
                for block in change(data) if one.filename == part else (data,):
                    target.write(block)
    return path


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def _between(data: bytes, end: bytes, block: bytes, times: int) -> Iterator[bytes]:
    head, tail = data.split(end)
    yield head
    for _ in range(times):
        yield block
    yield end + tail


def rows_bomb(path: Path) -> Path:
    """A gigabyte of empty rows."""
    return changed(path, SHEET, lambda data: _between(data, b"</sheetData>", b"<row></row>" * 95_325, 1024))


def strings_bomb(path: Path) -> Path:
    """A gigabyte of shared strings."""
    block = b"<si><t>" + b"x" * (MIB - 16) + b"</t></si>"
    return changed(path, STRINGS, lambda data: _between(data, b"</sst>", block, 1024))


def one_long_string(path: Path) -> Path:
    """One shared string of a gigabyte."""

    def change(data: bytes) -> Iterator[bytes]:
        head, tail = data.split(b"</sst>")
        yield head + b"<si><t>"
        yield from (b"x" * MIB for _ in range(1024))
        yield b"</t></si></sst>" + tail

    return changed(path, STRINGS, change)


def far_cell(path: Path) -> Path:
    """Four rows and one cell in the last corner that a sheet has: seventeen thousand million cells."""
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return changed(path, SHEET, lambda data: iter([data.replace(b"</sheetData>", cell)]))


def wide_claim(path: Path) -> Path:
    """Four rows in a sheet that says it is as large as can be."""
    claim = b'<dimension ref="A1:XFD1048576"/>'
    return changed(path, SHEET, lambda data: iter([data.replace(b'<dimension ref="A1:C4"/>', claim)]))


def entities(path: Path, part: str, secret: Path) -> Path:
    """A part that asks for a file of the machine's, and one that doubles thirty times."""
    kinds = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 31))
    doctype = f'<!DOCTYPE x [<!ENTITY e0 "ha"><!ENTITY out SYSTEM "file://{secret}">{kinds}]>'.encode()

    def change(data: bytes) -> Iterator[bytes]:
        head, tail = data.split(b"?>", 1)
        yield head + b"?>" + doctype + tail.replace("赵小满".encode(), b"&out;&e30;")

    return changed(path, part, change)
