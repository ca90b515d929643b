"""Settings from the environment; a `.env` file beside this one is read first, the environment wins."""

import os
from pathlib import Path

from dotenv import dotenv_values

from academy.core.settings import Settings


def load() -> Settings:
    """Settings for this process.

    Raises:
        academy.core.settings.SettingsError: something is missing or unreadable.
    """
    # As Flask's own command reads it, `${NAME}` too: web and worker must find the same secrets.
    file = dotenv_values(Path(__file__).with_name(".env"), encoding="utf-8-sig")
    return Settings.from_env({name: value for name, value in file.items() if value is not None} | dict(os.environ))
