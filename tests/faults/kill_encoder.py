"""Kill the worker in the middle of its work, again and again: every lecture ends whole.

``python -m tests.faults.kill_encoder --rounds 20`` kills the worker's whole process at a random
moment of a film's way, starts another, and so on; then lets it finish and looks at what is there.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from academy.core.actor import Role
from academy.jobs import Job
from academy.media import playlist, queries, service, tools
from academy.media.models import Asset, AssetState
from academy.media.storage import local_storage, set_key, work_folder
from tests.running import Academy, academy, kill, until


def make_film(of: Academy, seconds: int) -> Path:
    """A film that takes a while to encode."""
    film = of.folder / "film.mp4"
    made = [tools.ffmpeg(of.settings), "-nostdin", "-loglevel", "error", "-y"]
    made += ["-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25:duration={seconds}"]
    made += ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-preset", "ultrafast", str(film)]
    subprocess.run(made, check=True)
    return film


def encoders(of: Academy) -> int:
    """How many encoders work on this installation's files."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return sum("ffmpeg" in line and str(of.settings.media_dir) in line for line in listed.splitlines())


def run(of: Academy, rounds: int, seconds: int, draw: random.Random) -> dict[str, object]:
    """Kill so many times, then finish; returns what was found.

    Raises:
        AssertionError: something was lost, left half done or ran twice at once.
    """
    who = of.actor(of.account(Role.TRAINER))
    film = make_film(of, seconds)
    kills: dict[str, int] = {}
    asset_ids: list[int] = []

    def current() -> Asset | None:
        with of.house.db.read() as tx:
            return tx.get(Asset, asset_ids[-1]) if asset_ids else None

    for _ in range(rounds):
        asset = current()
        if asset is None or asset.state != AssetState.PROCESSING:
            with of.house.db.begin() as tx:
                asset_ids.append(service.adopt_file(tx, who, film, "党课.mp4", "video").id)
        worker = of.worker()
        time.sleep(draw.uniform(1.5, 9.0))
        with of.house.db.read() as tx:
            running = [s.step for s in queries.steps(tx, asset_ids[-1]) if s.state == "running"]
            half = tx.get_one(Asset, asset_ids[-1])
        kill(worker)
        kills[running[0] if running else "between"] = kills.get(running[0] if running else "between", 0) + 1
        until(lambda: encoders(of) == 0, 10, "the end of the killed worker's encoder")
        if half.state != AssetState.READY:
            published = local_storage(of.settings).path(set_key(half.public_id, half.generation))
            assert not published.exists() or running == ["publish"], "a half-made set stood where links lead"
    of.worker()
    until(
        lambda: (found := current()) is not None and found.state != AssetState.PROCESSING, 60 + 4 * seconds, "the end"
    )
    return check(of, asset_ids, seconds) | {"kills": kills, "rounds": rounds}


def check(of: Academy, asset_ids: list[int], seconds: int) -> dict[str, object]:
    """Every film is whole, once, and nothing is left over."""
    until(lambda: _open_jobs(of) == 0, 30, "an end of all jobs")
    with of.house.db.read() as tx:
        for asset_id in asset_ids:
            asset = tx.get_one(Asset, asset_id)
            assert asset.state == AssetState.READY, asset.error
            assert {s.state for s in queries.steps(tx, asset_id)} == {"done"}
            assert abs((asset.duration_ms or 0) - seconds * 1000) < 500
            folder = local_storage(of.settings).path(set_key(asset.public_id, asset.generation))
            for rendition in queries.renditions(tx, asset_id):
                parts = playlist.segments((folder / rendition.name / "index.m3u8").read_text())
                assert sum((folder / rendition.name / name).stat().st_size for _, name in parts) == rendition.size
            assert not work_folder(of.settings, asset.generation).exists()
    return {"films": len(asset_ids), "stuck": 0, "lost": 0}


def _open_jobs(of: Academy) -> int:
    with of.house.db.read() as tx:
        return tx.scalar(select(func.count()).where(Job.state.in_(("queued", "running")))) or 0


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=15, help="length of the film")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, academy(Path(folder)) as of:
        print(json.dumps(run(of, given.rounds, given.seconds, random.Random(given.seed))), file=sys.stdout)


if __name__ == "__main__":
    main()
