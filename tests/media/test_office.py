"""Word and PowerPoint files become pages; those that mean harm do not."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2 as pdfium
import pytest
from PIL import Image
from pptx import Presentation

from academy.core.actor import Actor
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.media import delivery, queries, tools
from academy.media.documents import office, office_package, packages
from academy.media.models import Asset, AssetState
from academy.media.tools import Limits, ToolFailed
from tests.media import papers
from tests.media.taking import sentence, taken

pytestmark = [pytest.mark.media, pytest.mark.needs("libreoffice")]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def words(runtime: Runtime, asset: Asset) -> list[str]:
    with runtime.db.read() as tx:
        return [page.text for page in queries.document_pages(tx, asset.id)]


def with_office(runtime: Runtime, program: Path, seconds: int = 20) -> Runtime:
    """The runtime with another program in LibreOffice's place."""
    settings = dataclasses.replace(runtime.settings, soffice=str(program), office_seconds=seconds)
    return dataclasses.replace(runtime, settings=settings)


def test_word_powerpoint_and_pictures_become_pages(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    text = taken(
        runtime, trainer, papers.docx(tmp_path / "a.docx", "第一课 学党史", "第二课 悟思想"), "document", "讲稿.docx"
    )
    assert (text.state, text.error, text.pages) == (AssetState.READY, None, 2)
    assert [page.replace(" ", "") for page in words(runtime, text)] == ["第一课学党史", "第二课悟思想"]
    assert "pages" not in (text.probe or {})
    slides = taken(runtime, trainer, papers.pptx(tmp_path / "b.pptx", "乡村振兴"), "document", "课件.pptx")
    assert (slides.state, words(runtime, slides)) == (AssetState.READY, ["乡村振兴"])
    Image.new("RGB", (900, 600), "white").save(tmp_path / "c.png")
    picture = taken(runtime, trainer, tmp_path / "c.png", "document", "海报.png")
    assert (picture.state, words(runtime, picture)) == (AssetState.READY, [""])
    with runtime.db.read() as tx:
        (page,) = delivery.page_links(runtime.settings, picture, queries.document_pages(tx, picture.id))
    assert page.width > page.height


LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def linking(path: Path, to: Path, kind: str = "image") -> Path:
    """A Word file that shows a picture which it does not carry, only names."""
    given = papers.docx(path, "前", "后")
    rels = papers.part(given, "word/_rels/document.xml.rels").decode()
    link = f'<Relationship Id="rIdX" Type="{LINKS}/{kind}" Target="{to.as_uri()}" TargetMode="External"/>'
    drawing = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><wp:extent cx="3000000" cy="3000000"/><wp:docPr id="9" name="p"/>'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="9" '
        'name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships" r:link="rIdX"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3000000" cy="3000000"/></a:xfrm><a:prstGeom prst="rect">'
        "<a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    body = papers.part(given, "word/document.xml").decode().replace("<w:body>", "<w:body>" + drawing, 1)
    parts = {
        "word/_rels/document.xml.rels": rels.replace("</Relationships>", link + "</Relationships>").encode(),
        "word/document.xml": body.encode(),
    }
    return papers.changed(given, parts)


def leads_to(path: Path) -> list[str]:
    """Everything outside that the file names, in any of its lists of relations."""
    with zipfile.ZipFile(path) as file:
        lists = [file.read(name) for name in file.namelist() if name.endswith(".rels")]
    relations = [one for text in lists for one in ElementTree.fromstring(text)]  # noqa: S314 - our own file
    return [one.get("Target", "") for one in relations if one.get("TargetMode") == "External"]


def reds(pdf: Path) -> int:
    """How much of the first page is red."""
    with contextlib.closing(pdfium.PdfDocument(pdf)) as document:
        picture = document[0].render(scale=0.5).to_pil().convert("RGB")
    return sum(n for n, (r, g, b) in picture.getcolors(1 << 24) or [] if r > 200 and g < 60 and b < 60)


def copied(path: Path, target: Path) -> None:
    """What stands in for the cleaning when it is off."""
    shutil.copy(path, target)


def unjailed(words: list[str], **_limits: object) -> str:
    """What stands in for the jail when it is off."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise ToolFailed(done.returncode, done.stderr)
    return done.stdout


@pytest.mark.parametrize("kind", ["image", "hyperlink"])
def test_cleaning_leaves_no_way_out(tmp_path: Path, kind: str) -> None:
    """LibreOffice draws what a picture names, even where the list calls it a link to click on."""
    secret = tmp_path / "neighbour.png"
    given, clean = linking(tmp_path / "x.docx", secret, kind), tmp_path / "clean.docx"
    assert leads_to(given) == [secret.as_uri()]
    office_package.tidy(given, clean)
    assert leads_to(clean) == []
    assert papers.part(clean, "word/document.xml") == papers.part(given, "word/document.xml")


def test_the_words_of_a_link_stay(runtime: Runtime, tmp_path: Path) -> None:
    given = papers.docx(tmp_path / "a.docx", "前")
    rels = papers.part(given, "word/_rels/document.xml.rels").decode()
    link = f'<Relationship Id="rIdY" Type="{LINKS}/hyperlink" Target="https://example.org/" TargetMode="External"/>'
    words_of = '<w:p><w:hyperlink r:id="rIdY"><w:r><w:t>点这里</w:t></w:r></w:hyperlink></w:p>'
    body = papers.part(given, "word/document.xml").decode().replace("<w:body>", "<w:body>" + words_of, 1)
    rels = rels.replace("</Relationships>", link + "</Relationships>")
    papers.changed(given, {"word/_rels/document.xml.rels": rels.encode(), "word/document.xml": body.encode()})
    slides = Presentation()
    box = slides.slides.add_slide(slides.slide_layouts[6]).shapes.add_textbox(0, 0, 5_000_000, 2_000_000)
    run = box.text_frame.paragraphs[0].add_run()
    run.text, run.hyperlink.address = "点这里", "https://example.org/"
    slides.save(str(tmp_path / "b.pptx"))
    for file in (given, tmp_path / "b.pptx"):
        assert leads_to(file) == ["https://example.org/"]
        made = office.to_pdf(runtime.settings, file, file.suffix[1:], tmp_path / file.stem)
        with contextlib.closing(pdfium.PdfDocument(made)) as document:
            assert "点这里" in document[0].get_textpage().get_text_range()


@pytest.mark.parametrize("wall", ["none", "cleaning", "settings", "jail"])
def test_each_wall_alone_keeps_a_linked_file_from_being_drawn(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wall: str
) -> None:
    """With no wall the neighbour's picture is on the page, so each of the others is seen to hold."""
    secret = tmp_path / "neighbour.png"
    Image.new("RGB", (400, 400), "red").save(secret)
    given = linking(tmp_path / "x.docx", secret)
    if wall != "cleaning":
        monkeypatch.setattr(packages, "tidy", copied)
    if wall != "settings":
        monkeypatch.setattr(office, "_SETTINGS", ())
    if wall != "jail":
        monkeypatch.setattr(tools, "run", unjailed)
    made = office.to_pdf(runtime.settings, given, "docx", tmp_path / "out")
    assert (reds(made) > 1000) is (wall == "none")


def test_the_jail_shows_nothing_but_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "neighbour").mkdir()
    secret, shown = tmp_path / "neighbour" / "original", tmp_path / "shown"
    secret.write_text("secret")
    shown.write_text("shown")

    def run(script: str) -> str:
        return tools.run(["/bin/sh", "-c", script], folder=tmp_path / "mine", limits=Limits(), sees=[shown])

    assert run(f"cat {shown}; echo x > made; cat made") == "shownx\n"
    for script in (
        f"cat {secret}",
        f"echo x > {shown}",
        f"echo x > {tmp_path}/new",
        "cat /proc/1/environ",
        "cat /etc/shadow",
    ):
        with pytest.raises(ToolFailed):
            run(script)
    assert shown.read_text() == "shown"


def bomb(path: Path) -> Path:
    """Small outside, two gigabytes inside."""
    return papers.changed(path, {"word/media/image1.png": b"\0" * (300 << 20)})


def test_files_that_mean_harm_are_refused_in_words(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    program, started = tmp_path / "soffice", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {started}\n")
    program.chmod(0o755)
    runtime = with_office(runtime, program)

    def told(name: str, path: Path) -> str:
        asset = taken(runtime, trainer, path, "document", name)
        assert asset.state == AssetState.FAILED, name
        return sentence(asset)

    def fresh(name: str) -> Path:
        return papers.docx(tmp_path / name, "x")

    assert "大得不正常" in told("炸弹.docx", bomb(fresh("bomb.docx")))
    assert "宏" in told("宏.docx", papers.changed(fresh("vba.docx"), {"word/vbaProject.bin": b"x"}))
    types = papers.part(fresh("m.docx"), "[Content_Types].xml").replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )
    assert "宏" in told("宏2.docx", papers.changed(tmp_path / "m.docx", {"[Content_Types].xml": types}))
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert "损坏" in told("实体.docx", papers.changed(fresh("dtd.docx"), {"word/document.xml": laughs}))
    many = {f"word/media/{n}.png": b"" for n in range(office_package.MAX_PARTS + 1)}
    assert "大得不正常" in told("许多.docx", papers.changed(fresh("many.docx"), many))
    old = tmp_path / "old.doc"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "旧版" in told("旧.doc", old)
    cut = fresh("cut.docx")
    cut.write_bytes(cut.read_bytes()[:-500])
    assert "损坏" in told("半个.docx", cut)
    for name, data in (
        ("页.html", b"<!doctype html><script>alert(1)</script>"),
        ("图.svg", b"<svg onload='alert(1)'/>"),
    ):
        (tmp_path / name).write_bytes(data)
        assert "PDF" in told(name, tmp_path / name)
    assert not started.exists(), "refused before LibreOffice saw it"


def test_libreoffice_that_hangs_is_ended_with_its_children(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    fake = tmp_path / "hangs" / "soffice"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nsleep 600 &\necho "$!" > child\nwait\ntouch over\n')
    fake.chmod(0o755)
    runtime = with_office(runtime, fake, seconds=2)
    with pytest.raises(Invalid) as refused:
        office.to_pdf(runtime.settings, papers.docx(tmp_path / "a.docx", "x"), "docx", tmp_path / "out")
    assert not (tmp_path / "out" / "over").exists(), "it was ended, nobody waited for it"
    assert "超过了 2 秒" in str(refused.value.message) + str(refused.value)
    child = int((tmp_path / "out" / "child").read_text())
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("its child lives on")
    asset = taken(runtime, trainer, tmp_path / "a.docx", "document", "讲稿.docx")
    assert asset.state == AssetState.FAILED and "导出为 PDF" in sentence(asset)


def test_without_libreoffice_the_trainer_is_told_what_to_do(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    runtime = with_office(runtime, tmp_path / "nowhere" / "soffice")
    asset = taken(runtime, trainer, papers.docx(tmp_path / "a.docx", "x"), "document", "讲稿.docx")
    assert asset.state == AssetState.FAILED
    assert sentence(asset) == "这里还不能处理 Word 和 PowerPoint 文件。请先导出为 PDF，再上传 PDF。"


def moved(path: Path, name: str) -> Path:
    """The same Word file, its main part under another name, as Word for the web and others write it."""
    renamed = {
        "_rels/.rels": papers.part(path, "_rels/.rels").replace(b"word/document.xml", name.lstrip("/").encode()),
        "[Content_Types].xml": papers.part(path, "[Content_Types].xml").replace(
            b"/word/document.xml", b"/" + name.lstrip("/").encode()
        ),
        name.lstrip("/"): papers.part(path, "word/document.xml"),
        f"{name.lstrip('/').replace('word/', 'word/_rels/', 1)}.rels": papers.part(
            path, "word/_rels/document.xml.rels"
        ),
    }
    if name.startswith("/"):
        renamed["_rels/.rels"] = renamed["_rels/.rels"].replace(b'Target="word/', b'Target="/word/')
    papers.changed(path, renamed)
    with zipfile.ZipFile(path) as given:
        old = {
            one: given.read(one)
            for one in given.namelist()
            if one not in {"word/document.xml", "word/_rels/document.xml.rels"}
        }
    with zipfile.ZipFile(path, "w") as made:
        for one, data in old.items():
            made.writestr(one, data)
    return path


@pytest.mark.parametrize("name", ["word/document2.xml", "word/document22.xml", "/word/main.xml"])
def test_a_word_file_may_call_its_main_part_otherwise(runtime: Runtime, tmp_path: Path, name: str) -> None:
    given = moved(papers.docx(tmp_path / "a.docx", "学党史"), name)
    assert office_package.kind_of(given) == "docx"
    made = office.to_pdf(runtime.settings, given, "docx", tmp_path / "out")
    with contextlib.closing(pdfium.PdfDocument(made)) as document:
        assert "学党史" in document[0].get_textpage().get_text_range()


MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def with_formula(path: Path) -> Path:
    """A Word file with one paragraph, a fraction of two words."""
    given = papers.docx(path, "公式")
    formula = (
        f'<w:p><m:oMathPara xmlns:m="{MATH}"><m:oMath><m:f><m:num><m:r><m:t>Zaehler</m:t></m:r></m:num>'
        "<m:den><m:r><m:t>Nenner</m:t></m:r></m:den></m:f></m:oMath></m:oMathPara></w:p>"
    )
    body = papers.part(given, "word/document.xml").decode().replace("<w:body>", "<w:body>" + formula, 1)
    return papers.changed(given, {"word/document.xml": body.encode()})


def test_formulas_are_drawn(runtime: Runtime, tmp_path: Path) -> None:
    made = office.to_pdf(runtime.settings, with_formula(tmp_path / "a.docx"), "docx", tmp_path / "out")
    with contextlib.closing(pdfium.PdfDocument(made)) as document:
        text = document[0].get_textpage().get_text_range()
    assert "Zaehler" in text and "Nenner" in text


def test_formulas_without_the_part_that_draws_them_are_refused_in_words(runtime: Runtime, tmp_path: Path) -> None:
    """A LibreOffice whose Writer is there and whose Math is not, as Debian installs it."""
    program = tmp_path / "office"
    program.mkdir()
    for name in ("soffice", "soffice.bin", "libswlo.so"):
        (program / name).write_text("#!/bin/sh\nexit 1\n")
        (program / name).chmod(0o755)
    runtime = with_office(runtime, program / "soffice")
    with pytest.raises(Invalid, match="公式"):
        office.to_pdf(runtime.settings, with_formula(tmp_path / "a.docx"), "docx", tmp_path / "out")
    with pytest.raises(Invalid, match="损坏"):  # it is tried: nothing would be lost
        office.to_pdf(runtime.settings, papers.docx(tmp_path / "b.docx", "x"), "docx", tmp_path / "out2")
