"""Kill the worker in the middle of its work, again and again: every lecture ends whole.

``python -m tests.faults.kill_encoder --rounds 20`` waits for each step of a film's way in turn, kills the
worker's whole process in the middle of it, starts another, and so on; then lets it finish and looks at
what is there. The film is long enough to be encoded in parts: a part that was finished before a kill is
not made again.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from academy.core.actor import Role
from academy.jobs.api import Job
from academy.media import queries, rules, tools
from academy.media.models import Asset, AssetState
from academy.media.storage.file_storage import local_storage, parts_folder, set_key, work_folder
from academy.media.transcoding import playlist
from tests.support.running import Academy, academy, kill
from tests.support.shortcuts import adopt_file
from tests.support.waiting import until

STEPS = rules.STEPS_BY_KIND["video"]
PART_S = 12


def make_film(of: Academy, seconds: int) -> Path:
    """A film that takes a while to encode, with captions inside, so that every step has something to do."""
    film, words = of.folder / "film.mkv", of.folder / "words.srt"
    lines = [f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\n第{n}句\n" for n in range(1, min(seconds, 60))]
    words.write_text("\n".join(lines), encoding="utf-8")
    made = [tools.ffmpeg_path(of.settings), "-nostdin", "-loglevel", "error", "-y"]
    made += ["-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25:duration={seconds}"]
    made += ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-i", str(words), "-preset", "ultrafast", str(film)]
    subprocess.run(made, check=True)
    return film


def encoders(of: Academy) -> int:
    """How many encoders work on this installation's files."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return sum("ffmpeg" in line and str(of.settings.media_dir) in line for line in listed.splitlines())


def moment(of: Academy, asset_id: int, step: str, draw: random.Random) -> str:
    """Wait until a step runs and a little longer; returns what runs then: another, if it was too quick."""
    database = of.runtime.db.url.database
    assert database is not None
    asked = "SELECT step FROM asset_steps WHERE asset_id = ? AND state = 'running'"
    over = "SELECT 1 FROM assets WHERE id = ? AND building IS NULL"
    # A connection of its own, asked as often as it answers: the short steps last some milliseconds.
    line = sqlite3.connect(database, isolation_level=None)
    try:
        end = time.monotonic() + 240
        while not any(row[0] == step for row in line.execute(asked, (asset_id,))):
            if line.execute(over, (asset_id,)).fetchone():
                return "between"
            if time.monotonic() > end:
                raise TimeoutError(f"{step} never came")
        if step == "encode":
            time.sleep(draw.uniform(0.0, 6.0))
        row = line.execute(asked, (asset_id,)).fetchone()
        return str(row[0]) if row else "between"
    finally:
        line.close()


def run(of: Academy, rounds: int, seconds: int, draw: random.Random) -> dict[str, object]:
    """Kill so many times, then finish; returns what was found.

    Raises:
        AssertionError: something was lost, left half done or ran twice at once.
    """
    who = of.actor(of.account(Role.TRAINER))
    film = make_film(of, seconds)
    kills: dict[str, int] = {}
    asset_ids: list[int] = []
    finished: dict[int, int] = {}
    for number in range(rounds):
        wanted = STEPS[number % len(STEPS)]
        if not asset_ids or _past(of, asset_ids[-1], wanted):
            with of.runtime.db.begin() as tx:
                asset_ids.append(adopt_file(tx, who, film, "党课.mkv", "video").id)
        worker = of.worker()
        running = moment(of, asset_ids[-1], wanted, draw)
        kill(worker)
        kills[running] = kills.get(running, 0) + 1
        until(lambda: encoders(of) == 0, 10, "the end of the killed worker's encoder")
        with of.runtime.db.read() as tx:
            half = tx.get_one(Asset, asset_ids[-1])
        if half.state != AssetState.READY:
            published = local_storage(of.settings).path(set_key(half.public_id, half.generation))
            assert not published.exists() or running == "publish", "a half-made set stood where links lead"
        finished |= _parts_done(of)
    of.worker()
    until(lambda: _unready(of) == 0, 60 + 10 * seconds, "the end")
    now = _parts_done(of)
    assert all(now[job_id] == tries for job_id, tries in finished.items()), "a finished part was made again"
    return check(of, asset_ids, seconds) | {"kills": kills, "rounds": rounds, "parts_kept": len(finished)}


def _past(of: Academy, asset_id: int, step: str) -> bool:
    with of.runtime.db.read() as tx:
        return any(s.step == step and s.state == "done" for s in queries.steps_of(tx, asset_id))


def _parts_done(of: Academy) -> dict[int, int]:
    """Jobs of finished parts, and how often each was begun."""
    with of.runtime.db.read() as tx:
        rows = tx.execute(select(Job.id, Job.attempts).where(Job.name == "media.part", Job.state == "done"))
        return {row.id: row.attempts for row in rows}


def _unready(of: Academy) -> int:
    with of.runtime.db.read() as tx:
        return tx.scalar(select(func.count()).where(Asset.state == AssetState.PROCESSING)) or 0


def check(of: Academy, asset_ids: list[int], seconds: int) -> dict[str, object]:
    """Every film is whole, once, and nothing is left over."""
    until(lambda: _open_jobs(of) == 0, 30, "an end of all jobs")
    with of.runtime.db.read() as tx:
        for asset_id in asset_ids:
            asset = tx.get_one(Asset, asset_id)
            assert asset.state == AssetState.READY, asset.error
            assert {s.state for s in queries.steps_of(tx, asset_id)} == {"done"}
            assert abs((asset.duration_ms or 0) - seconds * 1000) < 500
            folder = local_storage(of.settings).path(set_key(asset.public_id, asset.generation))
            for rendition in queries.renditions_of(tx, asset_id):
                parts = playlist.segments((folder / rendition.name / "index.m3u8").read_text())
                assert sum((folder / rendition.name / name).stat().st_size for _, name in parts) == rendition.size
            assert [cue.text for cue in queries.cues_of(tx, asset_id)][:2] == ["第1句", "第2句"]
            assert not work_folder(of.settings, asset.generation).exists()
            assert not parts_folder(of.settings, asset.generation).exists()
    return {"films": len(asset_ids), "stuck": 0, "lost": 0}


def _open_jobs(of: Academy) -> int:
    with of.runtime.db.read() as tx:
        return tx.scalar(select(func.count()).where(Job.state.in_(("queued", "running")))) or 0


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=30, help="length of the film")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, academy(Path(folder), part_s=PART_S) as of:
        print(json.dumps(run(of, given.rounds, given.seconds, random.Random(given.seed))), file=sys.stdout)


if __name__ == "__main__":
    main()
