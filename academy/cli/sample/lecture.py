"""Makes a lecture: statute text on slides, read aloud, with captions timed by the speech itself."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from academy.cli.sample import slides, speech, statutes
from academy.core.settings import Settings
from academy.media import api as media
from academy.media.api import CueText

CACHE = Path(".cache") / "sample"
EDITIONS = {"video": 1, "audio": 1, "document": 2, "image": 1}
"""Version of the generator; raise it when the same text would give another file."""
FPS = 5
FILES = {"video": "lecture.mp4", "audio": "lecture.m4a", "document": "paper.pdf", "image": "portrait.png"}
CLOSING_MS = 4_000
ARTICLES = 16
SENTENCE_GAP_MS, PAGE_GAP_MS = 320, 800


@dataclasses.dataclass(frozen=True)
class LecturePlan:
    """Plan of a lecture; `length_ms` is kept exactly, so that it is known beforehand. Of a portrait (kind image), only
    the title counts: whose it is."""

    title: str
    law: str
    first: int
    length_ms: int
    kind: str = "video"

    @property
    def key(self) -> str:
        """Cache key of the lecture."""
        return hashlib.sha256(repr((EDITIONS[self.kind], dataclasses.astuple(self))).encode()).hexdigest()[:16]


@dataclasses.dataclass(frozen=True)
class MadeLecture:
    """The video (or audio) and its captions, to the millisecond."""

    file: Path
    cues: list[CueText]


@dataclasses.dataclass
class _Reel:
    """Audio so far, slides with their lengths, captions."""

    sound: bytearray
    pictures: list[tuple[Callable[[], object], int]]
    cues: list[CueText]

    def add(self, picture: Callable[[], object], samples: bytes, gap_ms: int, text: str = "") -> None:
        start = speech.length_ms(self.sound)
        self.sound += samples
        if text:
            self.cues.append(CueText(start, speech.length_ms(self.sound), text))
        self.sound += speech.silence(gap_ms)
        self.pictures.append((picture, speech.length_ms(self.sound) - start))


def make(
    plan: LecturePlan, settings: Settings, city: str, on_progress: Callable[[int], None], cache: Path = CACHE
) -> MadeLecture:
    """The lecture, from the cache where it was made before. `on_progress` receives permille."""
    folder = cache / plan.key
    if not (folder / "cues.json").exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _make(plan, settings, city, Path(draft), on_progress)
            shutil.rmtree(folder, ignore_errors=True)
            # Written atomically: an interrupted lecture leaves no file that looks complete.
            Path(draft).rename(folder)
    cues = [CueText(*row) for row in json.loads((folder / "cues.json").read_text(encoding="utf-8"))]
    return MadeLecture(folder / FILES[plan.kind], cues)


def _make(plan: LecturePlan, settings: Settings, city: str, folder: Path, on_progress: Callable[[int], None]) -> None:
    if plan.kind == "image":
        from academy.cli.sample import portraits

        portraits.write(plan.title, folder / FILES["image"])
        (folder / "cues.json").write_text("[]")
        return
    if plan.kind == "document":
        from academy.cli.sample import paper  # fpdf2 is large, and only a worker needs it here

        paper.write(plan.law, statutes.articles(plan.law, plan.first, ARTICLES), folder / FILES["document"])
        (folder / "cues.json").write_text("[]")
        return
    reel = read(plan, city, on_progress)
    speech.save(bytes(reel.sound), folder / "sound.wav")
    if plan.kind == "video":
        _draw(reel, folder)
    on_progress(700)
    _encode(plan, settings, folder)
    for spare in (*folder.glob("*.ppm"), folder / "sound.wav", folder / "pictures.txt"):
        spare.unlink(missing_ok=True)
    cues = [[cue.start_ms, cue.end_ms, cue.text] for cue in reel.cues]
    (folder / "cues.json").write_text(json.dumps(cues, ensure_ascii=False), encoding="utf-8")
    on_progress(1000)


def read(plan: LecturePlan, city: str, on_progress: Callable[[int], None]) -> _Reel:
    """Speak sentence by sentence until the length is reached; the last slide fills the rest."""
    reel = _Reel(bytearray(), [], [])
    law = plan.law
    opening = f"{plan.title}。"
    reel.add(lambda: slides.title(plan.title, law, city), speech.synthesise(opening), PAGE_GAP_MS, opening)
    end = plan.length_ms - CLOSING_MS
    for page in statutes.articles(law, plan.first):
        for sentences in slides.fitting(page.sentences):
            for number, sentence in enumerate(sentences):
                text = f"{page.heading}，{sentence}" if sentence == page.sentences[0] else sentence
                samples = speech.synthesise(text)
                now = speech.length_ms(reel.sound)
                if now + speech.length_ms(samples) + PAGE_GAP_MS > end:
                    return _finish(reel, plan)
                part = (now, plan.length_ms)
                last = number == len(sentences) - 1
                reel.add(
                    lambda h=page.heading, s=sentences, n=number, p=part: slides.article(law, h, s, n, p),  # type: ignore[misc]
                    samples,
                    PAGE_GAP_MS if last else SENTENCE_GAP_MS,
                    text,
                )
                on_progress(400 * now // plan.length_ms)
    return _finish(reel, plan)


def _finish(reel: _Reel, plan: LecturePlan) -> _Reel:
    left = plan.length_ms - speech.length_ms(reel.sound)
    reel.add(lambda: slides.closing(plan.law), b"", left)
    return reel


def _draw(reel: _Reel, folder: Path) -> None:
    lines = []
    for number, (picture, length_ms) in enumerate(reel.pictures):
        page = picture()
        slides.save(page, folder / f"{number:03d}.ppm")  # type: ignore[arg-type]
        lines += [f"file {number:03d}.ppm", f"duration {length_ms / 1000:.3f}"]
    # The demuxer ignores the last duration unless the picture is named once more.
    lines.append(f"file {len(reel.pictures) - 1:03d}.ppm")
    (folder / "pictures.txt").write_text("\n".join(lines) + "\n")


def _encode(plan: LecturePlan, settings: Settings, folder: Path) -> None:
    command = [media.ffmpeg_path(settings), "-nostdin", "-v", "error", "-y"]
    sound = ["-c:a", "aac", "-b:a", "64k", "-ac", "1"]
    limit = ["-t", f"{plan.length_ms / 1000:.3f}", "-movflags", "+faststart"]
    if plan.kind == "video":
        command += ["-f", "concat", "-safe", "0", "-i", "pictures.txt", "-i", "sound.wav"]
        picture = ["-vf", f"fps={FPS},format=yuv420p", "-c:v", "libx264", "-preset", "veryfast"]
        command += [*picture, "-tune", "stillimage", "-crf", "27", "-g", str(FPS * 10), *sound, *limit, "lecture.mp4"]
    else:
        command += ["-i", "sound.wav", *sound, *limit, "lecture.m4a"]
    subprocess.run(command, cwd=folder, check=True, timeout=600, stdout=subprocess.DEVNULL)
