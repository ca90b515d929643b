"""Documents become pages: pictures that every phone shows, and words."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.media import tools
from academy.media.captions import clean
from academy.media.tools import Limits, ToolFailed

MAX_PAGES = 500
WIDTH = 1240
_SCRIPT = Path(__file__).with_name("draw_pages.py")


def make_pages(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Draw every page into ``pages/``, the first also as the poster; returns sizes and words.

    Raises:
        Invalid: locked, damaged, empty or too long.
    """
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "pages"
    target.mkdir(parents=True)
    # Python itself, again: the jail's limits hold for the reader, not for the worker.
    told = [sys.executable, "-I", str(_SCRIPT), str(path), str(target), str(MAX_PAGES), str(WIDTH)]
    try:
        limits = Limits(seconds=900, cpu_s=900, memory_mib=4096, file_mib=64)
        found: dict[str, Any] = json.loads(tools.run(told, folder=folder, limits=limits))
    except (ToolFailed, ValueError) as error:
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。")) from error
    if found.get("error") == "password":
        raise Invalid(msg("这份 PDF 加了密码，请去掉密码后再上传。"))
    if found.get("error") == "many":
        raise Invalid(msg("文档有 %(count)s 页，超过了 %(most)s 页的上限。", count=found["count"], most=MAX_PAGES))
    if not found.get("pages"):
        raise Invalid(msg("文件已损坏，读不出内容。请重新导出后再上传。"))
    shutil.copyfile(target / "001.jpg", folder / "poster.jpg")
    return [page | {"text": clean_page(page["text"])} for page in found["pages"]]


def clean_page(text: str) -> str:
    """A page's words, without what PDF hides between them."""
    return "\n".join(filter(None, (clean(line) for line in text.replace("\r", "\n").split("\n"))))
