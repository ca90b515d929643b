"""Reports say what the rows say, in the reader's language, on paper too."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from academy.core import clock, disclosure
from academy.core.actor import NOBODY, SYSTEM
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound, SignInRequired
from academy.core.i18n import Message, translator_for
from academy.core.runtime import Runtime
from academy.learning import completions
from academy.people.api import change_status, edit_member
from academy.people.models import Exemption, Member, Organisation
from academy.reports import builder, coverage, name_pages, pdf, period, quality
from academy.reports.service import EXPORT_KINDS, request_export
from academy.reports.sheet_files import open_sheet
from academy.reports.tables import Report, ReportColumn, ReportRow, ReportTable, write
from academy.trainings import service
from tests.support import factories as make
from tests.support import shelf
from tests.support.coverage_city import City, at, training
from tests.support.shortcuts import grant_exemption

WHEN = "2026-Q1"


@pytest.fixture
def city(runtime: Runtime) -> City:
    """Twenty members; the first three study in the first quarter of 2026, the fourth in the second."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        for number, person in enumerate(city.people):
            person.birth_date = dt.date(1950 + 2 * number, 3, 5)
            person.gender = "female" if number % 2 else "male"
        shelf.change_version(tx, city.courses[0], credit_minutes=90)
        service.open_training(tx, SYSTEM, training(tx, city.city, city.courses[:1]))
        for person, days in zip(city.people, (1, 2, 2, 40), strict=False):
            completions.finish_course(tx, person.id, city.courses[0], int(at(days).timestamp() * 1000), "watched")
        return city


def table(report: Report, key: str) -> ReportTable:
    return next(one for one in report.tables if one.key == key)


def cells(report: Report, key: str) -> dict[str, list[Any]]:
    return {
        str(line.cells[0]): [str(c) if isinstance(c, Message) else c for c in line.cells[1:]]
        for line in table(report, key).lines
    }


def params(city: City, kind: str, **more: str) -> dict[str, Any]:
    return {"report": kind, "organisation": city.city.public_id, **more}


def test_a_quarter_adds_up_from_place_to_group(runtime: Runtime, city: City) -> None:
    with clock.frozen(at(60)), runtime.db.read() as tx:
        found = builder.build_report(tx, "period", tx.get_one(Organisation, city.city.id), {"period": WHEN})
        places = cells(found, "places")
        assert places["合计"] == [20, 0, 3, 0.15, 3, 4.5]
        assert places[city.county.name] == places["合计"], "everybody belongs to the one county"
        assert cells(found, "trainings")["春季培训"][:4] == [20, 0, 3, 0.15]
        ages = cells(found, "age")
        assert len(ages) == 5 and "无职务" in cells(found, "post")
        town = builder.build_report(tx, "period", tx.get_one(Organisation, city.branches[0].id), {"period": "2026"})
        assert cells(town, "places")["合计"][2:5] == [4, 0.8, 4], "the whole year has the fourth one too"
        assert "各季度相加与全年不同" in str(town.definition), "and it says why"
        with pytest.raises(NotFound):
            period.period("2026-Q9")
        with pytest.raises(NotFound):
            period.period("2093")


def test_groups_of_a_period_are_released_by_the_one_rule(runtime: Runtime, city: City) -> None:
    """Heads alone, with noise by who is counted at all; few withheld, every post and age listed."""
    with clock.frozen(at(60)), runtime.db.begin() as tx:
        people = tx.scalars(select(Member).order_by(Member.id)).all()
        for number, person in enumerate(people):
            person.birth_date = dt.date(1940 if number < 3 else 1960 if number < 9 else 1990, 1, 1)
        found = builder.build_report(tx, "period", tx.get_one(Organisation, city.city.id), {"period": WHEN})
        rows = {name: row[:3] for name, row in cells(found, "age").items()}
        who = [sum(p.id**2 % 2_147_483_647 for p in part) for part in (people, [], people[:3])]
        for name, key, numbers in (("61–70 岁", "61", (6, 0, 0)), ("36–45 岁", "36", (11, 0, 0))):
            shown = disclosure.release(f"age={key}", numbers[0], list(zip(numbers, who, strict=True)))
            assert rows[name] == (["*"] * 3 if shown is None else [shown[0], min(shown[:2]), min(shown[0], shown[2])])
        assert rows["71 岁及以上"] == rows["46–60 岁"] == ["*"] * 3, "three people, and nobody"
        assert len(table(found, "age").columns) == 5, "no courses, no hours"


def test_lists_of_secretaries_floating_and_exempt(runtime: Runtime, city: City) -> None:
    with clock.frozen(at(60)), runtime.db.begin() as tx:
        people = [tx.get_one(Member, person.id) for person in city.people]
        sealer, today = runtime.sealer, clock.today()
        edit_member(tx, SYSTEM, sealer, people[3], {"position": "党支部书记", "position_since": "2026-04-01"})
        edit_member(tx, SYSTEM, sealer, people[4], {"position": "书记", "position_since": "2020-01-01"})
        change_status(tx, SYSTEM, people[5], "floating", on=dt.date(2026, 4, 2), note="外省务工")
        grant_exemption(tx, people[6], reason="年老体弱", valid_from=today)
        grant_exemption(tx, people[7], reason="患病", valid_from=today, valid_to=today + dt.timedelta(days=9))
        node = tx.get_one(Organisation, city.city.id)
        new = list(table(builder.build_report(tx, "secretaries", node, {}), "list").lines)
        assert [line.cells[0] for line in new] == [people[3].name], "the other one has been it for years"
        assert new[0].cells[5:] == [1, "1 / 1"], "what was studied since, and the running training"
        away = list(table(builder.build_report(tx, "floating", node, {}), "list").lines)
        assert away[0].cells[3:5] == [dt.date(2026, 4, 2), "外省务工"]
        exempt = builder.build_report(tx, "exemptions", node, {})
        assert cells(exempt, "reasons") == {"年老体弱": [1, 1], "患病": [1, 0]}
        assert exempt.figures[0][1] == 2
        later = {"day": (today + dt.timedelta(days=9)).isoformat()}
        assert list(cells(builder.build_report(tx, "exemptions", node, later), "list")) == [people[6].name]
        assert tx.scalar(select(Exemption.approved_by).limit(1)) is None


def test_what_is_wrong_in_the_register_is_counted_and_listed(runtime: Runtime, city: City) -> None:
    with runtime.db.begin() as tx:
        one, two, three = (tx.get_one(Member, person.id) for person in city.people[:3])
        one.birth_date = None
        two.phone_index = three.phone_index = "same"
        two.joined_on = dt.date(1960, 1, 1)
        make.organisation(tx, tx.get_one(Organisation, city.towns[0].id), name="空支部")
        found = builder.build_report(tx, "quality", tx.get_one(Organisation, city.city.id), {})
        counts = {label: row[0] for label, row in cells(found, "checks").items()}
        assert (counts["没有出生日期"], counts["手机号与别人相同"], counts["入党时不满 18 岁"]) == (1, 2, 1)
        assert (counts["支部没有书记"], counts["支部没有党员"]) == (4, 1)
        assert len(list(table(found, "list").lines)) == found.figures[0][1] == sum(counts.values())
        page = builder.build_report(tx, "quality", tx.get_one(Organisation, city.city.id), {"check": "empty_branch"}, 1)
        assert [line.cells[1] for line in table(page, "list").lines] == ["空支部"]
        assert {one.of_people for one in quality.CHECKS.values()} == {True, False}


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("kind", ["period", "secretaries", "floating", "exemptions", "quality"])
def test_every_report_becomes_every_kind_of_file(runtime: Runtime, city: City, kind: str, tmp_path: Path) -> None:
    with clock.frozen(at(60)), runtime.db.read() as tx:
        said = []
        for format in ("xlsx", "csv", "pdf"):
            for language in ("zh", "en"):
                path = tmp_path / f"x-{language}.{format}"
                rows = builder.write_report(
                    tx, params(city, kind, format=format, language=language), path, lambda _: None
                )
                said.append((format, language, rows, path))
    assert len({rows for _, _, rows, _ in said}) == 1
    english = next(path for format, language, _, path in said if (format, language) == ("csv", "en"))
    heads = english.read_text("utf-8-sig").splitlines()[1]
    assert heads.isascii() or not any("\u4e00" <= letter <= "\u9fff" for letter in heads), heads


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_headings_are_in_the_readers_language_and_formulas_do_not_run(
    runtime: Runtime, city: City, tmp_path: Path
) -> None:
    with runtime.db.begin() as tx:
        plan = training(tx, tx.get_one(Organisation, city.city.id), city.courses[1:2], title="=1+1")
        tx.get_one(Member, city.people[0].id).name = "@SUM(A1)"
        service.open_training(tx, SYSTEM, plan)
        asked = {"training": plan.public_id, "organisation": city.city.public_id}
    with clock.frozen(clock.now() + dt.timedelta(days=1)):
        coverage.publish_groups(runtime.db, asked)
    with clock.frozen(clock.now() + dt.timedelta(days=1)), runtime.db.begin() as tx:
        for write in (coverage.write_names, coverage.write_table, coverage.write_groups):
            _write(tx, write, asked | {"format": "xlsx", "language": "en"}, tmp_path / "a.xlsx")
            rows = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
            assert str(rows[0][0]).startswith("'=1+1"), "the title of a training is no formula"
            assert "已完成" not in map(str, rows[2])
        _write(tx, coverage.write_names, asked | {"format": "csv"}, tmp_path / "a.csv")
        names = list(csv.reader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))
        assert "'@SUM(A1)" in {row[4] for row in names[3:]}
        assert names[2][0] == "县（区）"
        _write(tx, coverage.write_names, asked | {"format": "pdf"}, tmp_path / "a.pdf")
        text = read_pdf(tmp_path / "a.pdf")
        assert city.branches[0].name in text and "完成门数" in text


def _write(tx: Tx, write: Any, asked: dict[str, Any], path: Path) -> None:
    assert write(tx, asked, path, lambda _: None) > 0


def read_pdf(path: Path) -> str:
    """The text of a PDF, by the reader that the academy itself uses."""
    with pypdfium2.PdfDocument(str(path)) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return "\n".join(pages)


def test_only_shares_are_printed_as_shares(tmp_path: Path) -> None:
    """Half a class hour was 50.0% on paper: the same number means something else in another column."""
    columns = [ReportColumn("名目"), ReportColumn("课时", "hours"), ReportColumn("占比", "share")]
    values = [number / 20 for number in range(21)]
    lines = [ReportRow((f"第{number}行", one * 2, one)) for number, one in enumerate(values)]
    table = ReportTable("x", "x", columns, lines)
    write(Report("x", "x", Message("x"), [table]), str, "pdf", tmp_path / "a.pdf", lambda _: None)
    words = read_pdf(tmp_path / "a.pdf").split()
    for number, one in enumerate(values):
        place = words.index(f"第{number}行")
        assert words[place + 1 : place + 3] == [f"{one * 2:g}", f"{one:.1%}"]


@pytest.mark.thorough
def test_paper_repeats_its_headings_and_has_an_end(tmp_path: Path) -> None:
    with open_sheet(tmp_path / "a.pdf", "pdf", "x", [10, 30], header_row=2) as sheet:
        for row in (["标题"], ["截至今天"], ["姓名", "原因"]):
            sheet.row(row)
        for number in range(120):
            sheet.row([f"党员{number}", "很长的原因" * 40 if number == 3 else None])
    text = read_pdf(tmp_path / "a.pdf")
    assert text.count("姓名") >= 4 and text.count("党员") == 120 and "1 / " in text
    assert text.count("很长的原因") >= 35, "a long cell is wrapped, not cut"
    with pytest.raises(Invalid), open_sheet(tmp_path / "b.pdf", "pdf", "x", [10], header_row=1) as sheet:
        for number in range(pdf.MOST + 9):
            sheet.row([number, number])
    assert not (tmp_path / "b.pdf").exists()
    assert b"/FontFile3" in (tmp_path / "a.pdf").read_bytes() or b"/FontFile2" in (tmp_path / "a.pdf").read_bytes()


def test_a_speaker_says_sentences_within_sentences() -> None:
    when = Message("%(year)s 年", {"year": "2026"})
    assert translator_for("zh")(Message("学习情况 %(period)s", {"period": when})) == "学习情况 2026 年"
    assert "2026" in translator_for("en")(Message("学习情况 %(period)s", {"period": when}))
    assert translator_for("en")("马青山") == "马青山"


@pytest.mark.thorough
def test_printed_names_stand_on_few_pages_in_sections(runtime: Runtime, tmp_path: Path) -> None:
    """Fifty names a page, each organisation under its own heading: a county's 1,763 members took 112 pages."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        for _ in range(180):
            make.member(tx, city.branches[0])
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
    params = {"training": plan.public_id, "organisation": city.county.public_id, "format": "pdf"}
    with clock.frozen(at(1)), runtime.db.read() as tx:
        assert coverage.write_names(tx, params, tmp_path / "names.pdf", lambda done: None) == 200
    with pypdfium2.PdfDocument(tmp_path / "names.pdf") as document:
        assert len(document) <= 5
        width, height = document[0].get_size()
        assert width < height, "portrait"
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert all(f"{town.name} › {branch.name}" in text for town in city.towns for branch in city.branches
               if branch.parent_id == town.id)  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_long_files_say_how_far_they_are(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "EVERY", 5)
    monkeypatch.setattr(name_pages, "EVERY", 5)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
    asked = {"training": plan.public_id, "organisation": city.city.public_id}
    with clock.frozen(at(1)), runtime.db.read() as tx:
        for format in ("csv", "pdf"):
            told: list[int] = []
            coverage.write_names(tx, asked | {"format": format}, tmp_path / f"names.{format}", told.append)
            assert len(told) >= 3 and told == sorted(told) and told[-1] <= 1000, format


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_file_that_is_not_made_is_refused_in_words(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        who = make.actor_of(tx, make.account(tx))
        for kind, params in (("nothing", {}), (EXPORT_KINDS[0], {"format": "exe"})):
            with pytest.raises(Invalid):
                request_export(tx, who, kind, params, title="")
        with pytest.raises(SignInRequired):
            request_export(tx, NOBODY, EXPORT_KINDS[0], {}, title="")
