"""Decodes a picture and rewrites it as JPEG, in the jail (`jailed`): the decoders are C libraries, the file is
untrusted.

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
    paper.thumbnail((side, side))
    paper.save(target, "JPEG", quality=86, optimize=True, progressive=True)
    return {"size": list(paper.size)}


def main(arguments: list[str]) -> None:
    """See the module."""
    path, target, side = arguments
    json.dump(draw(Path(path), Path(target), int(side)), sys.stdout)
