"""Pages of documents: pictures that every phone can show, and their text."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import delete, insert

from academy.core.database import Tx
from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import pictures, tools
from academy.media.captions.caption_files import plain
from academy.media.documents import office
from academy.media.documents.kinds import HEADER_WITHIN, PDF_HEADER
from academy.media.models import Asset, DocumentPage
from academy.media.storage.file_storage import is_cramped
from academy.media.tools import Limits, ToolFailed

MAX_PAGES = 500
WIDTH = 1240
MAX_TEXT = 20_000
"""Maximum characters of a page's text."""
_SCRIPT = Path(__file__).with_name("draw_pages.py")
_SEES = (_SCRIPT, Path(sys.prefix))


def make_pages(settings: Settings, nature: str, path: Path, folder: Path) -> list[dict[str, Any]]:
    """Draw every page into ``pages/``, the first also as the poster; returns sizes and texts.

    Raises:
        Invalid: locked, damaged, empty, too long, or LibreOffice could not read it.
        StorageFull: no space.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    document = folder / "document.pdf"
    if nature == "pdf":
        _copy_pdf(path, document)
    elif nature == "image":
        _picture_page(path, document)
    else:
        office.to_pdf(settings, path, nature, folder).rename(document)
    return draw(document, folder)


def _copy_pdf(path: Path, document: Path) -> None:
    """Copy without bytes before its header: readers skip a mark or blank lines, and members get this copy."""
    with path.open("rb") as source, document.open("wb") as sink:
        source.seek(max(0, source.read(HEADER_WITHIN).find(PDF_HEADER)))
        shutil.copyfileobj(source, sink)


def _picture_page(path: Path, document: Path) -> None:
    picture = document.with_name("picture.jpg")
    pictures.make_image(path, picture, side=2480)
    with Image.open(picture) as shown:
        shown.save(document, "PDF", resolution=150)
    picture.unlink()


def draw(document: Path, folder: Path) -> list[dict[str, Any]]:
    """Draw the pages of a PDF."""
    target = folder / "pages"
    target.mkdir()
    # Another Python process: the jail's limits apply to it, not to the worker.
    arguments = [sys.executable, "-I", str(_SCRIPT), str(document), str(target), str(MAX_PAGES), str(WIDTH)]
    try:
        limits = Limits(seconds=900, cpu_s=900, memory_mib=4096, file_mib=64)
        found: dict[str, Any] = json.loads(tools.run(arguments, folder=folder, limits=limits, sees=_SEES))
    except (ToolFailed, ValueError) as error:
        if is_cramped(folder):
            raise StorageFull from error
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    if found.get("error") == "password":
        raise Invalid(msg("这份 PDF 加了密码，请去掉密码后再上传。"))
    if found.get("error") == "xfa":
        raise Invalid(
            msg("这份 PDF 是动态表单（XFA），只有 Adobe 的软件能显示。请在那里另存或打印成普通 PDF 后再上传。")
        )
    if found.get("error") == "many":
        raise Invalid(msg("文档有 %(count)s 页，超过了 %(most)s 页的上限。", count=found["count"], most=MAX_PAGES))
    if not found.get("pages"):
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。"))
    shutil.copyfile(target / "001.jpg", folder / "poster.jpg")
    return [page | {"text": clean_page(page["text"])} for page in found["pages"]]


def keep(tx: Tx, asset: Asset, drawn: list[dict[str, Any]]) -> None:
    """Replace the rows of the earlier pages by those of the published set."""
    tx.execute(delete(DocumentPage).where(DocumentPage.asset_id == asset.id))
    rows = [{"asset_id": asset.id, "number": number, **page} for number, page in enumerate(drawn, 1)]
    tx.execute(insert(DocumentPage), rows)
    asset.pages = len(rows)


def clean_page(text: str) -> str:
    """A page's text for display and search, without invisible characters."""
    text = _HYPHEN.sub("", text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    text = plain(_BETWEEN.sub("", text).replace("\u3000", "  "))
    return _SPACED.sub(_closed, text)


def _closed(found: re.Match[str]) -> str:
    """Letter-spaced characters joined; spaced Latin letters are a list, not a word."""
    letters = found[0].split(" ")
    is_chinese = any(letter > "\u2e7f" for letter in letters) and not any(
        letter.isascii() and letter.isalpha() for letter in letters
    )
    return "".join(letters) if is_chinese else found[0]


_HYPHEN = re.compile("[\u00ad\ufffe\x02] {0,3}\n {0,3}")
"""Words hyphenated at a line end joined."""
_BETWEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff\ufffe]")
_SPACED = re.compile(r"(?<!\S)\S(?: \S){2,}(?!\S)|^[\u2e80-\u9fff] {1,9}[\u2e80-\u9fff]$", re.MULTILINE)
