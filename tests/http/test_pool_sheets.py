"""The pool as a sheet: every line is accounted for, all are imported or none, and a download can be uploaded again."""

import io
import re
from typing import Any

import pytest
import xlsxwriter
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.faculty import pool_sheet
from academy.faculty.models import LecturerPost, LecturerSubject, PoolMembership, PoolSpell
from academy.faculty.pool_sheet import FIELDS, SheetLine
from tests.http.faculty_city import City, city
from tests.support import factories as make

__all__ = ["city"]

HEADER = ("姓名", "职务", "单位", "级别", "任职日期", "在库状态", "方向", "党员编号", "备注")
GOOD = (
    ("周正", "东山县委书记", "中共东山县委员会", "县级一把手", "2024-03-01", "在库", "乡村振兴、法律法规", "", "x"),
    ("周正", "东山县委书记", "中共云河市委员会", "市级领导", "2025-01-01", "在库", "", "", ""),
    ("吴远", "党校教授", "中共云河市委员会", "其他讲师", "2020年9月", "", "", "", ""),
)


def book(rows: Any, header: Any = HEADER) -> io.BytesIO:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for line, cells in enumerate([header, *rows]):
            sheet.write_row(line, 0, cells)
    target.seek(0)
    return target


def look(client: FlaskClient, rows: Any, header: Any = HEADER) -> Any:
    return client.post("/faculty/sheets", data={"file": (book(rows, header), "师资.xlsx")})


def confirmation(page: str) -> dict[str, str]:
    found = re.search(r'name="lines" value="([^"]*)"><input type="hidden" name="seen" value="(\w+)"', page)
    assert found, page
    return {"lines": found[1].replace("&#34;", '"').replace("&amp;", "&"), "seen": found[2]}


def stats(page: str) -> dict[str, int]:
    return {
        label: int(number) for label, number in re.findall(r'<div class="stat[^"]*"><dt>(.*?)</dt><dd>(\d+)</dd>', page)
    }


def test_every_line_is_accounted_for_and_nothing_is_written_before_it_is_confirmed(
    city: City, runtime: Runtime
) -> None:
    assert city.office.get("/faculty/sheets").status_code == 200
    shown = look(city.office, GOOD).text
    assert stats(shown) == {"不能导入": 0, "新增讲师": 3, "新增职务": 0, "没有变化": 0}
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(PoolMembership)) == 0
    sent = confirmation(shown)
    assert city.office.post("/faculty/sheets/apply", data=sent).status_code == 303
    with runtime.db.read() as tx:
        assert tx.scalars(select(PoolMembership.state).order_by(PoolMembership.id)).all() == ["confirmed", "invited"]
        assert tx.scalar(select(func.count()).select_from(LecturerPost)) == 3
        assert tx.scalar(select(func.count()).select_from(LecturerSubject)) == 2
        assert tx.scalar(select(func.count()).select_from(PoolSpell)) == 2
    again = city.office.post("/faculty/sheets/apply", data=sent)
    assert again.status_code == 409 and "再看一遍" in again.text
    assert stats(look(city.office, GOOD).text)["没有变化"] == 3
    more = ("周正", "东山县委书记", city.other.code, "一把手", "2026-01-01", "", "", "", "")
    assert stats(look(city.office, [more]).text)["新增职务"] == 1


def test_one_bad_line_keeps_all_lines_out(city: City, runtime: Runtime) -> None:
    bad = (
        ("", "职务", "中共云河市委员会", "其他讲师", "2024-01-01", "", "", "", ""),
        ("甲", "职务", "火星", "其他讲师", "2024-01-01", "", "", "", ""),
        ("乙", "职务", "中共云河市委员会", "大领导", "2024-01-01", "", "", "", ""),
        ("丙", "职务", "中共云河市委员会", "其他讲师", "昨天", "", "", "", ""),
        ("丁", "职务", "中共云河市委员会", "其他讲师", "", "退休", "炼丹", "9999", ""),
        GOOD[0],
        GOOD[0],
    )
    shown = look(city.office, bad).text
    assert stats(shown) == {"不能导入": 6, "新增讲师": 1, "新增职务": 0, "没有变化": 0}
    for sentence in (
        "没有找到单位“火星”",
        "级别请写",
        "没有写任职日期",
        "没有“炼丹”",
        "没有编号 9999",
        "前面一行重复",
        "在库状态请写",
    ):
        assert sentence in shown
    assert 'name="lines"' not in shown
    lines = [SheetLine(n, dict(zip(FIELDS, row[:8], strict=True))) for n, row in enumerate(bad, 2)]
    forced = {"lines": pool_sheet.lines_as_text(lines), "seen": "x"}
    assert city.office.post("/faculty/sheets/apply", data=forced).status_code == 409
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(PoolMembership)) == 0


def test_what_is_downloaded_is_uploaded_without_a_change(city: City, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        number = make.member(tx, tx.merge(city.county)).number
    rows = [(*GOOD[0][:7], number, ""), *GOOD[1:]]
    assert city.office.post("/faculty/sheets/apply", data=confirmation(look(city.office, rows).text)).status_code == 303
    whole = city.office.get("/faculty/sheets/pool.xlsx")
    assert whole.status_code == 200 and whole.mimetype.endswith("sheet")
    shown = city.office.post("/faculty/sheets", data={"file": (io.BytesIO(whole.data), "师资库.xlsx")}).text
    assert stats(shown) == {"不能导入": 0, "新增讲师": 0, "新增职务": 0, "没有变化": 3}
    own = city.client(city.other).get("/faculty/sheets/pool.xlsx")
    assert own.status_code == 200 and len(own.data) < len(whole.data)
    assert city.office.get("/faculty/sheets/template.xlsx").status_code == 200
    assert city.client(city.county).get("/faculty/sheets").status_code == 404
    assert city.client(city.county).post("/faculty/sheets/apply", data={}).status_code == 404


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_files_that_are_no_pool_are_refused_in_words(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    for data, sentence in (
        ({}, "请选择文件"),
        ({"file": (io.BytesIO(b"PK\x03\x04rubbish"), "a.xlsx")}, "表格"),
        ({"file": (book([], HEADER), "a.xlsx")}, "没有"),
        ({"file": (book(GOOD, ("姓名", "电话")), "a.xlsx")}, "缺少这些列"),
    ):
        answer = city.office.post("/faculty/sheets", data=data)
        assert answer.status_code == 422 and sentence in answer.text, sentence
    monkeypatch.setattr(pool_sheet, "MOST_LINES", 2)
    assert "一次最多导入 2 行" in look(city.office, GOOD).text
    for text in ("", "[]", "[[1]]", "{}", "null", '[["x", 1, 2, 3, 4, 5, 6, 7, 8]]', "[" * 9000):
        assert city.office.post("/faculty/sheets/apply", data={"lines": text, "seen": "x"}).status_code == 422, text


@pytest.mark.thorough
@given(st.lists(st.lists(st.text(max_size=12), min_size=len(FIELDS), max_size=len(FIELDS)), min_size=1, max_size=4))
@settings(max_examples=50)
def test_lines_survive_the_form(rows: list[list[str]]) -> None:
    lines = [SheetLine(n, dict(zip(FIELDS, row, strict=True))) for n, row in enumerate(rows, 2)]
    assert pool_sheet.lines_from_text(pool_sheet.lines_as_text(lines)) == lines


def test_more_lines_than_are_offered_are_refused() -> None:
    line = SheetLine(2, dict.fromkeys(FIELDS, "x"))
    with pytest.raises(Invalid):
        pool_sheet.lines_from_text(pool_sheet.lines_as_text([line] * (pool_sheet.MOST_LINES + 1)))
    with pytest.raises(Invalid):
        pool_sheet.lines_from_text(pool_sheet.lines_as_text([SheetLine(2, dict.fromkeys(FIELDS, "x" * 201))]))
