"""Compile what the project asks for (`*.in`, package.json) into what is installed: versions with hashes.

Versions that are pinned stay; `--upgrade` takes the newest that fit. One file serves every Python that the project
runs on and every machine: what differs between them is said by markers in it.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import browser_libraries
from tools.installing import ROOT, install

# Installed beside requirements.txt, and so with its versions.
BESIDE = ("speech", "dev")
# Wanted for the files they carry, not for their Python: nothing that they would need comes along.
ALONE = ("models", "sample", "ffmpeg", "voice", "font", "node", "pins")
LEAST_PYTHON = "3.11"


def compile_pins(source: str, target: str, *more: str) -> None:
    """Write `target`, which lists every package of `source` with its version and hashes."""
    subprocess.run(
        [
            *(Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet"),
            *("--universal", "--python-version", LEAST_PYTHON, "--fork-strategy", "fewest"),
            *("--generate-hashes", "--no-config", "--output-file", target, *more, source),
        ],
        cwd=ROOT,
        env=os.environ | {"UV_CUSTOM_COMPILE_COMMAND": "make pins"},
        check=True,
    )


def main() -> None:
    """Compile everything again."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = ["--upgrade"] if arguments.parse_args().upgrade else []
    install("pins")
    compile_pins("requirements.in", "requirements.txt", *upgrade)
    for name in BESIDE:
        beside = ("--constraints", "requirements.txt", *upgrade)
        compile_pins(f"requirements/{name}.in", f"requirements/{name}.txt", *beside)
    for name in ALONE:
        compile_pins(f"requirements/{name}.in", f"requirements/{name}.txt", "--no-deps", *upgrade)
    browser_libraries.lock()
    browser_libraries.lock(ROOT / "tests" / "provider")
    browser_libraries.lock(ROOT / "frontend")


if __name__ == "__main__":
    main()
