"""Documents become pages: pictures that every phone shows, and words."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import delete, insert

from academy.core.db import Tx
from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import office, probe, tools
from academy.media.captions import clean
from academy.media.models import Asset, DocumentPage
from academy.media.storage import is_cramped
from academy.media.tools import Limits, ToolFailed

MAX_PAGES = 500
WIDTH = 1240
PAGE_MS = 10_000
"""What a page counts for, in media time. The clock allows twice real time, so a page is five seconds."""
_SCRIPT = Path(__file__).with_name("draw_pages.py")
_SEES = (_SCRIPT, Path(sys.prefix))


def make_pages(settings: Settings, nature: str, path: Path, folder: Path) -> list[dict[str, Any]]:
    """Draw every page into ``pages/``, the first also as the poster; returns sizes and words.

    Raises:
        Invalid: locked, damaged, empty, too long, or LibreOffice could not read it.
        StorageFull: no room.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    document = folder / "document.pdf"
    if nature == "pdf":
        shutil.copyfile(path, document)
    elif nature == "image":
        _picture_page(path, document)
    else:
        office.to_pdf(settings, path, nature, folder).rename(document)
    return draw(document, folder)


def _picture_page(path: Path, document: Path) -> None:
    picture = document.with_name("picture.jpg")
    probe.make_image(path, picture, side=2480)
    with Image.open(picture) as shown:
        shown.save(document, "PDF", resolution=150)
    picture.unlink()


def draw(document: Path, folder: Path) -> list[dict[str, Any]]:
    """Draw the pages of a PDF."""
    target = folder / "pages"
    target.mkdir()
    # Python itself, again: the jail's limits hold for the reader, not for the worker.
    told = [sys.executable, "-I", str(_SCRIPT), str(document), str(target), str(MAX_PAGES), str(WIDTH)]
    try:
        limits = Limits(seconds=900, cpu_s=900, memory_mib=4096, file_mib=64)
        found: dict[str, Any] = json.loads(tools.run(told, folder=folder, limits=limits, sees=_SEES))
    except (ToolFailed, ValueError) as error:
        if is_cramped(folder):
            raise StorageFull from error
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    if found.get("error") == "password":
        raise Invalid(msg("这份 PDF 加了密码，请去掉密码后再上传。"))
    if found.get("error") == "many":
        raise Invalid(msg("文档有 %(count)s 页，超过了 %(most)s 页的上限。", count=found["count"], most=MAX_PAGES))
    if not found.get("pages"):
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。"))
    shutil.copyfile(target / "001.jpg", folder / "poster.jpg")
    return [page | {"text": clean_page(page["text"])} for page in found["pages"]]


def keep(tx: Tx, asset: Asset, drawn: list[dict[str, Any]]) -> None:
    """Put the pages of the published set in the place of the earlier ones."""
    tx.execute(delete(DocumentPage).where(DocumentPage.asset_id == asset.id))
    rows = [{"asset_id": asset.id, "number": number, **page} for number, page in enumerate(drawn, 1)]
    tx.execute(insert(DocumentPage), rows)
    asset.duration_ms = len(rows) * PAGE_MS


def clean_page(text: str) -> str:
    """A page's words, without what PDF hides between them."""
    return "\n".join(filter(None, (clean(line) for line in text.replace("\r", "\n").split("\n"))))
