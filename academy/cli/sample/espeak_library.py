"""Run as a script: ``espeak_library.py LIBRARY RATE OUT.wav < text``. Imports nothing of the academy."""

import ctypes
import sys
import wave
from pathlib import Path

SYNCHRONOUS = 2
UTF8 = 1
RATE_PARAMETER = 1

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def read_aloud(library: Path, speed: int, text: str) -> tuple[int, bytes]:
    """Sample rate and 16-bit mono samples of a Mandarin text."""
    espeak = ctypes.CDLL(str(library))
    rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, str(library.parent / "espeak-ng-data").encode(), 0)
    samples_so_far = bytearray()

    def on_samples(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count:
            samples_so_far.extend(ctypes.string_at(samples, count * 2))
        return 0

    keep = Callback(on_samples)
    espeak.espeak_SetSynthCallback(keep)
    if rate <= 0 or espeak.espeak_SetVoiceByName(b"cmn") != 0:
        raise SystemExit("this library has no Mandarin")
    espeak.espeak_SetParameter(RATE_PARAMETER, speed, 0)
    encoded = text.encode()
    espeak.espeak_Synth(encoded, ctypes.c_size_t(len(encoded) + 1), 0, 0, 0, UTF8, None, None)
    espeak.espeak_Synchronize()
    espeak.espeak_Terminate()
    return rate, bytes(samples_so_far)


if __name__ == "__main__":
    rate, samples = read_aloud(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin.buffer.read().decode())
    with wave.open(sys.argv[3], "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples)
