"""Chooses pictures of a film that show something new and draws them as small stills, in the jail (`jailed`).

FOLDER holds ``k_00001.jpg`` and so on: the film's key frames, one every few seconds. Beside them ``s_00001.webp`` and
so on are written for those that differ from the still before them, no more than fit into BYTES. A slide that is built
up in steps gives one still a step; a camera that moves gives stills at equal distances.

Arguments: FOLDER BYTES. Prints ``{"stills": [[number of the key frame from 0, file], …]}``.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops

WIDTH = 640
STILL_BYTES = 24_000
"""Maximum of one still."""
LOOK = (128, 72)
"""Size at which pictures are compared: a line of a slide's text is two or three points high."""
TONE = 24
"""Difference of brightness, of 255, from which on a point has changed: noise and compression stay below."""
CHANGED = 25
"""Permille of changed points that make another picture: a line of text changes more, a speaker in a corner less."""
QUALITIES = (72, 56, 40, 24, 8)


def difference(one: Image.Image, other: Image.Image) -> int:
    """Permille of points that changed."""
    counts = ImageChops.difference(one, other).histogram()
    return 1000 * sum(counts[TONE:]) // (LOOK[0] * LOOK[1])


def choose(count: int, differ: Callable[[int, int], int], most: int) -> list[int]:
    """Numbers of the pictures to keep, of `count`: each differs from the one kept before it; no more than `most`."""
    found: list[int] = []
    gap = 1
    while count and (not found or len(found) > most):
        found = [0]
        for number in range(1, count):
            if number - found[-1] >= gap and differ(found[-1], number) >= CHANGED:
                found.append(number)
        gap += 1
    return found


def draw(folder: Path, limit: int) -> list[list[object]]:
    """See the module."""
    frames = sorted(folder.glob("k_*.jpg"))
    looks = []
    for frame in frames:
        with Image.open(frame, formats=("JPEG",)) as picture:
            looks.append(picture.convert("L").resize(LOOK, Image.Resampling.BOX))
    most = max(1, limit // STILL_BYTES)
    stills: list[list[object]] = []
    for number in choose(len(frames), lambda a, b: difference(looks[a], looks[b]), most):
        name = f"s_{number + 1:05d}.webp"
        with Image.open(frames[number], formats=("JPEG",)) as picture:
            _save(picture.convert("RGB"), folder / name)
        stills.append([number, name])
    return stills


def _save(picture: Image.Image, target: Path) -> None:
    """At the best quality that fits; what is nothing but noise becomes smaller."""
    for width, qualities in ((WIDTH, QUALITIES), (WIDTH // 2, (24, 4)), (WIDTH // 4, (4,))):
        picture.thumbnail((width, width), Image.Resampling.LANCZOS)
        for quality in qualities:
            picture.save(target, "WEBP", quality=quality, method=4)
            if target.stat().st_size <= STILL_BYTES:
                return


def main(arguments: list[str]) -> None:
    """See the module."""
    folder, limit = arguments
    json.dump({"stills": draw(Path(folder), int(limit))}, sys.stdout)
