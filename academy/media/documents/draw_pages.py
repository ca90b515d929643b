"""Draws the pages of a PDF; started as a script in the jail, because the PDF library is large C++ code and the file is
untrusted. Prints one JSON object.

Usage: ``python -I draw_pages.py FILE FOLDER MOST_PAGES WIDTH``
"""

import contextlib
import ctypes
import json
import logging
import sys
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

MAX_PIXELS = 8_000_000
MAX_TEXT = 20_000
MAX_FIELDS = 2_000
SMALL_WIDTH = 720
"""Pixels of the small picture: 360 of a phone at twice their density."""
SMALL_BYTES = 60_000
USUAL = (612.0, 792.0)
"""Points; default where a page has no size of its own, as in other readers."""
LEAST, MOST = 1.0, 1e7
"""Points; a page size outside these bounds is an error of the file."""


def draw(file: Path, folder: Path, most: int, width: int) -> dict[str, object]:
    """Write ``001.jpg``…; returns each page's size and text, or the reason of a refusal."""
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        return {"error": "password" if "password" in str(error).lower() else "damaged"}
    count = len(document)
    if count > most:
        return {"error": "many", "count": count}
    if document.get_formtype() != raw.FORMTYPE_NONE:
        # Without it nothing of a form is drawn: filled-in values, ticks, visible signatures. One that cannot be loaded
        # leaves the pages as they are.
        with contextlib.suppress(pdfium.PdfiumError):
            document.init_forms()
    pages: list[dict[str, object]] = []
    lost = 0
    for number in range(count):
        try:
            picture, text = _page(document, number, width)
        except (pdfium.PdfiumError, MemoryError):
            lost += 1
            picture, text = _blank(width), ""
        if number == 0 and _is_placeholder(document, text):
            return {"error": "xfa"}
        picture.save(folder / f"{number + 1:03d}.jpg", "JPEG", quality=82, optimize=True, progressive=True)
        _save_small(picture, folder / f"{number + 1:03d}.webp")
        pages.append({"width": picture.width, "height": picture.height, "text": text[:MAX_TEXT]})
    # One unreadable page among others is drawn empty; where none can be read, the file is refused.
    return {"pages": pages} if lost < count else {"error": "damaged"}


def _save_small(picture: Image.Image, target: Path) -> None:
    """A page as wide as a phone: at 400 kbit/s it is there in about a second."""
    small = picture
    if picture.width > SMALL_WIDTH:
        size = (SMALL_WIDTH, max(1, picture.height * SMALL_WIDTH // picture.width))
        small = picture.resize(size, Image.Resampling.LANCZOS)
    for quality in (55, 40, 25, 10):
        small.save(target, "WEBP", quality=quality, method=4)
        if target.stat().st_size <= SMALL_BYTES:
            return


def _page(document: pdfium.PdfDocument, number: int, width: int) -> tuple[Image.Image, str]:
    """The picture and the text of one page."""
    page = document[number]
    if not all(LEAST <= side <= MOST for side in page.get_size()):
        page.set_mediabox(0, 0, *USUAL)
        page.set_cropbox(0, 0, *USUAL)
        page.close()
        page = document[number]
    values = _values(document, page)
    # Comments, stamps and fields become part of the page, so that their text is searchable too.
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[number]
    wide, high = page.get_size()
    if not (LEAST <= wide <= MOST and LEAST <= high <= MOST):
        page.close()
        return _blank(width), ""
    scale = min(width / wide, (MAX_PIXELS / (wide * high)) ** 0.5)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    text = page.get_textpage().get_text_bounded()
    page.close()
    drawn = "".join(text.split())
    return picture, "\n".join([text, *(value for value in values if "".join(value.split()) not in drawn)])


def _blank(width: int) -> Image.Image:
    return Image.new("RGB", (width, round(width * USUAL[1] / USUAL[0])), "white")


def _values(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> list[str]:
    """The values of the fields of a page, as the form stores them: some have no appearance stream."""
    if document.formenv is None:
        return []
    found = []
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if annotation and raw.FPDFAnnot_GetFormFieldType(document.formenv, annotation) in _TYPED:
            size = raw.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, None, 0)
            if 2 < size <= 2 * MAX_TEXT:
                value = ctypes.create_string_buffer(size)
                raw.FPDFAnnot_GetFormFieldValue(
                    document.formenv, annotation, ctypes.cast(value, ctypes.POINTER(raw.FPDF_WCHAR)), size
                )
                found.append(value.raw.decode("utf-16-le", "ignore").rstrip("\0"))
        raw.FPDFPage_CloseAnnot(annotation)
    return found


_TYPED = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)


def _is_placeholder(document: pdfium.PdfDocument, text: str) -> bool:
    """Whether the one page is only the placeholder, in any language, for a form that only Adobe's program can draw."""
    is_form = document.get_formtype() == raw.FORMTYPE_XFA_FULL
    return is_form and len(document) == 1 and ("adobe" in text.lower() or "please wait" in text.lower())


if __name__ == "__main__":
    logging.disable()  # the library's messages are discarded; the answer is the one line below
    json.dump(draw(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])), sys.stdout)
