"""Documents become pages that every phone shows."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest
from flask import Flask
from PIL import Image, ImageDraw

from academy.core.actor import Actor
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.media import delivery, queries
from academy.media.documents import pages
from academy.media.models import Asset, AssetState
from academy.media.probing import probe
from academy.media.storage.file_storage import local_storage, set_key
from tests.media.printed import stream, written
from tests.media.taking import sentence, taken

pytestmark = pytest.mark.media


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def pdf(path: Path, count: int, size: tuple[int, int] = (595, 842)) -> Path:
    """A document of so many blank pages."""
    made = pdfium.PdfDocument.new()
    for _ in range(count):
        made.new_page(*size)
    made.save(path)
    made.close()
    return path


def raw_pdf(path: Path, objects: dict[int, str], *, before: bytes = b"") -> Path:
    """A PDF of these objects, the first of which is its catalogue; readers find the rest without a table."""
    body = "%PDF-1.7\n" + "".join(f"{n} 0 obj\n{text}\nendobj\n" for n, text in objects.items())
    path.write_bytes(before + (body + f"trailer << /Size {max(objects) + 1} /Root 1 0 R >>\n%%EOF\n").encode("latin-1"))
    return path


def appearance(words: str) -> str:
    """What an annotation looks like: a word in black."""
    form = "/Type /XObject /Subtype /Form /BBox [0 0 300 40] /Resources << /Font << /F1 5 0 R >> >>"
    return stream(f"BT /F1 24 Tf 4 8 Td ({words}) Tj ET", form)


def filled(path: Path, subtype: str, *, has_appearance: bool = True) -> Path:
    """A page that is empty but for one annotation: a filled field, a tick, a signature, a stamp."""
    field = {
        "text": "/Subtype /Widget /FT /Tx /T (a) /V (Zhongnanhai) /DA (/F1 24 Tf 0 g)",
        "tick": "/Subtype /Widget /FT /Btn /T (a) /V /Yes /AS /Yes",
        "signature": "/Subtype /Widget /FT /Sig /T (a)",
        "stamp": "/Subtype /Stamp",
        "note": "/Subtype /FreeText /DA (/F1 24 Tf 0 g) /Contents (Zhongnanhai)",
    }[subtype]
    look = ""
    if has_appearance:
        look = "/AP << /N << /Yes 7 0 R /Off 8 0 R >> >>" if subtype == "tick" else "/AP << /N 7 0 R >>"
    form = "/AcroForm << /Fields [6 0 R] /NeedAppearances true /DA (/F1 24 Tf 0 g) /DR << /Font << /F1 5 0 R >> >> >>"
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {form if 'Widget' in field else ''} >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [6 0 R] >>",
        5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        6: f"<< /Type /Annot /F 4 /Rect [100 600 400 640] /P 3 0 R {field} {look} >>",
        7: appearance("Zhongnanhai"),
        8: appearance(""),
    }
    return raw_pdf(path, objects)


def dark(picture: Path) -> int:
    """How many pixels are written on."""
    with Image.open(picture) as shown:
        return sum(shown.convert("L").histogram()[:128])


def links(runtime: Runtime, asset: Asset) -> list[delivery.PageLink]:
    with runtime.db.read() as tx:
        return delivery.page_links(runtime.settings, asset, queries.document_pages(tx, asset.id))


def test_a_document_becomes_pages_with_words(runtime: Runtime, app: Flask, trainer: Actor, tmp_path: Path) -> None:
    asset = taken(runtime, trainer, written(tmp_path / "x.pdf", "Dangke"), "document", "讲稿.pdf")
    assert (asset.state, asset.error, asset.has_poster) == (AssetState.READY, None, True)
    (page,) = links(runtime, asset)
    assert (page.number, page.width, page.text) == (1, pages.WIDTH, "Dangke")
    client = app.test_client()
    for url in (page.src, delivery.poster_url(runtime.settings, asset), delivery.document_url(runtime.settings, asset)):
        assert url is not None and client.get(url, buffered=True).status_code == 200
    assert client.get(page.src, buffered=True).mimetype == "image/jpeg"


def test_a_huge_page_is_drawn_small(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    asset = taken(runtime, trainer, pdf(tmp_path / "x.pdf", 1, (14400, 14400)), "document")
    (page,) = links(runtime, asset)
    assert page.width * page.height <= 8_100_000


def test_too_many_pages_and_broken_documents_are_refused(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    long = taken(runtime, trainer, pdf(tmp_path / "long.pdf", pages.MAX_PAGES + 1), "document")
    assert "501 页" in sentence(long)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"\xff" * 5000)
    assert "损坏" in sentence(taken(runtime, trainer, broken, "document"))


def test_a_picture_is_written_anew(runtime: Runtime, app: Flask, trainer: Actor, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    picture = Image.new("RGB", (3000, 1500), "white")
    ImageDraw.Draw(picture).line((0, 0, 3000, 1500), fill="red", width=9)
    picture.save(path)
    path.write_bytes(path.read_bytes() + b"<script>alert(1)</script>")
    asset = taken(runtime, trainer, path, "image", "封面.png")
    assert (asset.state, asset.width, asset.height) == (AssetState.READY, 1280, 640)
    url = delivery.poster_url(runtime.settings, asset)
    assert url is not None
    body = app.test_client().get(url, buffered=True).data
    assert body.startswith(b"\xff\xd8") and b"alert" not in body


@pytest.mark.parametrize("subtype", ["text", "tick", "signature", "stamp", "note"])
def test_what_was_filled_in_signed_or_stamped_is_seen_and_found(tmp_path: Path, subtype: str) -> None:
    (page,) = pages.make_pages(Settings(), "pdf", filled(tmp_path / "x.pdf", subtype), tmp_path / "made")
    assert dark(tmp_path / "made" / "pages" / "001.jpg") > 300
    # A tick is a drawing; whatever has words is found by them, once.
    assert page["text"].count("Zhongnanhai") == (subtype != "tick")


def test_a_field_that_has_no_picture_of_its_own_is_drawn_and_found(tmp_path: Path) -> None:
    (page,) = pages.make_pages(
        Settings(), "pdf", filled(tmp_path / "x.pdf", "text", has_appearance=False), tmp_path / "made"
    )
    assert "Zhongnanhai" in page["text"]
    assert dark(tmp_path / "made" / "pages" / "001.jpg") > 300


@pytest.mark.parametrize(
    "box", ["", "/MediaBox [0 0 0 0]", "/MediaBox [0 0 600 0]", "/MediaBox [5 5 5.1 5.2]", "/MediaBox (x)"]
)
def test_a_page_without_a_size_is_drawn_in_the_usual_one_beside_the_others(tmp_path: Path, box: str) -> None:
    words = "BT /F1 24 Tf 72 500 Td (Dangke) Tj ET"
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
        3: f"<< /Type /Page /Parent 2 0 R {box} /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        4: stream(words),
        5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        6: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
    }
    made = pages.make_pages(Settings(), "pdf", raw_pdf(tmp_path / "x.pdf", objects), tmp_path / "made")
    assert [page["text"] for page in made] == ["Dangke", "Dangke"]
    assert [page["height"] for page in made] == [1605, 1755]


def test_a_page_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: "<< /Type /Pages /Kids [3 0 R 9 0 R] /Count 2 >>",
        3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        9: "(no page)",
    }
    made = pages.make_pages(Settings(), "pdf", raw_pdf(tmp_path / "x.pdf", objects), tmp_path / "made")
    assert len(made) == 2
    with pytest.raises(Invalid, match="损坏"):
        pages.make_pages(Settings(), "pdf", raw_pdf(tmp_path / "x.pdf", objects | {3: "(none)"}), tmp_path / "made")


@pytest.mark.parametrize(
    "words", ["Please wait... If this message is not", "Veuillez installer Adobe Reader", "请使用 Adobe"]
)
def test_a_form_that_only_one_program_can_draw_is_refused_in_words(tmp_path: Path, words: str) -> None:
    shown = words.encode("ascii", "ignore").decode()
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R /NeedsRendering true /AcroForm << /Fields [] /XFA 6 0 R >> >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        4: stream(f"BT /F1 12 Tf 72 700 Td ({shown}) Tj ET"),
        5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        6: stream('<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template/></xdp:xdp>'),
    }
    with pytest.raises(Invalid, match="动态表单"):
        pages.make_pages(Settings(), "pdf", raw_pdf(tmp_path / "x.pdf", objects), tmp_path / "made")
    objects[4] = stream("BT /F1 12 Tf 72 700 Td (A form that has its pages) Tj ET")
    made = pages.make_pages(Settings(), "pdf", raw_pdf(tmp_path / "x.pdf", objects), tmp_path / "made")
    assert [page["text"] for page in made] == ["A form that has its pages"]


BEFORE = [b"\xef\xbb\xbf", b"\r\n\r\n", b" \t\n", b"\0" * 8, b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1019]


@pytest.mark.parametrize("before", BEFORE)
def test_a_pdf_may_begin_within_its_first_kilobyte(
    runtime: Runtime, trainer: Actor, tmp_path: Path, before: bytes
) -> None:
    given = written(tmp_path / "x.pdf", "Dangke")
    given.write_bytes(before + given.read_bytes())
    asset = taken(runtime, trainer, given, "document", "讲稿.pdf")
    assert (asset.state, [page.text for page in links(runtime, asset)]) == (AssetState.READY, ["Dangke"])
    made = local_storage(runtime.settings).path(set_key(asset.public_id, asset.generation)) / "document.pdf"
    assert made.read_bytes().startswith(b"%PDF-"), "what stood before it is left out of the copy"


def test_what_begins_later_is_no_pdf(tmp_path: Path) -> None:
    given = written(tmp_path / "x.pdf", "Dangke")
    given.write_bytes(b"x" * 1020 + given.read_bytes())
    with pytest.raises(Invalid):
        probe.check_document(Settings(), given, tmp_path)


@pytest.mark.parametrize("name", ["bom.pdf", "junk.pdf"])
def test_files_that_were_refused_once(tmp_path: Path, name: str) -> None:
    given = Path(__file__).parents[1] / "files" / "documents" / name
    assert probe.check_document(Settings(), given, tmp_path) == "pdf"
    made = pages.make_pages(Settings(), "pdf", given, tmp_path / "made")
    assert len(made) == 3 and all("中国共产党章程" in page["text"] for page in made)
