"""Draws the pages of a PDF; started as a script in the jail, because its reader is a large C++ library
and the file is somebody's. Prints one JSON object.

Usage: ``python -I draw_pages.py FILE FOLDER MOST_PAGES WIDTH``
"""

import json
import sys
from pathlib import Path

import pypdfium2 as pdfium

MAX_PIXELS = 8_000_000
MAX_TEXT = 20_000


def draw(file: Path, folder: Path, most: int, width: int) -> dict[str, object]:
    """Write ``001.jpg``…; returns each page's size and words, or the reason why there are none."""
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        return {"error": "password" if "password" in str(error).lower() else "damaged"}
    if len(document) > most:
        return {"error": "many", "count": len(document)}
    pages = []
    for number in range(len(document)):
        page = document[number]
        wide, high = page.get_size()
        if wide < 1 or high < 1:
            return {"error": "damaged"}
        scale = min(width / wide, (MAX_PIXELS / (wide * high)) ** 0.5)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        picture.save(folder / f"{number + 1:03d}.jpg", "JPEG", quality=82, optimize=True, progressive=True)
        text = page.get_textpage().get_text_bounded()[:MAX_TEXT]
        pages.append({"width": picture.width, "height": picture.height, "text": text})
        page.close()
    return {"pages": pages}


if __name__ == "__main__":
    json.dump(draw(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])), sys.stdout)
