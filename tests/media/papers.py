"""Word and PowerPoint files made for tests, honest and hostile."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from docx import Document
from pptx import Presentation
from pptx.util import Inches


def docx(path: Path, *paragraphs: str) -> Path:
    """A Word file; each paragraph on a page of its own."""
    made = Document()
    for number, words in enumerate(paragraphs):
        made.add_paragraph(words)
        if number + 1 < len(paragraphs):
            made.add_page_break()
    made.save(str(path))
    return path


def pptx(path: Path, *titles: str) -> Path:
    """A presentation with a slide a title."""
    made = Presentation()
    for title in titles:
        slide = made.slides.add_slide(made.slide_layouts[6])
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(8), Inches(2))
        box.text_frame.text = title
    made.save(str(path))
    return path


def changed(path: Path, parts: Mapping[str, bytes], *, compress: bool = True) -> Path:
    """The same file with parts replaced or added."""
    old = {}
    with zipfile.ZipFile(path) as given:
        old = {name: given.read(name) for name in given.namelist()}
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as made:
        for name, data in (old | dict(parts)).items():
            made.writestr(name, data)
    path.write_bytes(buffer.getvalue())
    return path


def part(path: Path, name: str) -> bytes:
    """One part of the file."""
    with zipfile.ZipFile(path) as given:
        return given.read(name)
