"""Settings from the environment; a `.env` file beside this one is read first, the environment wins."""

import os
from pathlib import Path

from academy.core.settings import Settings


def load() -> Settings:
    """Settings for this process.

    Raises:
        academy.core.settings.SettingsError: something is missing or unreadable.
    """
    env: dict[str, str] = {}
    file = Path(__file__).with_name(".env")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, sign, value = line.strip().partition("=")
            if sign and not name.startswith("#"):
                env[name.strip()] = value.strip().strip('"')
    return Settings.from_env(env | dict(os.environ))
