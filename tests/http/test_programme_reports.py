"""Pages of the programme's reports: figures lead to as many lines, counties see theirs, files hold the same rows."""

import csv
import html
import io
import re
import zipfile

import pytest
from sqlalchemy import select

from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.reports.models import Export
from tests.http.faculty_city import City, city
from tests.support.shortcuts import drain

__all__ = ["city"]


def taught(city: City) -> None:
    """Two lecturers of a county, one of whom has taught, one of another; a term."""
    one = city.confirmed("周正")
    city.confirmed("吴远")
    city.term()
    held = city.lecture(one)
    outcome = {"verb": "held", "teacher": [one], "share": ["100"], "kind": "roll", "reference": "签到表 12"}
    assert city.office.post(f"/faculty/lectures/{held}", data=outcome).status_code == 303


def figures(page: str) -> list[tuple[str, str]]:
    """Address and number of each figure with a link."""
    return [(html.unescape(href), number) for href, number in re.findall(r'<dd><a href="([^"]+)">([\d.,%]+)</a>', page)]


@pytest.mark.thorough
def test_the_answer_comes_first_and_each_figure_leads_to_its_lines(city: City) -> None:
    taught(city)
    home = city.office.get("/faculty/reports")
    assert home.location == f"/faculty/reports/{city.top.public_id}"
    page = city.office.get(f"/faculty/reports/{city.top.public_id}").text
    assert page.index("授课任务没有逾期") < page.index("学期或年份")
    found = [(href, number) for href, number in figures(page) if "/hours" not in href]
    assert len(found) >= 6
    for href, number in found:
        listed = city.office.get(href).text
        total = re.search(r'id="total">([\d,]+) 行', listed)
        assert total is not None and total[1] == number, href
    hours = next(href for href, _ in figures(page) if "/hours" in href)
    assert "乡村振兴怎么干" in city.office.get(hours).text
    assert "2026 年" in city.office.get(f"{home.location}?period=2026").text
    late = city.office.get(f"{home.location}?period=2026&on=2026-05-01").text
    assert "还没有" in late or "没有。" in late
    for wrong in ("?period=1850", "?period=nothing"):
        assert city.office.get(home.location + wrong).status_code == 404
    assert city.office.get(f"{home.location}/nothing").status_code == 404


@pytest.mark.thorough
def test_a_county_reads_its_units_only(city: City, runtime: Runtime) -> None:
    taught(city)
    county, other = city.client(city.county), city.client(city.other)
    own = county.get("/faculty/reports").location
    assert "周正" in county.get(f"{own}/owed").text and "周正" in county.get(f"{own}/hours").text
    unit = city.county.public_id
    assert "只看：中共东山县委员会" in county.get(f"{own}/owed?unit={unit}").text
    assert "周正" in county.get(f"{own}/pool?unit={unit}").text
    assert county.get(f"{own}/owed?unit={city.other.public_id}").status_code == 404
    elsewhere = other.get("/faculty/reports").location
    assert "周正" not in other.get(f"{elsewhere}/owed").text + other.get(f"{elsewhere}/hours").text
    assert other.get(f"{own}/owed").status_code == 404 and other.get(own).status_code == 404
    assert other.post(f"{own}/owed", data={"format": "csv"}).status_code == 404
    assert other.post(f"{own}/pack").status_code == 404
    for kind in ("shares", "requests", "reviews", "evaluations", "contests", "subjects"):
        assert county.get(f"{own}/{kind}").status_code == 404
        assert county.post(f"{own}/{kind}", data={"format": "csv"}).status_code == 404
    assert "领导干部授课占" not in county.get(own).text
    with runtime.db.read() as tx:
        read = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "people.listed")).all()
        assert {"programme_reports.rows"} <= {entry.detail["page"] for entry in read}


@pytest.mark.thorough
def test_a_chip_says_what_its_figure_says(city: City) -> None:
    """Behind a median stood the number of its lines, behind a rate too."""
    taught(city)
    here = city.office.get("/faculty/reports").location
    shown = r'<dt>(?:<[^>]+>)*([^<]+)</dt><dd>(?:<a [^>]+>)?([^<]+)<|<a class="chip"[^>]*>([^<]+)</a>'
    overview = city.office.get(here).text
    kinds = set(re.findall(rf'href="{here}/(\w+)\?', overview))
    assert len(kinds) == 11
    for kind in kinds:
        of_kind = overview.partition(f'id="of-{kind}"')[2].partition("</section>")[0]
        figures = {f"{label.strip()} {number.strip()}" for label, number, _ in re.findall(shown, of_kind)}
        for show in ("", *re.findall(rf"/{kind}\?[^\"]*show=([^\"&]+)", of_kind)):
            page = city.office.get(f"{here}/{kind}?show={show}").text
            chips = [html.unescape(one.strip()) for _, _, one in re.findall(shown, page) if one]
            assert not figures or set(chips) <= figures, kind
            assert page.count('class="chip" href') == len(chips) and len(set(chips)) == len(chips)
            assert page.partition("</nav>")[0].count('aria-current="true"') <= 3


def test_each_line_about_a_lecture_leads_to_its_whole_life(city: City) -> None:
    taught(city)
    for client in (city.office, city.client(city.county)):
        here = client.get("/faculty/reports").location
        page = client.get(f"{here}/hours").text
        total = re.search(r'id="total">(\d+) 行', page)
        leading = re.findall(r'href="(/faculty/lectures/[^"/]+/life)"', page)
        assert total is not None and len(leading) == int(total[1]) > 0
        for address in leading:
            assert "乡村振兴怎么干" in client.get(address).text
        assert "全程" not in client.get(f"{here}/owed").text, "a column of nothing"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_a_list_is_taken_as_a_file_of_the_same_rows(city: City, runtime: Runtime, kind: str) -> None:
    taught(city)
    here = city.office.get("/faculty/reports").location
    assert city.office.post(f"{here}/owed", data={"format": kind, "show": "open"}).status_code == 302
    drain(runtime)
    with runtime.db.read() as tx:
        export = tx.scalars(select(Export)).one()
    assert export.rows == 1 and export.filename.endswith(kind) and "授课任务" in export.filename
    answer = city.office.get(f"/exports/{export.public_id}/file")
    assert answer.status_code == 200
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [row[0] for row in rows[3:]] == ["吴远"]
    answer.close()


def test_there_is_no_pack_of_a_term_that_began_today(city: City, runtime: Runtime) -> None:
    taught(city)
    with runtime.db.begin() as tx:
        for one in tx.scalars(select(TeachingTerm)):
            one.first_day = clock.today()
        key = one.public_id
    here = city.office.get("/faculty/reports").location
    for on in ({}, {"on": "2026-01-01"}, {"on": clock.today().isoformat()}):
        answer = city.office.post(f"{here}/pack", data={"period": key} | on)
        assert answer.status_code == 404 and "明天再来生成证明材料" in answer.text
    with runtime.db.read() as tx:
        assert tx.scalar(select(Export)) is None


@pytest.mark.thorough
def test_a_pack_holds_every_list_and_ends_with_yesterday(city: City, runtime: Runtime) -> None:
    taught(city)
    here = city.office.get("/faculty/reports").location
    assert city.office.post(f"{here}/pack", data={"period": "2026"}).status_code == 302
    drain(runtime)
    with runtime.db.read() as tx:
        export = tx.scalars(select(Export)).one()
    assert export.filename.endswith("2026-05-19.zip")
    answer = city.office.get(f"/exports/{export.public_id}/file")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert {"manifest.json", "cover.pdf", "figures.csv", "owed.csv", "shares.csv", "contests.csv"} <= set(
            pack.namelist()
        )
    answer.close()
