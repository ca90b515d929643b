"""Parses a caption file; started as a script in the jail, because the file is somebody's and may be made to keep a
parser busy. Reads the file from its standard input and prints one JSON object, which `caption_files` checks.

Usage: ``python -I -S parse_captions.py SUFFIX DURATION_MS PACKAGE PACKAGES < FILE``: DURATION_MS is 0 where the length
of the lecture is not known; PACKAGE is this application's folder, PACKAGES the one where others are installed.
"""

import json
import sys
import types
from typing import Any


def parse(suffix: str, data: bytes, duration_ms: int | None) -> dict[str, Any]:
    """The cues with what else the parser found, or the sentences with which it refused the file."""
    from academy.core.errors import Invalid
    from academy.media import captions

    try:
        parsed = captions.parse(f"file{suffix}", data, duration_ms)
    except Invalid as error:
        return {"refused": [[one.text, next(iter(one.params.values()), None)] for one in error.fields.values()]}
    return {
        "cues": [[cue.start_ms, cue.end_ms, cue.text] for cue in parsed.cues],
        "trimmed": parsed.trimmed,
        "estimated": parsed.estimated,
        "encoding": parsed.encoding,
        "counts": dict(parsed.counts),
        "places": {kind: [[place.line, place.text] for place in places] for kind, places in parsed.places.items()},
    }


if __name__ == "__main__":
    # The folder above the application is not to be seen: people's files may lie there.
    package = types.ModuleType("academy")
    package.__path__ = [sys.argv[3]]
    sys.modules["academy"] = package
    sys.path.append(sys.argv[4])
    json.dump(parse(sys.argv[1], sys.stdin.buffer.read(), int(sys.argv[2]) or None), sys.stdout)
