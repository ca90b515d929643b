"""Parses a caption file, in the jail (`jailed`): uploaded files may be crafted to exhaust the parser.

Arguments: SUFFIX DURATION_MS, 0 where the length of the lecture is not known; the file is the standard input. Prints
one JSON object, which `caption_files` checks.
"""

import json
import sys
from typing import Any

from academy.core.errors import Invalid
from academy.media.captions import caption_files


def parse(suffix: str, data: bytes, duration_ms: int | None) -> dict[str, Any]:
    """The cues and other results, or the sentences with which the file was refused."""
    try:
        parsed = caption_files.parse_captions(f"file{suffix}", data, duration_ms)
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


def main(arguments: list[str]) -> None:
    """See the module."""
    suffix, duration = arguments
    json.dump(parse(suffix, sys.stdin.buffer.read(), int(duration) or None), sys.stdout)
