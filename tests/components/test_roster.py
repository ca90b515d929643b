"""A roster file: every bad row named, then all or nothing."""

import dataclasses
import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import Conflict, Forbidden, Invalid, TooLarge
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobState
from academy.people.api import masked_phone, rename_organisation
from academy.people.models import Member, Membership, Organisation, RosterImport
from academy.roster import imports, sheet_xlsx
from tests.components.roster_office import HEADER, Town, confirm, csv, found, look, officer, reasons, send, xlsx
from tests.components.roster_town import ROWS
from tests.support import factories as make
from tests.support.shortcuts import drain


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_roster_is_looked_at_then_applied(runtime: Runtime, town: Town, encoding: str) -> None:
    made = send(runtime, town.east, csv(*ROWS, encoding=encoding))
    assert (made.state, made.problem) == ("checked", None)
    assert {k: made.summary[k] for k in ("added", "bad", "moved")} == {"added": 3, "bad": 0, "moved": 0}
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 0, "a dry run writes nothing"
    assert confirm(runtime, town.east, made).state == "applied"
    with runtime.db.read() as tx:
        people = {m.number: m for m in tx.scalars(select(Member))}
        one = people["A1"]
        assert (one.name, one.gender, one.birth_date, one.joined_on, one.position, one.status) == (
            "赵小满", "male", dt.date(1950, 3, 5), dt.date(1975, 7, 1), "支部书记", "active",
        )  # fmt: skip
        assert masked_phone(runtime.sealer, one) == "138****1234"
        assert (people["A2"].status, people["A2"].organisation_id) == ("floating", town.two.id)
        assert tx.scalar(select(func.count(Membership.id)).where(Membership.valid_to.is_(None))) == 3
    assert not imports.source(runtime.settings, made).exists(), "what was sent is not kept"


def test_xlsx_says_the_same_as_csv(runtime: Runtime, town: Town) -> None:
    rows = [
        [10001, "赵小满", "001-1", "男", dt.date(1950, 3, 5), "1975-07-01", 13800001234, "", "在册"],
        ["A2", "钱谷雨", "001-2"],
    ]
    made = send(runtime, town.east, xlsx(HEADER, rows))
    assert (made.state, made.summary["added"]) == ("checked", 2)
    confirm(runtime, town.east, made)
    with runtime.db.read() as tx:
        one = tx.scalars(select(Member).where(Member.number == "10001")).one()
        assert (one.birth_date, one.joined_on) == (dt.date(1950, 3, 5), dt.date(1975, 7, 1))
        assert masked_phone(runtime.sealer, one) == "138****1234"


def test_every_bad_row_is_named_with_every_reason(runtime: Runtime, town: Town) -> None:
    made = send(
        runtime,
        town.east,
        csv(
            "A1,赵小满,001-1,男,,,,,",
            "A1,重复人,001-1,,,,,,",
            "A2,没组织,404,,,,,,",
            "A3,别县人,9,,,,,,",
            "A4,,001-1,,,,,,",
            "A5,坏日期,001-1,,1990-02-30,,,,",
            "A6,坏电话,001-1,,,,1380000,,",
            '"A7","=HYPERLINK(""x"")",001-1,,,,,,',
            "A8,太年轻,001-1,,2000-05-05,2010-05-05,,,",
            ",无编号,001-1,,,,,,",
            "A9,两处错,001-1,外星,3000-01-01,,,,",
        ),
    )
    assert made.state == "refused"
    assert made.summary["bad"] == 10
    said = reasons(runtime, made)
    for line, words in {
        3: "编号 A1 与第 2 行重复",
        4: "没有组织代码 404",
        5: "组织代码 9 不在您的管理范围内",
        6: "没有填姓名",
        7: "日期“1990-02-30”看不懂",
        8: "电话号码不对",
        9: "像是公式",
        10: "不满 18 岁",
        11: "没有填编号",
        12: "性别“外星”看不懂",
    }.items():
        assert words in said[line], (line, said[line])
    assert "日期 3000年1月1日 不合理" in said[12], "all reasons of a row are given at once"
    with pytest.raises(Conflict), runtime.db.begin() as tx:
        imports.confirm_import(tx, officer(town.east), tx.get_one(RosterImport, made.id))
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 0


def test_missing_and_unknown_columns_are_said_and_may_be_pointed_out(runtime: Runtime, town: Town) -> None:
    made = send(runtime, town.east, csv("A1,赵小满,001-1,其他", header="党员编号,谁,支部代码,备注"))
    assert made.state == "refused"
    assert "缺少必需的列：姓名" in str(Message.from_json(made.problem or {}))
    assert made.header == ["党员编号", "谁", "支部代码", "备注"]
    with runtime.db.begin() as tx:
        row = tx.get_one(RosterImport, made.id)
        imports.choose_columns(
            tx, officer(town.east), row, {"number": "0", "name": "1", "organisation": "2", "phone": "x"}
        )
    drain(runtime)
    made = look(runtime, made)
    assert (made.state, made.summary["added"], made.problem) == ("checked", 1, None)


def test_a_mapping_is_remembered_for_the_next_file(runtime: Runtime, town: Town) -> None:
    made = send(runtime, town.east, csv("A1,赵小满,001-1", header="编号,谁,组织代码"))
    with runtime.db.begin() as tx:
        row = tx.get_one(RosterImport, made.id)
        imports.choose_columns(tx, officer(town.east), row, {"number": "0", "name": "1", "organisation": "2"})
    drain(runtime)
    confirm(runtime, town.east, made)
    again = send(runtime, town.east, csv("001-1,A2,钱谷雨", header="组织代码,编号,谁"))
    assert (again.state, again.mapping) == ("checked", {"number": 1, "name": 2, "organisation": 0})


def test_a_second_time_finds_nothing_to_do(runtime: Runtime, town: Town) -> None:
    confirm(runtime, town.east, send(runtime, town.east, csv(*ROWS)))
    again = send(runtime, town.east, csv(*ROWS), complete=True)
    assert {k: again.summary[k] for k in ("added", "moved", "changed", "left", "unchanged")} == {
        "added": 0, "moved": 0, "changed": 0, "left": 0, "unchanged": 3,
    }  # fmt: skip
    assert confirm(runtime, town.east, again).state == "applied"


def test_moved_changed_left_and_back(runtime: Runtime, town: Town) -> None:
    with clock.frozen(clock.now() - dt.timedelta(days=30)):
        confirm(runtime, town.east, send(runtime, town.east, csv(*ROWS, "A4,李惊蛰,001-1,,,,,,")))
    made = send(
        runtime,
        town.east,
        csv("A1,赵小满,001-2,,,,13900005678,,", "A2,钱谷雨,001-2,,,,,组织委员,", "A3,孙立夏,001,,,,,,"),
        complete=True,
    )
    assert {k: made.summary[k] for k in ("moved", "changed", "left", "unchanged", "added")} == {
        "moved": 1, "changed": 1, "left": 1, "unchanged": 1, "added": 0,
    }  # fmt: skip
    assert [f.name for f in found(runtime, made, "left")] == ["李惊蛰"]
    assert "139****5678" in str(found(runtime, made, "moved")[0].notes[0])
    confirm(runtime, town.east, made)
    with runtime.db.read() as tx:
        people = {m.number: m for m in tx.scalars(select(Member))}
        assert people["A1"].organisation_id == town.two.id
        assert masked_phone(runtime.sealer, people["A1"]) == "139****5678"
        assert (people["A1"].birth_date, people["A2"].position) == (dt.date(1950, 3, 5), "组织委员"), "blanks keep"
        assert people["A4"].status == "left"
        spells = tx.execute(
            select(Membership.organisation_id, Membership.valid_to)
            .where(Membership.member_id == people["A1"].id)
            .order_by(Membership.id)
        ).all()
        assert [tuple(s) for s in spells] == [(town.one.id, clock.today()), (town.two.id, None)]
        assert not tx.scalars(
            select(Membership).where(Membership.member_id == people["A4"].id, Membership.valid_to.is_(None))
        ).all()
    back = send(runtime, town.east, csv("A4,李惊蛰,001-2,,,,,,"))
    confirm(runtime, town.east, back)
    with runtime.db.read() as tx:
        person = tx.scalars(select(Member).where(Member.number == "A4")).one()
        assert (person.status, person.organisation_id) == ("active", town.two.id)
        assert (
            tx.scalar(select(func.count()).where(Membership.member_id == person.id, Membership.valid_to.is_(None))) == 1
        )


def test_nobody_is_pulled_in_from_elsewhere(runtime: Runtime, town: Town) -> None:
    with runtime.db.begin() as tx:
        make.member(tx, town.stranger, number="Z1")
    made = send(runtime, town.east, csv("Z1,某某,001-1,,,,,,"))
    assert "管理范围以外" in reasons(runtime, made)[2]
    assert send(runtime, town.city, csv("Z1,某某,001-1,,,,,,")).summary["moved"] == 1


def test_a_member_in_two_files_is_moved_by_the_second_after_a_second_look(runtime: Runtime, town: Town) -> None:
    first = send(runtime, town.east, csv("A1,赵小满,001-1,,,,,,"))
    second = send(runtime, town.east, csv("A1,赵小满,001-2,,,,,,"))
    assert first.summary["added"] == second.summary["added"] == 1
    confirm(runtime, town.east, first)
    second = confirm(runtime, town.east, second)
    assert second.state == "checked", "what the officer saw is no longer so"
    assert "有了变动" in str(Message.from_json(second.problem or {}))
    assert (second.summary["added"], second.summary["moved"]) == (0, 1)
    assert confirm(runtime, town.east, second).state == "applied"
    with runtime.db.read() as tx:
        assert tx.scalars(select(Member)).one().organisation_id == town.two.id


def test_a_change_elsewhere_does_not_bother_the_officer(runtime: Runtime, town: Town) -> None:
    made = send(runtime, town.east, csv(*ROWS))
    with runtime.db.begin() as tx:
        rename_organisation(tx, SYSTEM, tx.get_one(Organisation, town.stranger.id), "新名")
    assert confirm(runtime, town.east, made).state == "applied"


def test_a_failure_while_writing_leaves_nothing_and_may_be_tried_again(
    runtime: Runtime, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = send(runtime, town.east, csv(*ROWS))
    with monkeypatch.context() as patch:

        def crash(*_: object) -> int:
            raise RuntimeError("killed")

        patch.setattr("academy.roster.apply._move", crash)
        made = confirm(runtime, town.east, made)
    assert made.state == "applying"
    with runtime.db.begin() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 0
        tx.execute(update(Job).where(Job.state == JobState.QUEUED).values(run_after=clock.now()))
    drain(runtime)
    assert look(runtime, made).state == "applied"
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 3


def test_two_clicks_apply_once(runtime: Runtime, town: Town) -> None:
    made = send(runtime, town.east, csv(*ROWS))
    with runtime.db.begin() as tx:
        imports.confirm_import(tx, officer(town.east), tx.get_one(RosterImport, made.id))
        with pytest.raises(Conflict):
            imports.confirm_import(tx, officer(town.east), tx.get_one(RosterImport, made.id))
    drain(runtime)
    assert look(runtime, made).state == "applied"


def test_formula_cells_are_found_wherever_they_are(runtime: Runtime, town: Town) -> None:
    made = send(runtime, town.east, xlsx(HEADER, [["A1", "赵小满", "001-1"], ["A2", "=CONCAT(B2)", "001-1"]]))
    assert "第 2 列是公式" in reasons(runtime, made)[3]
    head = HEADER.replace("姓名", '="姓名"')
    made = send(runtime, town.east, xlsx(head, [["A1", "赵小满", "001-1"]]))
    assert "表头第 2 列是公式" in str(Message.from_json(made.problem or {}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "旧版 .xls"),
        (b"PK\x03\x04 nothing more", "已损坏"),
        (b"\xff\x00\x9f\x81\x30\xff\xff", "编码"),
        (b"\x00\x01\x02\x03text", "不是表格"),
        ("编号,姓名,组织代码\n\"A1,赵小满".encode() + b"x\n" * 100_000, "第 2 行有一个引号没有成对"),
        (b"\n\n\n", "空的"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(runtime: Runtime, town: Town, data: bytes, words: str) -> None:
    made = send(runtime, town.east, data)
    assert made.state == "refused"
    assert words in str(Message.from_json(made.problem or {}))


def bomb(megabytes: int, *, lie: bool = False) -> bytes:
    target = io.BytesIO(xlsx(HEADER, [["A1", "赵小满", "001-1"]]))
    out = io.BytesIO()
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", b"<row></row>" * (megabytes * 95_000) + b"</sheetData>")
            new.writestr(part.filename, data)
    raw = out.getvalue()
    if lie:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            size = book.getinfo("xl/worksheets/sheet1.xml").file_size
        raw = raw.replace(size.to_bytes(4, "little"), (4000).to_bytes(4, "little"))
    return raw


@pytest.mark.parametrize("lie", [False, True])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, lie: bool) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(bomb(40, lie=lie))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(Invalid, match="解压后过大"):
        sheet_xlsx.inspect(path)


def test_an_upload_over_the_limit_leaves_no_file(runtime: Runtime) -> None:
    small = dataclasses.replace(runtime.settings, max_form_mb=1)
    with pytest.raises(TooLarge):
        imports.receive_file(small, io.BytesIO(b"x" * (1 << 20) + b"x"))
    with pytest.raises(Invalid, match="空的"):
        imports.receive_file(small, io.BytesIO(b""))
    assert not any((small.data_dir / "rosters").iterdir())


def test_only_officers_of_the_node_may_send(runtime: Runtime, town: Town) -> None:
    received = imports.receive_file(runtime.settings, io.BytesIO(csv(*ROWS)))
    with runtime.db.begin() as tx, pytest.raises(Forbidden):
        imports.begin_import(tx, officer(town.one), town.east, received=received, filename="x.csv")
