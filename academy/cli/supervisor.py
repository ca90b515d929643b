"""Keeps processes running: starts them, restarts them when they die, stops them all."""

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import click

GRACE_S = 10.0
HEALTHY_S = 10.0
GIVE_UP = 5
_PR_SET_PDEATHSIG = 1


class ChildProcess:
    """One process and its restart history."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.again_at = 0.0
        self.failures = 0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches it through the supervisor only."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_die_with_parent)

    def died(self) -> int | None:
        """Its exit code if it was running and has ended."""
        return self.process.poll() if self.process else None

    def note_death(self) -> None:
        """Schedule the next start: at once after a long life, with growing delay after short ones."""
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > HEALTHY_S else self.failures + 1
        self._signal_group(signal.SIGKILL)
        self.process = None
        self.again_at = time.monotonic() + min(30.0, 0.5 * 2 ** (self.failures - 1))

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def make_stop(self, deadline: float) -> None:
        """Wait until `deadline`, then kill it and its children (an encoder outlives its parent)."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._signal_group(signal.SIGKILL)
        self.process.wait(5)

    def _signal_group(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Runs until a signal; `answers` tests whether the first process serves requests."""

    def __init__(self, children: list[ChildProcess], answers: Callable[[], bool]) -> None:
        self.children, self.answers = children, answers
        self._stop = threading.Event()

    def run(self, ready: Callable[[], None]) -> int:
        """Start the first, call `ready` once it serves requests, start the others, watch. Returns an exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        first, *others = self.children
        first.start()
        for child in others:
            child.again_at = math.inf
        is_ready = False
        try:
            while not self._stop.wait(0.1 if not is_ready else 0.5):
                if not is_ready and self.answers():
                    is_ready = True
                    ready()
                    # Only now: background work must not delay the first page.
                    for child in others:
                        child.again_at = 0.0
                    sys.stdout.flush()
                if not self._watch():
                    return 1
            return 0
        finally:
            self._end()

    def _watch(self) -> bool:
        for child in self.children:
            code = child.died()
            if code is not None:
                child.note_death()
                click.echo(f"the {child.name} process ended with {code}; starting it again", err=True)
                if child.failures >= GIVE_UP:
                    click.echo(f"the {child.name} process keeps ending; giving up", err=True)
                    return False
            elif child.process is None and time.monotonic() >= child.again_at:
                child.start()
        return True

    def _end(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE_S
        for child in self.children:
            child.make_stop(deadline)


def _die_with_parent() -> None:
    """On Linux, receive a signal when the supervisor is killed outright, so that no process is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
