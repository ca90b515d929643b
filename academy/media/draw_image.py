"""Decodes a picture and rewrites it, in the jail (`jailed`): the decoders are C libraries, the file is untrusted.

Beside TARGET, a JPEG, ``card.webp`` is written: 16:9, for a course's cover in a list; and ``square.webp``, for a
person's portrait.

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
SQUARE = "square.webp"
SQUARE_SIZE = (240, 240)
SQUARE_BYTES = 8_000
FACE = (0.5, 0.25)
"""Where the middle of a square lies in what is cut away: faces stand in the upper part of a portrait."""


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
    _draw_small(paper, target.with_name(CARD), CARD_SIZE, CARD_BYTES)
    _draw_small(paper, target.with_name(SQUARE), SQUARE_SIZE, SQUARE_BYTES, FACE)
    paper.thumbnail((side, side))
    paper.save(target, "JPEG", quality=86, optimize=True, progressive=True)
    return {"size": list(paper.size)}


def _draw_small(
    picture: Image.Image, target: Path, size: tuple[int, int], limit: int, centre: tuple[float, float] = (0.5, 0.5)
) -> None:
    """Cut it to the shape of `size` and write it at the best quality that fits into `limit` bytes."""
    small = ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=centre)
    for quality in (80, 70, 60, 50, 40, 30, 20, 10, 0):
        small.save(target, "WEBP", quality=quality, method=6)
        if target.stat().st_size <= limit:
            return


def main(arguments: list[str]) -> None:
    """See the module."""
    path, target, side = arguments
    json.dump(draw(Path(path), Path(target), int(side)), sys.stdout)
