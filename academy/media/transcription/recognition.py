"""Runs the recogniser on a file: decode, cut at silences, recognise in the jail."""

import dataclasses
import functools
import json
import logging
import os
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import tools
from academy.media.captions.caption_files import CueText, remove_overlaps
from academy.media.tools import Limits, ToolFailed
from academy.media.transcoding.encode import raise_in_words
from academy.media.transcription import models, rules

if TYPE_CHECKING:
    from opencc import OpenCC

_SCRIPT = Path(__file__).with_name("recogniser.py")
MOST_TERMS = 60
log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Recognised:
    """Captions, the model that made them, and the time it took."""

    cues: list[CueText]
    model: str
    audio_s: float
    seconds: float


def need_model(settings: Settings) -> models.Model:
    """The configured model.

    Raises:
        Invalid: there is none.
    """
    model = models.find_speech_model(settings)
    if model is None:
        raise Invalid(msg("这里还没有装语音识别模型。可以上传字幕文件，或者粘贴讲稿。"))
    return model


def recognise_speech(
    settings: Settings,
    entry: list[str],
    folder: Path,
    on_progress: Callable[[int], None],
    *,
    terms: list[str] | None = None,
    language: str = "",
) -> Recognised:
    """Recognise the audio that ffmpeg reads by `entry` (options and ``-i``); the folder is the step's own.

    Raises:
        Invalid: no model, one that does not load, or audio that cannot be read.
    """
    model = need_model(settings)
    folder.mkdir(parents=True, exist_ok=True)
    wav = folder / "speech.wav"
    try:
        quiet = _decode(settings, entry, wav, folder)
        with wave.open(str(wav), "rb") as sound:
            duration_ms = sound.getnframes() * 1000 // max(1, sound.getframerate())
        pieces = rules.pieces(quiet, duration_ms)
        language = language or settings.speech_language
        asked = _asked(model, wav, pieces, language, terms or [])
        started = time.monotonic()
        lines = _listen(model, asked, folder, duration_ms, on_progress) if pieces else []
    finally:
        wav.unlink(missing_ok=True)
    cues = rules.to_cues(lines)
    if language.startswith("zh"):
        cues = [dataclasses.replace(cue, text=_simplified(cue.text)) for cue in cues]
    return Recognised(remove_overlaps(cues).cues, model.name, duration_ms / 1000, time.monotonic() - started)


def _decode(settings: Settings, entry: list[str], wav: Path, folder: Path) -> list[tuple[int, int]]:
    """Write 16 kHz mono and detect silences on the way."""
    arguments = [tools.ffmpeg_path(settings), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", "-y", *entry]
    report = folder / "silences.txt"
    filters = f"aresample=16000,silencedetect=noise=-35dB:d=0.35,ametadata=mode=print:file={report.name}"
    arguments += ["-vn", "-sn", "-ac", "1", "-af", filters, "-c:a", "pcm_s16le", "-f", "wav", wav.name]
    try:
        # An input `-i file:…` is untrusted: its decoder can read that file and no other.
        given = Path(entry[entry.index("-i") + 1].removeprefix("file:"))
        limits = Limits(seconds=3600, cpu_s=3600, file_mib=2048)
        tools.run(arguments, folder=folder, limits=limits, sees=tools.needs(arguments, given))
    except ToolFailed as error:
        raise_in_words(error)
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    report.unlink(missing_ok=True)
    return rules.silences(text.replace("silence_start=", "silence_start: ").replace("silence_end=", "silence_end: "))


def _asked(
    model: models.Model, wav: Path, pieces: list[tuple[int, int]], language: str, terms: list[str]
) -> dict[str, Any]:
    # Whisper imitates its prompt: the city's words, with punctuation.
    prompt = "，".join(terms[:MOST_TERMS])
    return {
        "engine": model.engine,
        "kind": model.kind,
        "folder": str(model.folder),
        "files": model.files,
        "wav": str(wav.absolute()),
        "pieces": pieces,
        "language": language,
        "prompt": prompt,
        "threads": os.cpu_count() or 1,
    }


def _listen(
    model: models.Model, asked: dict[str, Any], folder: Path, duration_ms: int, on_progress: Callable[[int], None]
) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    question = folder / "asked.json"
    question.write_text(json.dumps(asked), encoding="utf-8")

    def line(text: str) -> None:
        if text.startswith("{"):
            lines.append(json.loads(text))
            on_progress(min(999, lines[-1]["end"] * 1000 // max(1, duration_ms)))

    seconds = 600 + 10 * duration_ms / 1000
    limits = Limits(seconds=seconds, cpu_s=int(seconds * 4), memory_mib=16384, file_mib=64)
    try:
        arguments = [sys.executable, "-I", str(_SCRIPT), str(question)]
        sees = [_SCRIPT, model.folder, Path(sys.prefix)]
        tools.run(arguments, folder=folder, limits=limits, on_line=line, sees=sees)
    except ToolFailed as error:
        log.warning("speech.failed", extra={"model": model.name, "log": error.log[-2000:]})
        raise Invalid(msg("语音识别没有成功，可能是模型文件不完整，或者内存不够。请联系运维。")) from error
    finally:
        question.unlink()
    return lines


def _simplified(text: str) -> str:
    return str(_converter().convert(text))


@functools.cache
def _converter() -> "OpenCC":
    # Imported here: it loads dictionaries, which are not needed without a model.
    from opencc import OpenCC

    return OpenCC("t2s")
