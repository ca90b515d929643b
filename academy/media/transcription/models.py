"""Identifies the model in a folder. The operator configures the folder; its files determine the rest."""

import dataclasses
import importlib.util
from pathlib import Path

from academy.core.settings import Settings

PACKAGES = {"faster-whisper": "faster_whisper", "sherpa-onnx": "sherpa_onnx"}
"""The engines, each an optional package (requirements/speech.txt)."""

_TAIL = 1 << 18


@dataclasses.dataclass(frozen=True)
class Model:
    """A model that can be loaded: engine, kind, files."""

    engine: str
    kind: str
    folder: Path
    files: dict[str, str]

    @property
    def name(self) -> str:
        """Name for the evaluation and the audit trail: never the complete path."""
        return f"{self.engine}/{self.kind}/{self.folder.name}"


def find_speech_model(settings: Settings) -> Model | None:
    """The configured model; None without one, or without the package that loads it."""
    model = inspect_model(Path(settings.speech_model)) if settings.speech_model else None
    if model is None or importlib.util.find_spec(PACKAGES[model.engine]) is None:
        return None
    return model


def inspect_model(folder: Path) -> Model | None:
    """The model in the folder: CTranslate2's Whisper, or one of sherpa-onnx's offline models; None for neither."""
    if not folder.is_dir():
        return None
    folder = folder.absolute()
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    if "model.bin" in names and "config.json" in names:
        return Model("faster-whisper", "whisper", folder, {})
    files = {part: _pick(names, part) for part in ("encoder", "decoder", "joiner", "tokens", "tokenizer", "preprocess")}
    words = files["tokens"] or files["tokenizer"]
    if not words:
        return None
    found = {"tokens": words}
    if files["encoder"] and files["decoder"]:
        found |= {"encoder": files["encoder"], "decoder": files["decoder"]}
        if files["joiner"]:
            return Model("sherpa-onnx", "transducer", folder, found | {"joiner": files["joiner"]})
        kind = "moonshine" if "merged" in files["decoder"] else "whisper"
        return Model("sherpa-onnx", kind, folder, found)
    whole = _pick(names, "model")
    if not whole:
        return None
    return Model("sherpa-onnx", _single(folder / whole), folder, found | {"model": whole})


def _pick(names: list[str], part: str) -> str:
    """The file of a part; of two, the int8 one is quicker and as good."""
    ends = (".txt", ".bin") if part in {"tokens", "tokenizer"} else (".onnx", ".ort")
    fitting = [name for name in names if part in name and name.endswith(ends)]
    return min(fitting, key=lambda name: ("int8" not in name, len(name)), default="")


def _single(path: Path) -> str:
    """The kind of a single-file model: its metadata are at the end of the file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    if b"lang_zh" in tail or b"with_itn" in tail:
        return "sense_voice"
    return "paraformer" if b"lfr_window_size" in tail else "zipformer_ctc"
