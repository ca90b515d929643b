"""Compile one message catalogue, and say nothing unless it is broken."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(source: Path) -> Path:
    """Write the .mo beside the .po; returns its path."""
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parent.parent.name)
    target = source.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, catalogue)
    return target


if __name__ == "__main__":
    compile_catalogue(Path(sys.argv[1]))
