"""The cover of a programme's pack, read back: its figures are the pack's, and nobody takes it out unseen."""

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
from academy.core.i18n import translator_for
from academy.core.runtime import Runtime
from academy.faculty.reporting import lists
from academy.people.models import Organisation
from academy.reports import evidence_cover, programme_pack
from tests.components.evaluated_lecture import NOON, scene
from tests.support import factories as make
from tests.support import faculty as school_rows


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
