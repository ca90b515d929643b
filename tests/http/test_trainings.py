"""Planning, coverage and names, as an officer and a member meet them."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select, text, update

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.people.models import Member, Organisation
from academy.reports.models import Export
from academy.trainings import service
from academy.trainings.models import Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training
from tests.support.shortcuts import drain, settle_all


@pytest.fixture
def city(runtime: Runtime) -> City:
    with clock.frozen(at()), runtime.db.begin() as tx:
        return City(tx)


@pytest.fixture
def plan(runtime: Runtime, city: City) -> Training:
    with clock.frozen(at()), runtime.db.begin() as tx:
        made = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, made)
        for one in city.courses:
            complete(tx, city.people[0].id, one.id, at(1))
        return made


def officer(
    runtime: Runtime, client: FlaskClient, role: Role, node: Organisation, person: Member | None = None
) -> None:
    with runtime.db.begin() as tx:
        token = make.session_token(tx, make.account(tx, person, (role, node)))
    sign_in(client, token)


@pytest.mark.thorough
def test_an_officer_plans_counts_and_opens(runtime: Runtime, client: FlaskClient, city: City) -> None:
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.city)
    assert "还没有培训" in client.get("/trainings").text
    form = client.get(f"/trainings/new/{city.city.public_id}")
    assert form.status_code == 200
    offered = client.get(f"/pick/organisations/{city.city.public_id}", query_string={"q": city.county.name}).text
    assert city.county.name in offered
    data = {
        "title": "学习培训",
        "opens_on": "2026-11-01",
        "closes_on": "2027-11-30",
        "courses": [c.public_id for c in city.courses],
        "nodes": [city.county.public_id],
        "statuses": ["active", "floating"],
        "joining": "include",
        "leaving": "drop",
        "moving": "follow",
    }
    counted = client.post(f"/trainings/new/{city.city.public_id}", data=data | {"preview": "1"})
    assert "20" in counted.text and "抽看几位" in counted.text
    nobody = client.post(f"/trainings/new/{city.city.public_id}", data=data | {"ages": ["71"], "preview": "1"})
    assert re.search(r'name="ages" value="71" checked', nobody.text) and "抽看几位" not in nobody.text
    kept = client.post(f"/trainings/new/{city.city.public_id}", data=data | {"ages": ["0", "71"]})
    assert kept.status_code == 302, kept.text
    assert "35 岁及以下、71 岁及以上" in client.get(kept.location).text
    assert client.post(kept.location + "/edit", data=data).status_code == 302
    page = client.get(kept.location)
    assert "确定开始" in page.text
    wrong = client.post(kept.location + "/edit", data=data | {"title": "", "closes_on": "2026-10-01"})
    assert "请填写培训名称" in wrong.text and "结束日期早于开始日期" in wrong.text
    opened = client.post(kept.location + "/open", follow_redirects=True)
    assert "20 名党员列入培训范围" in opened.text
    assert client.post(kept.location + "/open").status_code == 409
    assert "已结束" in client.post(kept.location + "/close", follow_redirects=True).text
    copied = client.post(kept.location + "/copy")
    assert "学习培训" in client.get(copied.location).text


def test_figures_lead_down_to_the_name(runtime: Runtime, client: FlaskClient, city: City, plan: Training) -> None:
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.city)
    assert plan.title in client.get("/coverage").text
    page = client.get(f"/coverage/{plan.public_id}/{city.city.public_id}")
    assert city.county.name in page.text and "下级合计与本级不一致" not in page.text
    branch = client.get(f"/coverage/{plan.public_id}/{city.branches[0].public_id}")
    assert city.people[0].name in branch.text and "未开通账号" in branch.text
    missing = client.get(f"/coverage/{plan.public_id}/{city.county.public_id}/names?status=missing")
    assert "共 19 人" in missing.text and f">{city.people[0].name} <" not in missing.text
    before = client.get(f"/coverage/{plan.public_id}/{city.branches[0].public_id}?day=2026-03-02")
    assert "24 点的情况" in before.text and ">已完成</span>" not in before.text


def test_what_lies_outside_is_missing_and_audited(
    runtime: Runtime, client: FlaskClient, city: City, plan: Training
) -> None:
    officer(runtime, client, Role.BRANCH_SECRETARY, city.branches[0])
    own, other = (f"/coverage/{plan.public_id}/{b.public_id}" for b in city.branches[:2])
    assert client.get(own).status_code == 200
    assert client.get(other).status_code == 404
    assert client.get(other + "/names").status_code == 404
    assert client.get(f"/coverage/{plan.public_id}/{city.city.public_id}").status_code == 404
    assert client.get(f"/trainings/{plan.public_id}/edit").status_code == 404
    data = {"kind": "names", "training": plan.public_id, "organisation": city.branches[1].public_id}
    assert client.post("/exports", data=data).status_code == 404
    with runtime.db.read() as tx:
        refused = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "access.refused")).all()
        assert len(refused) == 4


def test_a_member_sees_what_is_due(runtime: Runtime, client: FlaskClient, city: City, plan: Training) -> None:
    with runtime.db.begin() as tx:
        token = make.session_token(tx, make.account(tx, city.people[1]))
    sign_in(client, token)
    with clock.frozen(at(2)):
        with runtime.db.begin() as tx:
            token = make.session_token(tx, make.account(tx, city.people[2]))
        sign_in(client, token)
        page = client.get("/my/trainings")
        assert plan.title in page.text and "还差 3 门" in page.text
        assert client.get("/coverage").status_code == 404


def test_names_are_exported_as_a_sheet_that_runs_no_formula(
    runtime: Runtime, client: FlaskClient, city: City, plan: Training
) -> None:
    with runtime.db.begin() as tx:
        tx.get_one(Member, city.people[3].id).name = "=HYPERLINK(1)"
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.county)
    data = {"kind": "names", "training": plan.public_id, "organisation": city.county.public_id}
    for suffix in ("xlsx", "csv"):
        page = client.post("/exports", data=data | {"format": suffix}, follow_redirects=True)
        assert "正在生成" in page.text
    client.post("/exports", data=data | {"kind": "table"})
    drain(runtime)
    with runtime.db.read() as tx:
        sheet, text, table = tx.scalars(select(Export).order_by(Export.id)).all()
        assert (sheet.rows, text.rows) == (20, 20)
    answer = client.get(f"/exports/{sheet.public_id}/file")
    assert answer.status_code == 200
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    names = [row[4] for row in rows[3:]]
    assert "'=HYPERLINK(1)" in names and len(names) == 20
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(answer.data)).read("xl/worksheets/sheet1.xml")
    answer.close()
    with client.get(f"/exports/{text.public_id}/file") as answer:
        assert "'=HYPERLINK(1)" in answer.get_data().decode("utf-8-sig")
    with client.get(f"/exports/{table.public_id}/file") as answer:
        assert answer.status_code == 200
    with clock.frozen(clock.now() + dt.timedelta(days=8)):
        assert client.get(f"/exports/{sheet.public_id}/file").status_code in (302, 404)
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.city)
    assert client.get(f"/exports/{sheet.public_id}/file").status_code == 404


@pytest.mark.thorough
def test_as_many_queries_for_ten_members_as_for_ten_thousand(
    runtime: Runtime,
    client: FlaskClient,
    city: City,
    plan: Training,
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.city)
    paths = ("", "?day=2026-03-02", "/names", "/names?status=missing", "/names?status=not_started")
    paths += ("/names?sort=name", "/statistics")
    with runtime.db.begin() as tx:
        settle_all(tx)

    def open_page(path: str) -> None:
        assert client.get(f"/coverage/{plan.public_id}/{city.county.public_id}{path}").status_code == 200

    def queries() -> dict[str, int]:
        return {path: count_queries(lambda path=path: open_page(path)) for path in paths}  # type: ignore[misc]

    for path in paths:
        open_page(path)
    few = queries()
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        number = 10_000
        tx.execute(
            insert(Member),
            [
                {"public_id": f"p{n:015d}", "number": f"B{n}", "name": f"党员{n}", "organisation_id": branch.id}
                for branch in city.branches
                for n in range(branch.id * number, branch.id * number + number // 4)
            ],
        )
        # As its own upkeep does on a running server: without it PostgreSQL plans for ten members.
        tx.execute(text("ANALYZE members"))
        service.refresh_audience(tx, tx.get_one(Training, plan.id))
        settle_all(tx)
    assert queries() == few


def test_an_officer_reminds_and_prints_a_call_list(
    runtime: Runtime, client: FlaskClient, city: City, plan: Training
) -> None:
    with clock.frozen(at(2)):
        officer(runtime, client, Role.BRANCH_SECRETARY, city.branches[0], city.people[1])
        address = f"/coverage/{plan.public_id}/{city.branches[0].public_id}"
        assert "照现在的进度" in client.get(address).text
        page = client.get(address + "/remind")
        assert "提醒 1 人" in page.text
        sent = client.post(address + "/remind", data={"note": "一起学"}, follow_redirects=True)
        assert "已提醒 1 人" in sent.text and "一周内学完" in sent.text
        again = client.post(address + "/remind", follow_redirects=True)
        assert "没有需要提醒的人" in again.text
        calls = client.get(address + "/calls")
        assert city.people[2].name in calls.text and f">{city.people[0].name}<" not in calls.text
        other = f"/coverage/{plan.public_id}/{city.branches[1].public_id}/remind"
        assert client.get(other).status_code == client.post(other).status_code == 404


@pytest.mark.thorough
def test_statistics_have_a_table_beside_every_chart(
    runtime: Runtime, client: FlaskClient, city: City, plan: Training
) -> None:
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.county)
    with runtime.db.begin() as tx:
        settle_all(tx)
    page = client.get(f"/coverage/{plan.public_id}/{city.county.public_id}/statistics")
    assert page.status_code == 200
    assert page.text.count('<figure class="chart">') == 1 and page.text.count("<table") == 7
    data = {"kind": "groups", "training": plan.public_id, "organisation": city.county.public_id}
    client.post("/exports", data=data)
    client.post("/exports", data=data | {"kind": "evidence"})
    drain(runtime)
    with runtime.db.read() as tx:
        made = tx.scalars(select(Export).order_by(Export.id)).all()
        assert [e.filename.rsplit(".", 1)[1] for e in made] == ["xlsx", "zip"] and all(e.stored_at for e in made)


def test_a_filtered_page_is_of_yesterday_and_stays_as_it_was_shown(
    runtime: Runtime, client: FlaskClient, city: City, plan: Training
) -> None:
    page = f"/coverage/{plan.public_id}/{city.county.public_id}?gender=female"
    with runtime.db.begin() as tx:
        for person in tx.scalars(select(Member).order_by(Member.id)).all()[:10]:
            person.gender = "female"
    with clock.frozen(at(3)):
        officer(runtime, client, Role.NODE_ADMINISTRATOR, city.county)
        first = client.get(page)
        assert first.status_code == 200 and "2026年3月4日 24" in first.text and "按 5 取整" in first.text
        with runtime.db.begin() as tx:
            for person in tx.scalars(select(Member).order_by(Member.id)).all()[:10]:
                person.gender = "male"
        main = re.compile(r"<main.*</main>", re.DOTALL)
        assert main.findall(client.get(page).text) == main.findall(first.text)


def begun(runtime: Runtime, client: FlaskClient, city: City, monkeypatch: pytest.MonkeyPatch) -> str:
    """An officer has asked to open a training for too many to wait for; the address of its page."""
    monkeypatch.setattr(service, "AT_ONCE", 3)
    with runtime.db.begin() as tx:
        today = clock.today()
        made = training(tx, city.city, city.courses, opens_on=today, closes_on=today)
    officer(runtime, client, Role.NODE_ADMINISTRATOR, city.city)
    page = f"/trainings/{made.public_id}"
    assert client.post(f"{page}/open").status_code == 302
    return page


def test_the_page_of_a_training_that_is_being_opened_shows_how_far_it_is(
    runtime: Runtime, client: FlaskClient, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = begun(runtime, client, city, monkeypatch)
    shown = client.get(page).get_data(as_text=True)
    assert "正在开启" in shown and "<progress" in shown and 'id="work" data-job="/api/v1/jobs/' in shown
    assert "确定开始" not in shown and "删除草稿" not in shown and f"{page}/edit" not in shown
    assert "正在开启" in client.get("/trainings").get_data(as_text=True)
    assert client.post(f"{page}/open").status_code == 409
    drain(runtime, only=[service.OPEN])
    shown = client.get(page).get_data(as_text=True)
    assert "进行中" in shown and "data-job" not in shown


def test_the_page_of_a_training_that_could_not_be_opened_says_why(
    runtime: Runtime, client: FlaskClient, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = begun(runtime, client, city, monkeypatch)
    with runtime.db.begin() as tx:
        tx.execute(update(Member).values(status="left"))
    drain(runtime, only=[service.OPEN])
    shown = client.get(page).get_data(as_text=True)
    assert "上次没有开启成功" in shown and "没有一名党员需要参加" in shown and "确定开始" in shown
