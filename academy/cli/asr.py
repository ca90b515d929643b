"""flask asr …: error rate of the speech model."""

import json
import tempfile
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.media import api as media

group = AppGroup("asr", help="Speech recognition.")


@group.command("evaluate")
@click.argument("audio", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("reference", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", default="", help="Language of the recording; default: the configured one.")
def evaluate(audio: Path, reference: Path, language: str) -> None:
    """Recognise AUDIO with the configured model, compare with REFERENCE (text or captions), print the error rate as
    JSON."""
    runtime: Runtime = current_app.extensions["academy"]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="asr-") as folder,
            media.mended(runtime.settings, audio.absolute()) as path,
        ):
            entry = [*media.reading_options(media.container_of(path)), "-i", f"file:{path}"]
            recognised = media.recognise_speech(
                runtime.settings, entry, Path(folder), lambda _: None, language=language
            )
        truth = _words(reference)
    except Invalid as error:
        messages = [str(error.message), *(str(message) for message in error.fields.values())]
        raise click.ClickException(" ".join(messages)) from error
    edits, characters, rate = media.character_error_rate("".join(cue.text for cue in recognised.cues), truth)
    result = {
        "model": recognised.model,
        "audio_s": round(recognised.audio_s, 1),
        "seconds": round(recognised.seconds, 2),
        "times_realtime": round(recognised.audio_s / max(recognised.seconds, 0.001), 1),
        "cues": len(recognised.cues),
        "characters": characters,
        "edits": edits,
        "character_error_rate": rate,
    }
    click.echo(json.dumps(result, ensure_ascii=False))


def _words(path: Path) -> str:
    data = path.read_bytes()
    text = media.decode_captions(data)
    return "".join(cue.text for cue in media.parse_captions(path.name, data).cues) if "-->" in text else text
