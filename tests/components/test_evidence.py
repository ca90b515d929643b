"""A pack can be checked a year later, and says what was changed since."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.learning import corrections
from academy.reports import evidence, evidence_cover
from academy.reports.coverage import name_filter_of
from academy.trainings import service
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training, transfer


@pytest.mark.thorough
def test_a_pack_is_confirmed_and_every_later_change_is_named(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        for one in city.courses:
            complete(tx, city.people[0].id, one.id, at(1))
    params = {"training": plan.public_id, "organisation": city.county.public_id, "day": at(2).date().isoformat()}
    with clock.frozen(at(3)), runtime.db.read() as tx:
        assert evidence.write_pack(tx, params, path, lambda done: None) == 20
        assert evidence.check_pack(tx, path) == []
        manifest = json.loads(zipfile.ZipFile(path).read("manifest.json"))
        assert manifest["counts"] == {"due": 20, "exempt": 0, "started": 1, "completed": 1}
        looks_right_to_an_inspector(path, city.county.name, plan.title)
    # What happens later is another day's business …
    with clock.frozen(at(300)), runtime.db.begin() as tx:
        city.attach(tx)
        transfer(tx, city.people[0], city.branches[3])
        assert evidence.check_pack(tx, path) == []
        # … but what is registered late for that day is named, and so is a changed file.
        for one in city.courses:
            complete(tx, city.people[1].id, one.id, at(2))
        found = evidence.check_pack(tx, path)
        assert any(city.people[1].number in line and "completed" in line for line in found)
        assert any(line.startswith("counts") for line in found)
        forged = tmp_path / "forged.zip"
        shutil.copy(path, forged)
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
            for name in old.namelist():
                text = old.read(name)
                new.writestr(name, text.replace(b"not_started", b"completed", 1) if name == "names.csv" else text)
            new.writestr("more.csv", "1")
        assert any("checksum differs" in line for line in evidence.check_pack(tx, forged))
        assert "more.csv: not of this pack" in evidence.check_pack(tx, forged)
        for name in ("names.csv", "figures.csv", "cover.pdf"):
            for data in (b"\xff\xfe\x00", b'"', None):
                assert any(line.startswith(f"{name}: ") for line in checked(tx, path, forged, name, data)), name


def checked(tx: Tx, path: Path, forged: Path, name: str, data: bytes | None) -> list[str]:
    """What is found in a pack of which one file was overwritten, or taken out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for one in old.namelist():
            if one != name or data is not None:
                new.writestr(one, data if one == name and data is not None else old.read(one))
    try:
        return evidence.check_pack(tx, forged)
    except Invalid:
        assert data is None and name != "cover.pdf", "a pack without its tables is none"
        return [f"{name}: refused"]


def looks_right_to_an_inspector(path: Path, place: str, title: str) -> None:
    """A page to read, and Chinese beside what programs read."""
    with zipfile.ZipFile(path) as pack:
        names, figures, cover = (pack.read(name) for name in ("names.csv", "figures.csv", "cover.pdf"))
    head, first, *_ = names.decode("utf-8-sig").splitlines()
    assert head.split(",")[:2] == ["number/编号", "name/姓名"] and first.split(",")[-1] in ("已完成", "未开始")
    assert figures.decode("utf-8-sig").splitlines()[-1] == "total/合计,20,0,1,1,5.0%"
    with pdfium.PdfDocument(cover) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    for said in (f"证明材料：{title}", place, "应训", "names.csv", hashlib.sha256(names).hexdigest()[:40], "经手人"):
        assert said in text, said


@pytest.mark.thorough
def test_a_pack_of_the_first_format_is_still_checked(runtime: Runtime, tmp_path: Path) -> None:
    path, old = tmp_path / "pack.zip", tmp_path / "old.zip"
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        complete(tx, city.people[0].id, city.courses[0].id, at())
    params = {"training": plan.public_id, "organisation": city.city.public_id, "day": at(2).date().isoformat()}
    with clock.frozen(at(3)), runtime.db.read() as tx:
        evidence.write_pack(tx, params, path, lambda done: None)
        made = name_filter_of(tx, params)
        kept = {
            name: "".join(",".join(row) + "\r\n" for row in rows(tx, made, 1)).encode()
            for name, rows in (("names.csv", evidence._names), ("figures.csv", evidence._figures))
        }
        with zipfile.ZipFile(path) as new, zipfile.ZipFile(old, "w") as pack:
            sums = {name: hashlib.sha256(data).hexdigest() for name, data in kept.items()}
            manifest = json.loads(new.read("manifest.json")) | {"format": 1, "files": sums}
            for name, data in (kept | {"manifest.json": json.dumps(manifest).encode()}).items():
                pack.writestr(name, data)
        assert evidence.check_pack(tx, old) == []


@pytest.mark.thorough
def test_a_correction_since_is_named_with_both_people(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        complete(tx, city.people[0].id, city.courses[0].id, at())
    params = {"training": plan.public_id, "organisation": city.city.public_id, "day": at(2).date().isoformat()}
    with clock.frozen(at(3)), runtime.db.read() as tx:
        evidence.write_pack(tx, params, path, lambda done: None)
    with clock.frozen(at(4)), runtime.db.begin() as tx:
        city.attach(tx)
        held = (Scope(Role.NODE_ADMINISTRATOR, city.city.id, city.city.path),)
        first, second = make.account(tx).id, make.account(tx).id
        one, other = Actor(account_id=first, scopes=held), Actor(account_id=second, scopes=held)
        made = corrections.propose_correction(
            tx, one, city.people[0], tx.merge(city.courses[0]), kind="strike", reason="登记错了人"
        )
        corrections.approve_correction(tx, other, made)
        found = evidence.check_pack(tx, path)
        assert any(line.startswith("counts") for line in found)
        by = f"corrected (strike) on 2026-03-06 by accounts {first} and {second}"
        assert found[-1].startswith(f"{city.people[0].number}: {by}")


def test_what_is_no_pack_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    for name, content in (("a.zip", b"hello"), ("b.zip", b"")):
        (tmp_path / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as pack:
        for inside in ("manifest.json", "names.csv", "figures.csv"):
            pack.writestr(inside, "{}")
    with runtime.db.read() as tx:
        for name in ("a.zip", "b.zip", "c.zip"):
            with pytest.raises(Invalid):
                evidence.check_pack(tx, tmp_path / name)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_without_a_chinese_font_the_pack_has_no_cover_and_is_confirmed(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_cover, "find_font", lambda: None)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
    params = {"training": plan.public_id, "organisation": city.county.public_id, "day": at(2).date().isoformat()}
    with clock.frozen(at(3)), runtime.db.read() as tx:
        evidence.write_pack(tx, params, tmp_path / "pack.zip", lambda done: None)
        assert not any(name.endswith(".pdf") for name in zipfile.ZipFile(tmp_path / "pack.zip").namelist())
        assert evidence.check_pack(tx, tmp_path / "pack.zip") == []
