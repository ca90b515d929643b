"""Installing a list of packages into this environment with pip, whose settings (mirrors, proxies) the machine has."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def install(name: str) -> None:
    """Install what requirements/`name`.txt lists: those versions, by their hashes, and nothing else.

    Raises:
        subprocess.CalledProcessError: pip could not; it has said why.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-compile"]
    subprocess.run(
        [*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements" / f"{name}.txt"],
        check=True,
    )
