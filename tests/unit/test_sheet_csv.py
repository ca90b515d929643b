"""Damage to CSV files: every line is read, refused or named; none is swallowed."""

import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.roster import columns
from academy.roster.sheet_file import read_table
from academy.roster.sheet_table import HeadingQuery

HEADER = "编号,姓名,组织代码,性别,备注"
WANTED = HeadingQuery(columns.MEMBERS)


def people(count: int) -> list[str]:
    return [f"A{number},赵{'一二三四五六七八九十'[number % 10]},001-1,男," for number in range(count)]


def read(path: Path, data: bytes) -> tuple[list[str], dict[int, list[str]], set[int], object]:
    path.write_bytes(data)
    with read_table(path, WANTED) as table:
        rows = dict(table.rows)
        return table.header, rows, set(table.faults), table.lines


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "roster.csv"


ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "，"])
def test_whatever_a_program_saves_is_read(path: Path, encoding: str, end: str, separator: str) -> None:
    lines = ["全市党员名册", "", HEADER, *people(25), "", ""]
    header, rows, faults, lines_read = read(path, end.join(lines).replace(",", separator).encode(encoding))
    assert header[:3] == ["编号", "姓名", "组织代码"]
    assert [row[0] for row in rows.values()] == [f"A{n}" for n in range(25)]
    assert min(rows) == 4 and not faults
    assert (lines_read.above, lines_read.rows, lines_read.blank, lines_read.total) == (2, 25, 1, 29)  # type: ignore[attr-defined]


def test_the_line_that_names_the_separator_is_no_row(path: Path) -> None:
    for first, separator in (("sep=;", ";"), ("sep=,", ","), ('"sep=|"', "|"), ("SEP=\t", "\t")):
        header, rows, _, _ = read(path, "\n".join([first, HEADER, *people(3)]).replace(",", separator).encode()
                                  if separator != "," else "\n".join([first, HEADER, *people(3)]).encode())  # fmt: skip
        assert header[1] == "姓名" and list(rows) == [3, 4, 5]


def test_what_a_program_kept_from_being_a_number_is_read_as_it_was(path: Path) -> None:
    """As text forced by a formula of itself, or by an apostrophe; a true formula stays one, and is refused."""
    rows = ['="0012",赵一,\'001-1,="男",', '"=""0013""",\'赵二,001-1,男,', '=A1,=CONCAT("a"),001-1,男,']
    _, read_, faults, _ = read(path, "\n".join([HEADER, *rows]).encode())
    assert [row[:3] for row in read_.values()] == [
        ["0012", "赵一", "001-1"],
        ["0013", "赵二", "001-1"],
        ["=A1", '=CONCAT("a")', "001-1"],
    ]
    assert not faults


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\r\n\x1a\x1a"])
def test_the_mark_at_the_end_of_an_old_programs_file_is_no_row(path: Path, end: str) -> None:
    _, rows, faults, lines = read(path, ("\n".join([HEADER, *people(3)]) + end).encode("gb18030"))
    assert [row[0] for row in rows.values()] == ["A0", "A1", "A2"] and rows[4][-1] == ""
    assert lines.rows == 3 and not faults  # type: ignore[attr-defined]


@given(st.integers(0, 2**32))
def test_no_line_is_lost_whatever_is_damaged(path: Path, seed: int) -> None:
    """Quotes, separators, ends of lines and blanks are put in or taken out anywhere."""
    lot = random.Random(seed)
    count = lot.randint(2, 30)
    lines = [HEADER, *people(count)]
    for _ in range(lot.choice((1, 1, 1, 2, 3))):
        at = lot.randrange(1, len(lines))
        line = lines[at]
        kind = lot.choice(("quote", "cell", "separator", "blank", "end", "lost"))
        if kind == "quote":
            place = lot.choice([0, *(i + 1 for i, c in enumerate(line) if c == ","), lot.randint(0, len(line))])
            lines[at] = line[:place] + '"' + line[place:]
        elif kind == "cell":
            cells = line.split(",")
            cells[-1] = lot.choice(('"两行\n的备注"', '"有，逗号,的"', '"说""好"""', '"'))
            lines[at] = ",".join(cells)
        elif kind == "separator":
            place = lot.randint(0, len(line))
            lines[at] = line[:place] + "," + line[place:]
        elif kind == "blank":
            lines.insert(at, lot.choice(("", ",,,,", "  ", "\u3000")))
        elif kind == "end":
            lines[at] = line + lot.choice(("\r", "\x0b", "\t", "\x00"))
        else:
            lines[at] = line.replace(",", "", 1)
    text = "\n".join(lines) + "\n"
    physical = len(io.StringIO(text, newline="").readlines())
    try:
        _, rows, faults, seen = read(path, text.encode())
    except Invalid as error:
        assert "行有一个引号没有成对" in str(error)
        named = int(str(error).split("第 ", 1)[1].split(" ", 1)[0])
        assert '"' in io.StringIO(text, newline="").readlines()[named - 1], "the line where the quote opens"
        return
    assert seen.total == physical  # type: ignore[attr-defined]
    assert len(rows) == seen.rows  # type: ignore[attr-defined]
    # Everybody whose line is whole is there, in a row of their own.
    there = {row[0] for row in rows.values()}
    for line in io.StringIO(text, newline="").readlines()[1:]:
        if line.rstrip("\n") in people(count):
            assert line.split(",")[0] in there, line
    assert faults <= set(rows)


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("line", [1, 2, 7, 23])
def test_a_stray_quote_is_named_by_its_line(path: Path, line: int, place: int) -> None:
    lines = [HEADER, *people(23)]
    cells = lines[line].split(",")
    cells[place] = '"' + cells[place]
    lines[line] = ",".join(cells)
    if line == 23:
        _, rows, faults, _ = read(path, "\n".join(lines).encode())
        assert faults == {24} and len(rows) == 23, "on the last line it swallows nobody"
        return
    with pytest.raises(Invalid, match=f"第 {line + 1} 行有一个引号没有成对"):
        read(path, "\n".join(lines).encode())


def test_two_stray_quotes_swallow_nobody(path: Path) -> None:
    for first, second in ((2, 5), (2, 3), (1, 9)):
        lines = [HEADER, *people(10)]
        lines[first] += '"好人'
        lines[second] += '"'
        with pytest.raises(Invalid, match=f"第 {first + 1} 行有一个引号没有成对"):
            read(path, "\n".join(lines).encode())


def test_a_remark_over_two_lines_is_one_cell(path: Path) -> None:
    lines = [HEADER, *people(3)]
    lines[2] += '"第一行\n第二行"'
    _, rows, faults, seen = read(path, "\n".join(lines).encode())
    assert len(rows) == 3 and not faults and list(rows) == [2, 3, 5]
    assert (seen.continued, seen.total) == (1, 5)  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_broken_byte_is_named_by_its_line_and_never_read_as_another_encoding(path: Path, encoding: str) -> None:
    data = "\n".join(["number,name,organisation", *people(40)]).encode(encoding)
    broken = data.replace("A20,赵".encode(), b"A20,\xe8\xb5", 1)
    with pytest.raises(Invalid, match="第 22 行有读不出来的字"):
        read(path, broken)
    with pytest.raises(Invalid, match="第 41 行有读不出来的字"):
        read(path, data.replace("A39,赵".encode(), b"A39,\xff\xfe", 1))


def test_a_lone_separator_is_a_row_of_its_own_fault(path: Path) -> None:
    lines = [HEADER, *people(30)]
    lines[4] = lines[4].replace("赵", "赵,", 1) + "x"
    lines[25] = lines[25].replace("赵", "赵,", 1) + "x"
    _, rows, faults, _ = read(path, "\n".join(lines).encode())
    assert faults == {5, 26} and len(rows) == 30
