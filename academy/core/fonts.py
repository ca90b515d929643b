"""Locates a Chinese font on this machine, or else in an installed wheel."""

import importlib.util
from functools import lru_cache
from pathlib import Path

_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


def find_font() -> Path | None:
    """A font file with simplified Chinese."""
    for name in _FONTS:
        if Path(name).exists():
            return Path(name)
    carried = wheel_file("mplfonts", "fonts/NotoSansCJKsc-Regular.otf")
    return carried if carried and carried.exists() else None


@lru_cache
def simplified_face(font: Path) -> int:
    """Which face of a collection is the simplified Chinese one; 0 for a file with one face."""
    if font.suffix != ".ttc":
        return 0
    from fontTools.ttLib import TTCollection  # large, and most processes render nothing

    with TTCollection(font, lazy=True) as collection:
        for number, one in enumerate(collection.fonts):
            if " SC" in (one["name"].getDebugName(4) or ""):
                return number
    return 0


def wheel_file(module: str, inside: str) -> Path | None:
    """A file of an installed wheel; None where it is not installed."""
    # Located without importing: these wheels are used for their files, and their dependencies are not installed.
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside
