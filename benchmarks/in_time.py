"""Picture, sound and captions against media time, in Chromium and the academy's own player.

``python -m benchmarks.in_time [--quick]``. Films carry a clock: the number of each picture in stripes, a beep with
each second of the lecture, a caption for each second. Every frame rate and every offset of the streams is encoded by
the worker, whole and in parts. For each film the player is sent to seconds of the lecture and the number of the
picture is read; the sound is read from the playing element and set against its clock; captions are read from the page
a twenty-fifth of a second before and after they change.

`picture_frames`, `sound_ms` and `caption_ms` are the worst of all films. The way through Web Audio takes its time:
it is measured with a plain WAV file in the same page, and taken off.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.media_clock import LONGER_S, OFFSETS, PART_S, measure, put, wait
from tests.browser.stage import stage
from tests.media.clock import Film
from tests.support.ledger_makers import learner

RATES = ("1", "5", "15", "24", "25", "30000/1001", "30", "50", "60")


def films(*, quick: bool) -> list[Film]:
    """Every rate, then every offset; MP4 and MKV, short of two parts and longer."""
    rates = ("1", "25", "50") if quick else RATES
    offsets = (OFFSETS[0], OFFSETS[5]) if quick else OFFSETS
    made = [Film(rate, (0.0, 14.0), (0.0, 14.0), name="clock.mp4") for rate in rates]
    made += [Film("25", picture, sound) for picture, sound in offsets]
    if not quick:
        made += [Film(rate, (0.0, 30.0), (0.0, 30.0), name="clock.mp4") for rate in RATES]
        made += [Film("25", (p[0], p[1] + LONGER_S), (s[0], s[1] + LONGER_S)) for p, s in OFFSETS]
    return made


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five short films instead of thirty-two")
    quick = parser.parse_args().quick
    os.environ["ACADEMY_PART_SECONDS"] = str(PART_S)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), part_s=PART_S) as on:
        given = films(quick=quick)
        put_in = [put(on, film, number) for number, film in enumerate(given)]
        with on.runtime.db.begin() as tx:
            viewer = learner(tx)[2]
        page = on.sign_in(on.with_password(viewer))
        wait(on, [asset for asset, _ in put_in], 60 * len(given))
        results: list[dict[str, Any]] = []
        for film, (_, item) in zip(given, put_in, strict=True):
            found = measure(page, film, item, quick=quick, waited=results[0]["way_s"] if results else None)
            print(film.rate, film.picture, film.sound, found, file=sys.stderr)
            results.append(found)
    print(
        json.dumps(
            {
                "benchmark": "in_time",
                "films": len(results),
                "picture_frames": max(r["frames"] for r in results),
                "sound_ms": max(r["sound_ms"] for r in results),
                "caption_ms": max(r["caption_ms"] for r in results),
            }
        )
    )


if __name__ == "__main__":
    main()
