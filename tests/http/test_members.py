"""The tree, its people and its rosters, as officers meet them; nothing outside one's scope."""

import csv
import io
import re
from collections.abc import Callable

import pytest
import xlsxwriter
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.people.models import Exemption, Member, Organisation
from academy.roster import columns
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.shortcuts import drain

Enter = Callable[..., FlaskClient]


@pytest.fixture
def city(runtime: Runtime) -> dict[str, Organisation]:
    with runtime.db.begin() as tx:
        top = make.organisation(tx, level="city", name="云城市委")
        east = make.organisation(tx, top, level="county", name="东县县委")
        west = make.organisation(tx, top, level="county", name="西县县委")
        branch = make.organisation(tx, east, name="河口村党支部")
        far = make.organisation(tx, west, name="山后村党支部")
        make.member(tx, branch, name="赵小满", number="A1")
        make.member(tx, far, name="钱谷雨", number="Z1")
        return {"top": top, "east": east, "west": west, "branch": branch, "far": far}


@pytest.fixture
def enter(app: Flask, runtime: Runtime) -> Enter:
    def as_(role: Role, node: Organisation) -> FlaskClient:
        client = app.test_client()
        with runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, make.account(tx, None, (role, node))))
        return client

    return as_


def test_an_administrator_walks_down_to_the_name(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["top"])
    start = client.get("/organisations")
    assert start.headers["Location"].endswith(city["top"].public_id)
    assert "东县县委" in client.get(start.headers["Location"]).text
    assert "河口村党支部" in client.get(f"/organisations/{city['east'].public_id}").text
    page = client.get(f"/organisations/{city['branch'].public_id}").text
    assert "赵小满" in page
    person = page.split('href="/members/')[1].split('"')[0]
    assert "基本信息" in client.get(f"/members/{person}").text
    with runtime.db.read() as tx:
        assert tx.scalars(select(AuditEntry.target).where(AuditEntry.verb == "member.read")).all() == [
            f"member:{person}"
        ], "reading a person is kept"


@pytest.mark.thorough
@pytest.mark.parametrize("where", ["west", "far", "top"])
def test_outside_ones_scope_there_is_nothing_and_it_is_kept(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime, where: str
) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["east"])
    target = city[where].public_id
    refused = client.get(f"/organisations/{target}")
    missing = client.get("/organisations/nosuchplace23456")
    assert refused.status_code == missing.status_code == 404
    assert city[where].name not in refused.text
    with runtime.db.read() as tx:
        row = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "access.refused")).one()
        assert (row.target, row.account_id is not None) == (f"organisation:{target}", True)


def test_a_stranger_is_not_found_by_any_door(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["east"])
    with runtime.db.read() as tx:
        stranger = tx.scalars(select(Member.public_id).where(Member.number == "Z1")).one()
    assert client.get(f"/members/{stranger}").status_code == 404
    assert client.post(f"/members/{stranger}/code").status_code == 404
    assert client.post(f"/members/{stranger}", data={"verb": "status", "status": "left"}).status_code == 404
    assert "钱谷雨" not in client.get("/organisations?q=山后").text
    assert "山后村" not in client.get("/organisations?q=山后").text
    assert "没有找到党员" in client.get(f"/organisations/{city['east'].public_id}?q=%").text


@pytest.mark.parametrize("role", [Role.TRAINER, Role.REVIEWER, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR])
def test_other_offices_have_no_business_here(enter: Enter, city: dict[str, Organisation], role: Role) -> None:
    client = enter(role, city["top"])
    for path in ("/organisations", f"/organisations/{city['top'].public_id}", "/rosters", "/exemptions"):
        assert client.get(path).status_code == 404


def test_a_secretary_reads_and_asks_but_does_not_change(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime
) -> None:
    client = enter(Role.BRANCH_SECRETARY, city["branch"])
    with runtime.db.read() as tx:
        person = tx.scalars(select(Member.public_id).where(Member.number == "A1")).one()
    page = client.get(f"/members/{person}").text
    assert "更正信息" not in page
    assert client.post(f"/members/{person}", data={"verb": "edit", "name": "改名"}).status_code == 404
    page = client.post(f"/members/{person}/code").text
    assert "激活码" in page and "激活用的二维码" in page
    form = {"reason": "年老体弱", "valid_from": "2026-01-01", "valid_to": ""}
    assert client.post(f"/members/{person}/exemptions/new", data=form).status_code == 303
    assert "请填写日期" in client.post(f"/members/{person}/exemptions/new", data={"reason": "x"}).text


def test_an_exemption_passes_through_two_hands(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    first, second = enter(Role.NODE_ADMINISTRATOR, city["east"]), enter(Role.NODE_ADMINISTRATOR, city["east"])
    with runtime.db.read() as tx:
        person = tx.scalars(select(Member.public_id).where(Member.number == "A1")).one()
    first.post(f"/members/{person}/exemptions/new", data={"reason": "年老体弱", "valid_from": "2026-01-01"})
    with runtime.db.read() as tx:
        asked = tx.scalars(select(Exemption.public_id)).one()
    assert "年老体弱" in second.get("/exemptions").text
    first.post(f"/exemptions/{asked}", data={"verb": "approve"})
    assert "不能批准自己提出的" in first.get("/exemptions").text
    second.post(f"/exemptions/{asked}", data={"verb": "approve"})
    assert "没有待批准的免训" in second.get("/exemptions").text
    assert second.post(f"/exemptions/{asked}", data={"verb": "eat"}).status_code == 422


def test_the_tree_is_changed_by_form(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["top"])
    east = city["east"].public_id
    form = {"code": "E9", "name": "新村党支部", "kind": "branch", "level": "branch", "sector": "rural"}
    made = client.post(f"/organisations/{east}/new", data=form)
    assert made.status_code == 303
    again = client.post(f"/organisations/{east}/new", data=form)
    assert again.status_code == 422 and "组织代码 E9 已经有了" in again.text and 'value="新村党支部"' in again.text
    change = made.headers["Location"] + "/change"
    assert "不能早于上一次变动" in client.post(change, data={"verb": "rename", "name": "改", "on": "2001-01-01"}).text
    assert client.post(change, data={"verb": "rename", "name": "改名党支部"}).status_code == 303
    assert "没有这个组织代码" in client.post(change, data={"verb": "move", "parent": "nope"}).text
    assert client.post(change, data={"verb": "move", "parent": city["west"].code}).status_code == 303
    stale = {"verb": "move", "parent": city["east"].code, "seen": str(city["east"].id)}
    assert client.post(change, data=stale).status_code == 409
    assert client.post(change, data={"verb": "close"}).status_code == 303
    assert "已于" in client.get(made.headers["Location"]).text


def test_a_member_is_entered_moved_and_corrected_by_form(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime
) -> None:
    client = enter(Role.ROSTER_OFFICER, city["top"])
    place = f"/organisations/{city['branch'].public_id}/members/new"
    wrong = client.post(place, data={"number": "B1", "name": "", "phone": "1"})
    assert wrong.status_code == 422 and "没有填姓名" in wrong.text and "电话号码不对" in wrong.text
    made = client.post(place, data={"number": "B1", "name": "孙立夏", "phone": "13800001234", "gender": "female"})
    assert made.status_code == 303
    at = made.headers["Location"]
    assert "138****1234" in client.get(at).text
    assert client.post(at, data={"verb": "transfer", "organisation": city["far"].code}).status_code == 303
    assert "山后村党支部" in client.get(at).text
    assert client.post(at, data={"verb": "status", "status": "left"}).status_code == 303
    page = client.post(at, data={"verb": "transfer", "organisation": city["branch"].code})
    assert page.status_code == 409 and "不能转接" in page.text


HEADER = "编号,姓名,组织代码,手机\n"


def upload(client: FlaskClient, node: Organisation, text: str, **extra: str) -> str:
    form = {
        "organisation": node.public_id,
        "kind": "members",
        "file": (io.BytesIO(text.encode()), "党员名册.csv"),
        **extra,
    }
    answer = client.post("/rosters", data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_roster_goes_through_the_pages(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.ROSTER_OFFICER, city["east"])
    code = city["branch"].code
    at = upload(client, city["east"], f"{HEADER}C1,李惊蛰,{code},\nC2,,{code},\nC3,周芒种,404,\n")
    assert "可以离开这一页" in client.get(at).text
    drain(runtime)
    page = client.get(at).text
    assert "需要修改" in page and "没有填姓名" in page and "没有组织代码 404" in page and "党员名册.csv" in page
    sheet = client.get(f"{at}/mend.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data)).get_sheet_by_index(0).to_python()
    assert rows[0][-1] == "需要修改的地方" and rows[1][:2] == ["3", "C2"] and "没有填姓名" in str(rows[1][-1])
    assert client.post(f"{at}/apply").status_code == 409
    at = upload(client, city["east"], f"{HEADER}C1,李惊蛰,{code},\nA1,赵小满,{code},13800001234\n")
    drain(runtime)
    page = client.get(at).text
    assert "没有错误" in page and "李惊蛰" in page
    assert "138****1234" in client.get(f"{at}?show=changed").text
    assert client.post(f"{at}/apply").status_code == 303
    drain(runtime)
    assert "全部导入" in client.get(at).text
    assert "李惊蛰" in client.get(f"/organisations/{city['branch'].public_id}").text


def workbook(rows: list[list[object]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.thorough
def test_bad_rows_are_mended_and_sent_back_alone(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime, kind: str
) -> None:
    client = enter(Role.ROSTER_OFFICER, city["east"])
    code = city["branch"].code
    body = "\n".join([f"D{n},李惊蛰,{code}," for n in range(5)])
    at = upload(client, city["east"], f"{HEADER}{body}\nD8,,{code},\nD9,周芒种,404,\nD10,吴,{code},,多\n")
    drain(runtime)
    assert "传回改好的行" in client.get(at).text
    sheet = client.get(f"{at}/mend.{kind}").data
    if kind == "xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    else:
        rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
    assert [int(row[0]) for row in rows[1:]] == [7, 8, 9]
    rows[1][2], rows[2][3] = "钱谷雨", code
    rows[3][1:] = [""] * len(rows[3][1:])  # not wanted after all

    def send(data: bytes) -> str:
        form = {"file": (io.BytesIO(data), f"mended.{kind}")}
        assert client.post(f"{at}/mended", data=form).status_code == 303
        drain(runtime)
        return client.get(at).text

    assert "表头不一样" in send(workbook([["编号", "姓名"], ["1", "x"]])), "another sheet is refused in words"
    assert "没有填姓名" in client.get(at).text, "and what was found stays"
    if kind == "xlsx":
        page = send(workbook(rows))
    else:
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        page = send(out.getvalue().encode())
    assert "没有错误" in page and "7" in page
    assert client.post(f"{at}/apply").status_code == 303
    drain(runtime)
    with runtime.db.read() as tx:
        numbers = set(tx.scalars(select(Member.number).where(Member.number.startswith("D"))))
    assert numbers == {*(f"D{n}" for n in range(5)), "D8", "D9"}
    assert client.post(f"{at}/mended", data={"file": (io.BytesIO(b"x"), "x.csv")}).status_code == 409
    assert client.post(f"{at}/mended").status_code == 422


@pytest.mark.parametrize("kind", ["members", "tree"])
def test_a_template_holds_every_heading_that_is_known(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime, kind: str
) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["top"])
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/rosters/template.xlsx?kind={kind}").data))
    header = book.get_sheet_by_index(0).to_python()[0]
    assert columns.guess(columns.COLUMNS_BY_KIND[kind], header).keys() == {
        column.field for column in columns.COLUMNS_BY_KIND[kind]
    }
    assert len(book.get_sheet_by_index(1).to_python()) == len(header)


def test_columns_may_be_pointed_out_on_the_page(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.ROSTER_OFFICER, city["east"])
    at = upload(client, city["east"], f"号,谁,哪里,备注\nC1,李惊蛰,{city['branch'].code},x\n")
    drain(runtime)
    page = client.get(at).text
    assert "缺少必需的列：编号、姓名、组织代码" in page and "没有用到的列" in page
    assert client.post(f"{at}/columns", data={"number": "0", "name": "1", "organisation": "2"}).status_code == 303
    drain(runtime)
    assert "没有错误" in client.get(at).text
    assert client.post(f"{at}/discard").status_code == 303
    assert "已放弃" in client.get("/rosters").text


def test_a_roster_of_somebody_else_is_not_there(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    at = upload(enter(Role.ROSTER_OFFICER, city["east"]), city["east"], f"{HEADER}C1,李惊蛰,404,\n")
    drain(runtime)
    stranger = enter(Role.ROSTER_OFFICER, city["west"])
    for path in (at, f"{at}/mend.xlsx"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{at}/apply").status_code == 404
    form = {"organisation": city["east"].public_id, "file": (io.BytesIO(b"x"), "x.csv")}
    assert stranger.post("/rosters", data=form).status_code == 404
    assert "李惊蛰" not in stranger.get("/rosters").text
    assert "请选择文件" in stranger.post("/rosters", data={"organisation": city["west"].public_id}).text


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.thorough
def test_the_same_number_of_queries_for_ten_members_and_a_thousand(
    enter: Enter, city: dict[str, Organisation], runtime: Runtime
) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["top"])

    def queries() -> int:
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(runtime.db.engine, "before_cursor_execute", note)
        try:
            assert client.get(f"/organisations/{city['east'].public_id}").status_code == 200
        finally:
            event.remove(runtime.db.engine, "before_cursor_execute", note)
        return len(seen)

    few = queries()
    with runtime.db.begin() as tx:
        for _ in range(20):
            node = make.organisation(tx, city["east"])
            for _ in range(50):
                make.member(tx, node)
    assert queries() == few


@pytest.mark.thorough
def test_a_past_day_and_a_merger_on_the_pages(enter: Enter, city: dict[str, Organisation], runtime: Runtime) -> None:
    client = enter(Role.NODE_ADMINISTRATOR, city["top"])
    merge = f"/organisations/{city['branch'].public_id}/merge"
    assert city["far"].name in client.get(merge).text, "branches are offered by name"
    assert f"into={city['east'].public_id}" not in client.get(f"{merge}?q={city['east'].code}").text, "another level"
    assert f"into={city['east'].public_id}" not in client.get(merge).text
    preview = client.get(f"{merge}?into={city['far'].public_id}").text
    assert f"1 人并入“{city['far'].name}”" in preview and "赵小满" in preview
    seen = re.search(r'name="seen" value="(\d+)"', preview)[1]  # type: ignore[index]
    wanted = {"into": city["far"].public_id, "seen": seen, "on": ""}
    assert client.post(merge, data=wanted | {"seen": str(int(seen) + 1)}).status_code == 409, "not what was seen"
    other = client.post(merge, data=wanted | {"into": city["top"].public_id})
    assert other.status_code == 422 and "不是同一级" in other.text
    assert client.post(merge, data=wanted | {"into": "nope"}).status_code == 404
    seen = re.search(r'name="seen" value="(\d+)"', client.get(f"{merge}?into={city['far'].public_id}").text)[1]  # type: ignore[index]
    assert client.post(merge, data=wanted | {"seen": seen}).status_code == 303
    assert "赵小满" in client.get(f"/organisations/{city['far'].public_id}").text
    undone = client.post(f"{merge}/undo", follow_redirects=True).text
    assert "已撤回合并，1 人转回来了" in undone and "赵小满" in undone
    assert "不是因合并而撤销" in client.post(f"{merge}/undo", follow_redirects=True).text
    seen = re.search(r'name="seen" value="(\d+)"', client.get(f"{merge}?into={city['far'].public_id}").text)[1]  # type: ignore[index]
    assert client.post(merge, data=wanted | {"seen": seen}).status_code == 303
    past = client.get(f"/organisations/{city['east'].public_id}/past?on=2021-01-01").text
    assert "河口村党支部" in past
    assert "河口村党支部" not in client.get(f"/organisations/{city['east'].public_id}/past").text
    assert client.get(f"/organisations/{city['east'].public_id}/past?on=nonsense").status_code == 200
