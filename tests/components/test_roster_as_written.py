"""Rosters as people have them, from the file to the register: nothing changes that nobody changed."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select

from academy.core import clock
from academy.core.i18n import Message
from academy.core.months import Month
from academy.core.runtime import Runtime
from academy.people import queries
from academy.people.models import Member, MemberTerm, Organisation
from academy.reports import lists
from tests.components.roster_office import HEADER, Town, confirm, csv, found, plant, reasons, send, xlsx

FILES = Path(__file__).parents[1] / "files" / "rosters"
ONE = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def town(runtime: Runtime) -> Town:
    return plant(runtime)


@ONE
def test_rows_read_and_rows_refused_are_all_lines(runtime: Runtime, town: Town) -> None:
    made = send(
        runtime,
        town.east,
        csv("A1,赵小满,001-1,,,,,,", "", "A2,,001-1,,,,,,", 'A3,"孙"立,001-1,,,,,,', "A4,李,,男,001-1,,,,,多"),
    )
    assert made.reading["lines"] == {"above": 0, "rows": 4, "blank": 1, "continued": 0, "total": 6}
    assert made.summary["bad"] == 3 and made.summary["added"] == 1
    said = reasons(runtime, made)
    assert "引号不成对" in said[5] and "多了分隔符" in said[6]


@ONE
def test_a_stray_quote_refuses_the_file_and_nobody_is_taken_for_gone(runtime: Runtime, town: Town) -> None:
    whole = [f"A{n},赵小满,001-1,,,,,,,备注" for n in range(9)]
    header = HEADER + ",备注"
    confirm(runtime, town.east, send(runtime, town.east, csv(*whole, header=header)))
    damaged = [*whole[:3], whole[3].replace("备注", '"好人'), *whole[4:]]
    made = send(runtime, town.east, csv(*damaged, header=header), complete=True)
    assert made.state == "refused" and not made.summary
    assert "第 5 行有一个引号没有成对" in str(Message.from_json(made.problem or {}))


@ONE
@pytest.mark.parametrize("kind", ["members", "tree"])
def test_error_cells_and_odd_rows_are_bad_rows_of_every_file(runtime: Runtime, town: Town, kind: str) -> None:
    if kind == "members":
        rows: list[list[Any]] = [["A1", "赵", "001-1"], ["A2", "#REF!", "001-1"], ["A3", "钱", "#N/A"]]
        made = send(runtime, town.east, xlsx(HEADER, rows))
    else:
        rows = [["T1", "一支部", "001", "党支部"], ["T2", "#REF!", "001", "党支部"], ["T3", "三支部", "#N/A", "党支部"]]
        made = send(runtime, town.east, xlsx("代码,名称,上级代码,类型", rows), kind=kind)
    assert (made.summary["added"], made.summary["bad"]) == (1, 2)
    assert all("错误值" in words for words in reasons(runtime, made).values())
    head = "编号,姓名,组织代码" if kind == "members" else "代码,名称,上级代码,类型"
    body = "A9,赵,001-1,多" if kind == "members" else "T9,九支部,001,党支部,多"
    assert "多了分隔符" in reasons(runtime, send(runtime, town.east, csv(body, header=head), kind=kind))[2]


@ONE
def test_a_name_that_is_only_written_otherwise_is_no_change(runtime: Runtime, town: Town) -> None:
    confirm(runtime, town.east, send(runtime, town.east, csv("A1,丁浩,001-1,,,,,,", "A2,阿依古丽·买买提,001-1,,,,,,")))
    for name in ("丁 浩", "丁\u3000浩", "丁浩\t", "\u200b丁浩", " 丁\u00a0浩 "):
        made = send(runtime, town.east, csv(f"A1,{name},001-1,,,,,,", "A2,阿依古丽 • 买买提,001-1,,,,,,"))
        assert (made.state, made.summary["unchanged"]) == ("checked", 2), name
    assert send(runtime, town.east, csv("A1,丁皓,001-1,,,,,,")).summary["changed"] == 1
    with runtime.db.read() as tx:
        node = tx.get_one(Organisation, town.east.id)
        assert queries.members_of(tx, node, text="丁 浩").total == 1


@ONE
def test_a_name_that_was_kept_with_a_space_is_put_right(runtime: Runtime, town: Town) -> None:
    confirm(runtime, town.east, send(runtime, town.east, csv("A1,丁浩,001-1,,,,,,")))
    with runtime.db.begin() as tx:
        tx.scalars(select(Member)).one().name = "丁 浩"
    made = send(runtime, town.east, csv("A1,丁浩,001-1,,,,,,"))
    assert made.summary["changed"] == 1
    confirm(runtime, town.east, made)
    with runtime.db.read() as tx:
        assert tx.scalars(select(Member)).one().name == "丁浩"


@pytest.mark.thorough
def test_a_month_stays_a_month_and_a_known_day_stays_known(runtime: Runtime, town: Town) -> None:
    rows = ("A1,赵,001-1,,1960.3,1985年7月,,,", "A2,钱,001-1,,1960/3/8 0:00,1985-07-01,,,")
    made = send(runtime, town.east, csv(*rows))
    confirm(runtime, town.east, made)

    def dates(number: str) -> tuple[Any, Any]:
        with runtime.db.read() as tx:
            person = tx.scalars(select(Member).where(Member.number == number)).one()
            return person.known_date("birth_date"), person.known_date("joined_on")

    assert isinstance(dates("A1")[0], Month) and [str(day) for day in dates("A1")] == ["1960-03", "1985-07"]
    assert dates("A2") == (dt.date(1960, 3, 8), dt.date(1985, 7, 1)) and not isinstance(dates("A2")[1], Month)
    assert send(runtime, town.east, csv(*rows)).summary["unchanged"] == 2
    less = send(runtime, town.east, csv("A2,钱,001-1,,1960-03,1985-07,,,"))
    assert less.summary["unchanged"] == 1, "who says less changes nothing"
    more = send(runtime, town.east, csv("A1,赵,001-1,,1960-03-01,,,,"))
    assert "1960-03 → 1960-03-01" in str(found(runtime, more, "changed")[0].notes[0])
    confirm(runtime, town.east, more)
    assert [str(day) for day in dates("A1")] == ["1960-03-01", "1985-07"]
    other = send(runtime, town.east, csv("A1,赵,001-1,,1961-03,,,,"))
    confirm(runtime, town.east, other)
    assert [str(day) for day in dates("A1")] == ["1961-03", "1985-07"]
    young = send(runtime, town.east, csv("A4,李,001-1,,1970-07,1988-07,,,", "A5,周,001-1,,1970-08,1988-07,,,"))
    assert set(reasons(runtime, young)) == {3}, "refused only where both cannot be right"


POSITIONS = ("党支部书记", "村党支部书记助理", "团支部书记", "原党支部书记（2020年离任）", "书记", "党支部副书记")


def test_nobody_is_a_new_secretary_whose_day_is_not_known(runtime: Runtime, town: Town) -> None:
    header = "编号,姓名,组织代码,职务,任职日期"
    today = dt.datetime(2026, 3, 16, 4, tzinfo=dt.UTC)
    with clock.frozen(today):
        rows = [f"B{n},赵,001-1,{position}," for n, position in enumerate(POSITIONS)]
        rows += [
            "C1,钱,001-1,书记,2026-03-16",
            "C2,孙,001-1,书记,2026.03",
            "C3,李,001-1,书记,2026-02",
            "C4,周,001-1,书记,2026-03-01",
        ]
        confirm(runtime, town.east, send(runtime, town.east, csv(*rows, header=header)))
        with runtime.db.read() as tx:
            terms = {
                m.number: t
                for m, t in tx.execute(select(Member, MemberTerm).join(MemberTerm, MemberTerm.member_id == Member.id))
            }
            assert {n for n, t in terms.items() if t.kind == "secretary"} == {"B0", "B4", "C1", "C2", "C3", "C4"}
            assert {n for n, t in terms.items() if t.known_since is None} == {f"B{n}" for n in range(6)}
        with runtime.db.read() as tx:
            made = lists.secretaries(tx, tx.get_one(Organisation, town.east.id), dt.date(2026, 3, 5), 1)
            listed = [[line.cells[1] for line in table.lines] for table in made.tables]
        assert [set(one) for one in listed] == [{"C1"}, {"C2", "B4", "B0"}]
        assert [number for _, number, _ in made.figures] == [len(one) for one in listed]
        # A day that is entered later makes it known; a position that changes without one is unknown again.
        dated = [f"B0,赵,001-1,{POSITIONS[0]},2026-03-10", "C1,钱,001-1,组织委员,", "C3,李,001-1,党支部书记,"]
        confirm(runtime, town.east, send(runtime, town.east, csv(*dated, header=header)))
        with runtime.db.read() as tx:
            made = lists.secretaries(tx, tx.get_one(Organisation, town.east.id), dt.date(2026, 3, 5), 1)
            listed = [{line.cells[1] for line in table.lines} for table in made.tables]
            assert listed == [{"B0"}, {"B4", "C2", "C3"}]
            person = tx.scalars(select(Member).where(Member.number == "C3")).one()
            assert person.position_since is None


@ONE
def test_the_list_is_found_below_its_title_and_mapped_again(runtime: Runtime, town: Town) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.add_worksheet("说明").write(0, 0, "填表说明")
        sheet = book.add_worksheet("名单")
        sheet.merge_range(0, 0, 0, 3, "全市党员花名册")
        sheet.write_row(1, 0, ["编号", "谁", "组织代码"])
        sheet.write_row(2, 0, ["A1", "赵小满", "001-1"])
    made = send(runtime, town.east, target.getvalue())
    assert "缺少必需的列：姓名" in str(Message.from_json(made.problem or {}))
    said = [str(Message.from_json(note)) for note in made.reading["notes"]]
    assert "工作表“名单”，第 2 行是表头" in said[0] and "说明" in said[1]


@ONE
@pytest.mark.parametrize(
    ("name", "bad", "added", "renamed"),
    [("errors.xlsx", 1, 0, 0), ("pad2.csv", 0, 1, 0), ("hidden.xlsx", 0, 1, 0), ("second.xlsx", 0, 1, 0),
     ("title.xlsx", 0, 1, 0)],
)  # fmt: skip
def test_files_that_were_misread_once(runtime: Runtime, name: str, bad: int, added: int, renamed: int) -> None:
    town = plant_as_in_the_files(runtime)
    made = send(runtime, town.city, (FILES / name).read_bytes(), name=name)
    assert (made.summary["bad"], made.summary.get("added", 0)) == (bad, added)
    if not bad:
        confirm(runtime, town.city, made)
        with runtime.db.read() as tx:
            assert tx.scalars(select(Member.name)).one() in {"丁浩", "辛一", "乙一"}
        again = send(runtime, town.city, (FILES / name).read_bytes(), name=name)
        assert again.summary.get("changed", 0) == renamed, "the same file changes nothing"


@ONE
@pytest.mark.parametrize(("name", "line"), [("quote.csv", 2), ("complete.csv", 6)])
def test_files_whose_quote_swallowed_people_once(runtime: Runtime, name: str, line: int) -> None:
    town = plant_as_in_the_files(runtime)
    made = send(runtime, town.city, (FILES / name).read_bytes(), name=name, complete=True)
    assert made.state == "refused" and not made.summary
    assert f"第 {line} 行有一个引号没有成对" in str(Message.from_json(made.problem or {}))


def plant_as_in_the_files(runtime: Runtime) -> Town:
    town = plant(runtime)
    with runtime.db.begin() as tx:
        for node, code in ((town.one, "010301001"), (town.two, "010301002")):
            tx.get_one(Organisation, node.id).code = code
    return town
