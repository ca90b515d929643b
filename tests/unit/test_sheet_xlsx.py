"""Workbooks as people have them: the list on any sheet below any title, and every cell as it is shown."""

import datetime as dt
import io
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from academy.core.errors import Invalid
from academy.people import rules
from academy.roster import columns
from academy.roster.sheet_file import read_table
from academy.roster.sheet_marks import MarkScanner, Style, styles_of
from academy.roster.sheet_table import HeadingQuery

HEADER = ["编号", "姓名", "组织代码", "出生日期", "备注"]
WANTED = HeadingQuery(columns.MEMBERS)
TODAY = dt.date(2026, 3, 5)
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA")


def book(path: Path, fill: Any) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        fill(made)
    return path


def replaced(path: Path, old: bytes, new: bytes) -> None:
    """Change what a sheet's XML says."""
    source = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            data = before.read(part)
            after.writestr(part.filename, data.replace(old, new) if "worksheets/" in part.filename else data)


def rows(path: Path, wanted: HeadingQuery = WANTED) -> tuple[dict[int, list[str]], list[str], Any]:
    with read_table(path, wanted) as table:
        found = dict(table.rows)
        return found, [str(note) for note in table.read_from], table


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_cell_is_an_error_and_no_blank(tmp_path: Path, error: str) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A1", "赵", "001"])
        sheet.write_formula(1, 3, "=1/0", None, "#N/A")

    path = book(tmp_path / "a.xlsx", fill)
    replaced(path, b"<f>1/0</f><v>#N/A</v>", f"<v>{error}</v>".encode())
    if ERRORS.index(error) < 7:
        found, _, table = rows(path)
        assert found[2][3] == error and not table.formulas
    else:
        with pytest.raises(Invalid, match=f"第 2 行第 4 列是错误值 {error}"):
            rows(path)
    for reader in (rules.read_name, rules.read_member_number, rules.read_organisation_code, rules.read_phone,
                   rules.read_gender, rules.read_status, lambda text: rules.read_date(text, today=TODAY),
                   lambda text: rules.read_text(text, longest=40)):  # fmt: skip
        with pytest.raises(rules.Unreadable, match="错误值"):
            reader(error)


@pytest.mark.parametrize("shown", ["00", "0000000000", '"A"00000', '0000"号"', "000000;-000000"])
def test_a_number_is_read_as_it_is_shown(tmp_path: Path, shown: str) -> None:
    def fill(made: Any) -> None:
        sheet, style = made.add_worksheet(), made.add_format({"num_format": shown})
        sheet.write_row(2, 1, HEADER)
        for line in range(3, 40):
            sheet.write_number(line, 1, line, style)
            sheet.write_row(line, 2, ["赵", "001"])

    found, _, _ = rows(book(tmp_path / "a.xlsx", fill))
    digits = re.search("0+", shown)[0]  # type: ignore[index]
    for line, row in found.items():
        number = f"{line - 1:0{len(digits)}}"
        assert row[0] == shown.split(";")[0].replace('"', "").replace(digits, number)
    assert len(found) == 37


def test_days_and_months_are_what_the_sheet_shows(tmp_path: Path) -> None:
    day = dt.datetime(1980, 10, 1)  # noqa: DTZ001 - as a sheet keeps it
    cases: list[tuple[Any, str | int | None, str | None]] = [
        (day, 'yyyy"年"m"月"', "1980-10"),
        (day, "yyyy.mm", "1980-10"),
        (day, 57, "1980-10"),
        (day, 17, "1980-10"),
        (day, "yyyy-mm-dd", "1980-10-01"),
        (day, 14, "1980-10-01"),
        (day, "yyyy-mm-dd hh:mm", "1980-10-01"),
        (1980.1, "0.00", "1980-10"),
        (1980.5, None, "1980-05"),
        (1980.12, None, "1980-12"),
        (1980.1, None, None),  # January, or October whose nought went
        ("1980.1", None, "1980-01"),
        ("1980年1月", None, "1980-01"),
        ("1980/1/1 0:00", None, "1980-01-01"),
        ("1980-1-1 00:00:00", None, "1980-01-01"),
    ]

    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for line, (value, shown, _) in enumerate(cases, 1):
            style = made.add_format({"num_format": shown}) if shown is not None else None
            sheet.write_row(line, 0, [f"A{line}", "赵", "001"])
            (sheet.write_datetime if isinstance(value, dt.datetime) else sheet.write)(line, 3, value, style)

    found, _, _ = rows(book(tmp_path / "a.xlsx", fill))
    for line, (value, shown, meant) in enumerate(cases, 2):
        if meant is None:
            with pytest.raises(rules.Unreadable):
                rules.read_date(found[line][3], today=TODAY)
        else:
            assert str(rules.read_date(found[line][3], today=TODAY)) == meant, (value, shown)


@pytest.mark.parametrize("title", range(4))
@pytest.mark.parametrize("order", ["first", "after instructions", "after a hidden one", "hidden itself"])
def test_the_list_is_found_on_any_sheet_below_any_title(tmp_path: Path, title: int, order: str) -> None:
    def fill(made: Any) -> None:
        if order == "after instructions":
            help_ = made.add_worksheet("填表说明")
            help_.write_column(0, 0, ["一、编号和姓名必填", "二、组织代码见附件", "三、编号：十位"])
        elif order == "after a hidden one":
            made.add_worksheet("字典").write_row(0, 0, ["男", "女"])
        elif order == "hidden itself":
            made.add_worksheet("封面").write(0, 0, "全市党员名册")
        sheet = made.add_worksheet("党员名单")
        for line in range(title):
            sheet.merge_range(line, 0, line, 4, f"全市党员花名册 {line}")
        sheet.write_row(title, 0, HEADER)
        sheet.write_row(title + 1, 0, ["A1", "赵", "001"])
        sheet.write_row(title + 3, 0, ["A2", "钱", "001"])
        if order == "after a hidden one":
            sheet.activate()
            made.worksheets()[0].hide()
        elif order == "hidden itself":
            sheet.hide()

    found, said, table = rows(book(tmp_path / "a.xlsx", fill))
    assert [row[0] for row in found.values()] == ["A1", "A2"]
    assert list(found) == [title + 2, title + 4], "lines are those of the sheet"
    assert f"工作表“党员名单”{'（隐藏）' if order == 'hidden itself' else ''}，第 {title + 1} 行是表头" in said[0]
    assert (table.lines.above, table.lines.rows, table.lines.blank) == (title, 2, 1)
    assert len(said) == (1 if order == "first" else 2)


def test_a_second_list_is_named_and_not_read(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        for name, number in (("一支部", "A1"), ("二支部", "A2")):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [number, "赵", "001"])

    found, said, _ = rows(book(tmp_path / "a.xlsx", fill))
    assert [row[0] for row in found.values()] == ["A1"]
    assert "工作表“二支部”也像名册，没有读" in said[1]


def test_a_header_that_was_looked_at_before_is_found_again(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["说明", "编号", "姓名", "组织代码"])
        sheet.write_row(1, 0, ["甲", "乙", "丙"])
        sheet.write_row(2, 0, ["A1", "赵", "001"])

    path = book(tmp_path / "a.xlsx", fill)
    assert list(rows(path, HeadingQuery(columns.MEMBERS, header=["甲", "乙", "丙", ""]))[0]) == [3]


@pytest.mark.parametrize(
    "piece",
    [
        b"<c ",
        b'<c r="A1" ',
        b"<f>",
        b"<f ",
        b' t="e"',
        b' s="1"',
        b"<",
        b'<c t="e"',
        b'<c s="1"',
        b"<c r='A1' t=\"e\">",
        b"<v>",
    ],
)
def test_any_sheet_is_searched_in_time_that_grows_with_its_length(piece: bytes) -> None:
    def spent(size: int) -> float:
        scanner, data = MarkScanner({1: Style(width=4)}), piece * (size // len(piece))
        began = time.process_time()
        try:
            for start in range(0, len(data), 1 << 14):
                scanner.feed(data[start : start + (1 << 14)])
            scanner.finish()
        except Invalid:
            pass
        return time.process_time() - began

    short = max(spent(1 << 16), 0.005)
    assert spent(1 << 18) < 16 * short, "four times as long, four times the time: not sixteen"


def test_marks_are_found_wherever_a_block_ends() -> None:
    cells = b"".join(
        b'<row r="%d"><c r="A%d" s="3"><v>7</v></c><c t="e" r="B%d"><v>#N/A</v></c>'
        b'<c r="C%d"><f>A1</f><v>1</v></c></row>' % (n, n, n, n)
        for n in range(1, 200)
    )
    for size in (1, 7, 100, 1999, 2000, 2001, 4096):
        scanner = MarkScanner({3: Style(width=4)})
        for start in range(0, len(cells), size):
            scanner.feed(cells[start : start + size])
        marks = scanner.finish()
        assert marks.formulas == {(n, 2) for n in range(1, 200)}, size
        assert {n: sorted(place for place, _ in found) for n, found in marks.cells.items()} == {
            n: [0, 1] for n in range(1, 200)
        }, size


def test_styles_that_say_nothing_are_left_alone() -> None:
    xml = (
        b'<styleSheet><numFmts><numFmt numFmtId="164" formatCode="#,##0"/>'
        b'<numFmt formatCode="000" numFmtId="165"/></numFmts>'
        b'<cellStyleXfs><xf numFmtId="165"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/>'
        b'<xf numFmtId="165"/></cellXfs></styleSheet>'
    )
    assert styles_of(xml) == {2: Style(width=3)}
