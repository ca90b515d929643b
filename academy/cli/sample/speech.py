"""Mandarin text-to-speech: by the espeak-ng program, else by the library of a wheel."""

import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from academy.cli.sample import parts

RATE = 22_050
WORDS_A_MINUTE = 280
_READER = Path(__file__).with_name("espeak_library.py")


class NoVoice(Exception):
    """Neither the program nor the library is installed."""


def synthesise(text: str) -> bytes:
    """The text as 16-bit mono samples at `RATE`.

    Raises:
        NoVoice: no speech engine is installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spoken.wav"
        subprocess.run([*_command(), file], input=text.encode(), check=True, timeout=120, stdout=subprocess.DEVNULL)
        with wave.open(str(file)) as audio:
            if (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) != (RATE, 1, 2):
                raise NoVoice("this voice speaks in another format")
            return bytes(audio.readframes(audio.getnframes()))


def silence(ms: int) -> bytes:
    """Silence of this length."""
    return b"\0\0" * (RATE * ms // 1000)


def length_ms(samples: bytes | bytearray) -> int:
    """Length of these samples in milliseconds."""
    return len(samples) // 2 * 1000 // RATE


def save(samples: bytes, file: Path) -> None:
    """Write a WAV file."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples)


def _command() -> list[str]:
    program = parts.find_espeak()
    if program:
        return [program, "-v", "cmn", "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "-w"]
    library = parts.find_espeak_library()
    if library is None:
        raise NoVoice("no espeak-ng here; run `make setup`")
    # In a process of its own: the library keeps global state, and a fault in it must not affect the worker.
    return [sys.executable, "-I", "-S", str(_READER), str(library), str(WORDS_A_MINUTE)]
