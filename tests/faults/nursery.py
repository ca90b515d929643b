"""A process that has imported the academy once and forks web servers from there.

Two hundred starts of the server would spend their time importing. What it forks is the same server
with the same arguments, a process group of its own that can be killed as a whole.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from academy import cli, components, rest, web
from academy.cli.server import children
from academy.core.settings import Settings
from tests.support.services import wait_for_port

ROOT = Path(__file__).parents[2]


class Nursery:
    """Starts servers quickly."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, settings: Settings) -> int:
        """Start the web processes; returns their process group once they answer."""
        assert self._process.stdin and self._process.stdout
        web = next(child for child in children(settings) if child.name == "web")
        env = {
            "ACADEMY_SECRET_KEY": settings.secret_key,
            "ACADEMY_DATA_KEY": settings.data_key,
            "ACADEMY_TRUSTED_HOSTS": "127.0.0.1,localhost",
            "ACADEMY_TRUSTED_PROXIES": "0",
            "ACADEMY_RATE_PER_MINUTE": "0",
            "ACADEMY_CONSENT": "0",
            "ACADEMY_SECOND_STEP": "0",
            "ACADEMY_DATABASE_URL": settings.database_url,
            "ACADEMY_DATA_DIR": str(settings.data_dir),
            "ACADEMY_MEDIA_DIR": str(settings.media_dir),
            "ACADEMY_LOG_LEVEL": settings.log_level,
        }
        self._process.stdin.write(json.dumps({"arguments": web.command[3:], "env": env}) + "\n")
        self._process.stdin.flush()
        group = int(self._process.stdout.readline())
        wait_for_port(settings.port, 60)
        return group

    def close(self) -> None:
        """End the nursery."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def _serve(arguments: list[str], env: dict[str, str]) -> None:
    from granian.cli import entrypoint

    os.setsid()
    os.environ.update(env)
    sys.argv = ["granian", *arguments]
    sys.stdin.close()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    entrypoint()


def main() -> None:
    """Fork a server for every line of standard input."""
    components.import_all()
    importlib.import_module("academy.app")
    for home, names in (("web", web.PAGES), ("rest", rest.PARTS), ("cli", cli.GROUPS)):
        for name in names:
            importlib.import_module(f"academy.{home}.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed need nobody to mourn them
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _serve(asked["arguments"], asked["env"])
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
