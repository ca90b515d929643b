"""Recognises speech in a WAV file; started as a script in the jail, because it needs a large library and much memory,
and the file is untrusted. Prints one JSON object a line as it goes.

Usage: ``python -I recogniser.py ASKED.json``, where the file says ``{"engine", "kind", "folder", "files",
"wav", "pieces": [[start_ms, end_ms], …], "language", "prompt", "threads"}``. Each line is
``{"start", "end", "text", "confidence", "words"}``: milliseconds; `confidence` from 0 to 1 or null;
`words` a list of ``[start, end, text, confidence]``, empty where the engine knows none.
"""

import base64
import importlib
import json
import math
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

RATE = 16_000
BLOCK_MS = 300_000
Line = dict[str, Any]


class Engine(Protocol):
    """Interface of a recogniser."""

    def recognise(self, sound: "Sound", pieces: list[tuple[int, int]]) -> Iterator[Line]:
        """Recognise the pieces in order; yields each line as soon as it is known."""


class Sound:
    """A WAV file, 16 kHz, mono, read piece by piece: a lecture of hours does not fit into memory beside a model."""

    def __init__(self, path: str) -> None:
        self.file = wave.open(path, "rb")  # noqa: SIM115 - for as long as the process lives
        self.numpy: Any = importlib.import_module("numpy")

    def piece(self, start_ms: int, end_ms: int) -> Any:
        """Samples from -1 to 1 as float32."""
        self.file.setpos(min(self.file.getnframes(), start_ms * RATE // 1000))
        raw = self.file.readframes((end_ms - start_ms) * RATE // 1000)
        return self.numpy.frombuffer(raw, dtype="<i2").astype(self.numpy.float32) / 32768


class FasterWhisper:
    """CTranslate2's Whisper."""

    def __init__(self, asked: dict[str, Any]) -> None:
        module = importlib.import_module("faster_whisper")
        self.asked = asked
        self.model: Any = module.WhisperModel(
            asked["folder"], device="cpu", compute_type="int8", cpu_threads=asked["threads"], local_files_only=True
        )

    def recognise(self, sound: Sound, pieces: list[tuple[int, int]]) -> Iterator[Line]:
        """In blocks of some minutes: Whisper's accuracy improves with context."""
        for start, end in blocks(pieces):
            output, _ = self.model.transcribe(
                sound.piece(start, end),
                language=self._language(),
                initial_prompt=self.asked["prompt"] or None,
                word_timestamps=True,
                vad_filter=True,
                condition_on_previous_text=False,  # a model that begins to repeat itself would continue so to the end
            )
            for one in output:
                words = [
                    [start + round(w.start * 1000), start + round(w.end * 1000), w.word, round(float(w.probability), 3)]
                    for w in one.words or []
                ]
                yield {
                    "start": start + round(one.start * 1000),
                    "end": start + round(one.end * 1000),
                    "text": one.text.strip(),
                    "confidence": round(math.exp(one.avg_logprob), 3),
                    "words": words,
                }

    def _language(self) -> str:
        # A single-language model rejects the language option.
        return str(self.asked["language"]) if self.model.model.is_multilingual else "en"


class Sherpa:
    """sherpa-onnx's models for complete utterances."""

    def __init__(self, asked: dict[str, Any]) -> None:
        module: Any = importlib.import_module("sherpa_onnx")
        here = Path(asked["folder"])
        files = {part: str(here / name) for part, name in asked["files"].items()}
        if files["tokens"].endswith(".bin"):
            files["tokens"] = moonshine_tokens(Path(files["tokens"]))
        make = module.OfflineRecognizer
        kind, language = asked["kind"], asked["language"]
        common = {"num_threads": asked["threads"], "tokens": files.pop("tokens")}
        if kind == "transducer":
            self.recogniser: Any = make.from_transducer(**files, **common)
        elif kind == "moonshine":
            self.recogniser = make.from_moonshine_v2(**files, **common)
        elif kind == "whisper":
            self.recogniser = make.from_whisper(**files, **common, language=language)
        elif kind == "sense_voice":
            self.recogniser = make.from_sense_voice(**files, **common, language=language, use_itn=True)
        elif kind == "paraformer":
            self.recogniser = make.from_paraformer(paraformer=files["model"], **common)
        else:
            self.recogniser = make.from_zipformer_ctc(**files, **common)

    def recognise(self, sound: Sound, pieces: list[tuple[int, int]]) -> Iterator[Line]:
        """Piece by piece, between two silences."""
        for start, end in pieces:
            stream = self.recogniser.create_stream()
            stream.accept_waveform(RATE, sound.piece(start, end))
            self.recogniser.decode_stream(stream)
            output = stream.result
            sure = list(getattr(output, "ys_log_probs", None) or [])
            yield {
                "start": start,
                "end": end,
                "text": output.text.strip(),
                "confidence": round(math.exp(sum(sure) / len(sure)), 3) if sure else None,
                "words": [],
            }


def blocks(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring pieces joined up to five minutes."""
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        if joined and end - joined[-1][0] <= BLOCK_MS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def moonshine_tokens(path: Path) -> str:
    """Moonshine's token list in sherpa's format: base64 and a number a line; returns the new file's path.

    The list is length-prefixed: one byte, or two where the first is 128 or more.
    """
    data, at = path.read_bytes(), 0
    lines: list[str] = []
    while at < len(data):
        size = data[at]
        at += 1
        if size >= 128:
            size += (data[at] - 1) * 128
            at += 1
        word = data[at : at + size] or b" "
        at += size
        lines.append(f"{base64.b64encode(word).decode()}\t{len(lines)}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as made:
        made.write("\n".join([*lines, ""]))
    return made.name


ENGINES: dict[str, Any] = {"faster-whisper": FasterWhisper, "sherpa-onnx": Sherpa}


def main(path: str) -> None:
    """Print the recognised lines."""
    asked: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    engine: Engine = ENGINES[asked["engine"]](asked)
    for line in engine.recognise(Sound(asked["wav"]), [(start, end) for start, end in asked["pieces"]]):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
