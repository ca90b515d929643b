"""Decodes a picture and rewrites it, in the jail (`jailed`): the decoders are C libraries, the file is untrusted.

Beside TARGET, a JPEG, ``card.webp`` is written: 16:9, for a course's cover in a list.

Arguments: FILE TARGET SIDE (pixels of the longest side). Prints
``{"size": [width, height]}`` or ``{"refused": REASON}``.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 40_000_000
TOO_MANY_PIXELS, DAMAGED = "pixels", "damaged"


CARD = "card.webp"
CARD_SIZE = (480, 270)
CARD_BYTES = 12_000
"""A page of twenty courses on 400 kbit/s: more would keep a phone waiting for pictures only."""


def draw(path: Path, target: Path, side: int) -> dict[str, Any]:
    """Draw it on white, rotated upright, no larger than `side`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG", "WEBP", "BMP", "GIF")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return {"refused": TOO_MANY_PIXELS}
                picture.draft("RGB", (side * 2, side * 2))
                plain = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        return {"refused": DAMAGED}
    paper = Image.new("RGB", plain.size, "white")
    paper.paste(plain, mask=plain.getchannel("A"))
    draw_card(paper, target.with_name(CARD))
    paper.thumbnail((side, side))
    paper.save(target, "JPEG", quality=86, optimize=True, progressive=True)
    return {"size": list(paper.size)}


def draw_card(picture: Image.Image, target: Path) -> None:
    """Cut to 16:9 about the middle and write it as small as asked, at the best quality that fits."""
    card = ImageOps.fit(picture, CARD_SIZE, Image.Resampling.LANCZOS)
    for quality in (80, 70, 60, 50, 40, 30, 20, 10, 0):
        card.save(target, "WEBP", quality=quality, method=6)
        if target.stat().st_size <= CARD_BYTES:
            return


def main(arguments: list[str]) -> None:
    """See the module."""
    path, target, side = arguments
    json.dump(draw(Path(path), Path(target), int(side)), sys.stdout)
