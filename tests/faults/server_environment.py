"""What a server is started with."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def environment(folder: Path, port: int) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("ACADEMY_")} | {
        "ACADEMY_DEMO": "1",
        "ACADEMY_DATA_DIR": str(folder / "var"),
        "ACADEMY_MEDIA_DIR": str(folder / "media"),
        "ACADEMY_PORT": str(port),
        "ACADEMY_WEB_WORKERS": "1",
        "ACADEMY_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }
