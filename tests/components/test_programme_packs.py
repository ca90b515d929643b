"""Packs of the programme: confirmed later, every change named; the cover's figures are the pack's."""

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import translator_for
from academy.core.runtime import Runtime
from academy.faculty import lectures
from academy.faculty.models import ProgrammeLecture
from academy.faculty.reporting import lists
from academy.people.models import Organisation
from academy.reports import evidence_cover, programme_pack
from tests.components.evaluated_lecture import NOON, scene
from tests.support import factories as make
from tests.support import faculty as school_rows


def _pack(tx: Tx, node: Organisation, path: Path, period: str = "2026", on: str = "2026-03-04") -> int:
    params = {"organisation": node.public_id, "period": period, "on": on}
    return programme_pack.write_pack(tx, params, path, lambda _done: None)


@pytest.mark.thorough
def test_a_pack_is_confirmed_and_every_later_change_is_named(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with clock.frozen(NOON), runtime.db.begin() as tx:
        one = scene(tx, (3,))
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        assert _pack(tx, node, path) > 0
        assert programme_pack.check_pack(tx, path) == []
        manifest = json.loads(zipfile.ZipFile(path).read("manifest.json"))
        assert (manifest["as_of"], manifest["counts"]["hours"]) == ("2026-03-04", 1)
    # What happens later is another day's business …
    with clock.frozen(NOON + dt.timedelta(days=90)), runtime.db.begin() as tx:
        lecture = tx.get_one(ProgrammeLecture, one.lecture.id)
        school_rows.lecture(tx, lecture.term, dt.date(2026, 5, 6), (tx.merge(one.lecturer), 1000))
        assert programme_pack.check_pack(tx, path) == []
        # … but what is taken back for that day is named with who did it, and so is a changed file.
        lectures.reopen_lecture(tx, one.office, lecture)
        found = programme_pack.check_pack(tx, path)
        assert any(line.startswith(f"hours: {lecture.public_id}/") and "not now" in line for line in found)
        assert any("lecture.reopened" in line and lecture.public_id in line for line in found)
        forged = tmp_path / "forged.zip"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
            for name in old.namelist():
                text = old.read(name)
                new.writestr(name, text.replace(b",2.0", b",9.0") if name == "hours.csv" else text)
            new.writestr("more.csv", "1")
        found = programme_pack.check_pack(tx, forged)
        assert "hours.csv: checksum differs, the file was changed" in found and "more.csv: not of this pack" in found


@pytest.mark.thorough
@pytest.mark.parametrize("moved", ["pack", "term"])
def test_a_pack_whose_day_lies_outside_its_period_is_named(runtime: Runtime, tmp_path: Path, moved: str) -> None:
    path, other = tmp_path / "pack.zip", tmp_path / "other.zip"
    with clock.frozen(NOON), runtime.db.begin() as tx:
        term = scene(tx, (1,)).lecture.term
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        _pack(tx, node, path, term.public_id)
        assert programme_pack.check_pack(tx, path) == []
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
            for name in old.namelist():
                manifest = json.dumps(json.loads(old.read("manifest.json")) | {"as_of": "1999-01-01"})
                new.writestr(name, manifest if name == "manifest.json" and moved == "pack" else old.read(name))
        if moved == "term":
            term.first_day = NOON.date()
            tx.flush()
        found = programme_pack.check_pack(tx, other)
        kept = "1999-01-01" if moved == "pack" else "2026-03-04"
        assert f"as_of: pack {kept}, now 2026-03-05" in found
        assert any(line.startswith("window") for line in found) == (moved == "term")


@pytest.mark.thorough
def test_what_is_no_pack_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    path, other = tmp_path / "pack.zip", tmp_path / "other.zip"
    with clock.frozen(NOON), runtime.db.begin() as tx:
        scene(tx, (1,))
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        _pack(tx, node, path)
        for change in ({"organisation": "nowhere"}, {"programme": "1850"}, {"as_of": "soon"}, {"as_of": None}):
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
                for name in old.namelist():
                    manifest = json.dumps(json.loads(old.read("manifest.json")) | change)
                    new.writestr(name, manifest if name == "manifest.json" else old.read(name))
            with pytest.raises(Invalid):
                programme_pack.check_pack(tx, other)
        other.write_bytes(b"no archive")
        with pytest.raises(Invalid):
            programme_pack.check_pack(tx, other)


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("whole", [True, False])
def test_the_cover_states_every_figure_and_checksum_of_its_pack(
    runtime: Runtime, tmp_path: Path, language: str, whole: bool
) -> None:
    path, translate = tmp_path / "pack.zip", translator_for(language)
    with clock.frozen(NOON), runtime.db.begin() as tx:
        scene(tx, (3,))
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        if not whole:
            node = make.organisation(tx, node, level="county")
            school_rows.lecturer(tx, node, "county")
        params = {"organisation": node.public_id, "period": "2026", "on": "2026-03-04", "language": language}
        programme_pack.write_pack(tx, params, path, lambda _done: None)
        answer, lists_now = lists.programme_report(
            tx, lists.inquire(tx, node, "2026", clock.today(), dt.date(2026, 3, 4))
        )
    with zipfile.ZipFile(path) as pack:
        manifest, cover = json.loads(pack.read("manifest.json")), pack.read("cover.pdf")
        held = list(csv.reader(io.StringIO(pack.read("figures.csv").decode("utf-8-sig"), newline="")))[1:]
    with pdfium.PdfDocument(cover) as document:
        lines = "\n".join(page.get_textpage().get_text_range() for page in document).splitlines()
    text = "".join(lines).replace(" ", "")

    def stands(sentence: object) -> bool:
        return str(sentence).replace(" ", "") in text

    assert stands(node.name) and stands(translate(answer)), "a cover answers first"
    figures = [(one, figure) for one in lists_now for figure in one.figures]
    # What the cover has is what the table has, row by row, and that is what the lists say.
    assert [(row[0], row[3]) for row in held] == [(f"{one.kind}/{f.label}", str(f.count)) for one, f in figures]
    assert len({row[0] for row in held}) == len(held), "a figure is compared by its key"
    place = 0
    for _, figure in figures:
        value = f"{figure.count:,}" if figure.value is None else translate(figure.value)
        row = " ".join((translate(figure.label), value, f"{figure.count:,}"))
        place = next(n for n in range(place, len(lines)) if lines[n].split() == row.split()) + 1
    for one in lists_now:
        assert stands(translate(one.title)) and stands(translate(one.definition))
        assert len(one.lines) == manifest["counts"][one.kind]
    for name, checksum in manifest["files"].items():
        assert name == "cover.pdf" or (stands(name) and stands(checksum)), name
    assert manifest["files"]["cover.pdf"] == hashlib.sha256(cover).hexdigest()
    assert not path.with_suffix(".cover").exists()


@pytest.mark.thorough
def test_a_cover_that_was_taken_out_is_named_and_none_is_drawn_without_a_font(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, less = tmp_path / "pack.zip", tmp_path / "less.zip"
    with clock.frozen(NOON), runtime.db.begin() as tx:
        scene(tx, (1,))
        node = tx.scalars(select(Organisation).where(Organisation.parent_id.is_(None))).one()
        params = {"organisation": node.public_id, "period": "2026", "on": "2026-03-04"}
        programme_pack.write_pack(tx, params, path, lambda _done: None)
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(less, "w") as new:
            for name in old.namelist():
                if name != "cover.pdf":
                    new.writestr(name, old.read(name))
        assert programme_pack.check_pack(tx, less)[0] == "cover.pdf: missing, the file was taken out"
        monkeypatch.setattr(evidence_cover, "find_font", lambda: None)
        programme_pack.write_pack(tx, params, path, lambda _done: None)
        assert "cover.pdf" not in zipfile.ZipFile(path).namelist()
        assert programme_pack.check_pack(tx, path) == []
