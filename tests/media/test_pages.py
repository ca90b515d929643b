"""Documents become pages that every phone shows."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest
from flask import Flask
from PIL import Image, ImageDraw

from academy.core.actor import Actor
from academy.core.house import House
from academy.media import delivery, pages, queries
from academy.media.models import Asset, AssetState
from tests.media.test_pipeline import sentence, taken

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


def written(path: Path, word: str) -> Path:
    """A document of one page that says a word."""
    stream = f"BT /F1 24 Tf 72 700 Td ({word}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{text}\nendobj\n" for n, text in enumerate(objects, 1))
    path.write_text(body + "trailer << /Size 6 /Root 1 0 R >>\n%%EOF\n")
    return path


def links(house: House, asset: Asset) -> list[delivery.PageLink]:
    with house.db.read() as tx:
        return delivery.page_links(house.settings, asset, queries.pages(tx, asset.id))


def test_a_document_becomes_pages_with_words(house: House, app: Flask, trainer: Actor, tmp_path: Path) -> None:
    asset = taken(house, trainer, written(tmp_path / "x.pdf", "Dangke"), "document", "讲稿.pdf")
    assert (asset.state, asset.error, asset.has_poster) == (AssetState.READY, None, True)
    (page,) = links(house, asset)
    assert (page.number, page.width, page.text) == (1, pages.WIDTH, "Dangke")
    client = app.test_client()
    for url in (page.src, delivery.poster_url(house.settings, asset), delivery.document_url(house.settings, asset)):
        assert url is not None and client.get(url, buffered=True).status_code == 200
    assert client.get(page.src, buffered=True).mimetype == "image/jpeg"


def test_a_huge_page_is_drawn_small(house: House, trainer: Actor, tmp_path: Path) -> None:
    asset = taken(house, trainer, pdf(tmp_path / "x.pdf", 1, (14400, 14400)), "document")
    (page,) = links(house, asset)
    assert page.width * page.height <= 8_100_000


def test_too_many_pages_and_broken_documents_are_refused(house: House, trainer: Actor, tmp_path: Path) -> None:
    long = taken(house, trainer, pdf(tmp_path / "long.pdf", pages.MAX_PAGES + 1), "document")
    assert "501 页" in sentence(long)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"\xff" * 5000)
    assert "损坏" in sentence(taken(house, trainer, broken, "document"))


def test_a_picture_is_written_anew(house: House, app: Flask, trainer: Actor, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    picture = Image.new("RGB", (3000, 1500), "white")
    ImageDraw.Draw(picture).line((0, 0, 3000, 1500), fill="red", width=9)
    picture.save(path)
    path.write_bytes(path.read_bytes() + b"<script>alert(1)</script>")
    asset = taken(house, trainer, path, "image", "封面.png")
    assert (asset.state, asset.width, asset.height) == (AssetState.READY, 1280, 640)
    url = delivery.poster_url(house.settings, asset)
    assert url is not None
    body = app.test_client().get(url, buffered=True).data
    assert body.startswith(b"\xff\xd8") and b"alert" not in body
