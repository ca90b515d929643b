"""Films with clocks, encoded as the pipeline does."""

from pathlib import Path

from academy.core.settings import Settings
from academy.media import rules
from academy.media.probing import probe
from academy.media.transcoding import encode, parts

PART_S = 12


def encoded(settings: Settings, path: Path, folder: Path, kind: str = "video") -> rules.Source:
    """Encode as the worker's steps do, whole or in parts."""
    source, _ = probe.look(settings, kind, path)
    made = folder / "parts"
    for number in parts.numbers(source):
        parts.make(settings, source, path, made, number, lambda _permille: None)
    if parts.numbers(source):
        parts.join(settings, source, made, folder / "set")
    else:
        encode.make_ladder(settings, source, path, folder / "set", lambda _permille: None)
    encode.finish(source, folder / "set")
    return source
