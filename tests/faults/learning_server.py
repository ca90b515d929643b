"""A server in a process of its own that answers at the moments it is told, and fails where it is told.

The process is forked from one that has made the application, so that killing it costs hundredths of a second. The
clock is given with each request: hours of watching pass in moments.
"""

import datetime as dt
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from flask import Flask
from sqlalchemy import event

from academy.core import clock, collisions
from academy.core.runtime import Runtime
from academy.learning import ledger_rows
from tests.support import failures

PLACES = 45
"""A beat that earns everything passes about so many places at which it can fail."""
KINDS: dict[str, Callable[[], Exception]] = {
    "error": failures.broken,
    "deadlock": failures.deadlock,
    "serialisation": failures.serialisation,
    "busy": failures.busy,
}


@dataclass(frozen=True)
class Fault:
    """What fails while a request is served: at the place of this number, and at `times` - 1 after it."""

    kind: str
    """A kind of `KINDS`, or kill."""
    place: int
    times: int = 1


@dataclass(frozen=True)
class Asked:
    """One request, and the moment at which the server hears it."""

    at: dt.datetime
    path: str
    body: dict[str, Any]
    token: str = ""
    fault: Fault | None = None


@dataclass(frozen=True)
class Answer:
    """What came back: status, media type, and the JSON in it, if any."""

    status: int
    kind: str = ""
    said: Any = None


class Injector:
    """Counts the places of a request (statements, commits, the ledger's own reads and writes), and fails at some."""

    def __init__(self, runtime: Runtime) -> None:
        self.fault: Fault | None = None
        self.place = 0
        event.listen(runtime.db.engine, "before_cursor_execute", lambda *_: self.step())
        event.listen(runtime.db.engine, "commit", lambda *_: self.step())
        ledger_rows.load = self._around(ledger_rows.load)
        ledger_rows.save = self._around(ledger_rows.save)

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            self.step()
            found = call(*args)
            self.step()
            return found

        return run

    def step(self) -> None:
        fault, self.place = self.fault, self.place + 1
        if fault is None or not fault.place <= self.place < fault.place + fault.times:
            return
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise KINDS[fault.kind]()


def _serve(app: Flask, runtime: Runtime, pipe: Connection) -> None:
    collisions.PAUSE_S = 0.001
    injector, client = Injector(runtime), app.test_client()
    while True:
        asked: Asked = pipe.recv()
        injector.fault, injector.place = asked.fault, 0
        headers = {"Authorization": f"Bearer {asked.token}"} if asked.token else {}
        with clock.frozen(asked.at):
            answer = client.post(asked.path, json=asked.body, headers=headers)
        if asked.fault is not None and asked.fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)  # everything was done, and nobody hears of it
        injector.fault = None
        pipe.send(Answer(answer.status_code, answer.mimetype, answer.get_json(silent=True)))


class Server:
    """One such process; a dead one is replaced when the next request comes."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self._app, self._runtime = app, runtime
        self._process: Any = None
        self._pipe: Connection | None = None
        self.deaths = 0

    def send(self, asked: Asked) -> None:
        """Hand a request over; its answer is to be received before the next one."""
        if self._process is None:
            self._runtime.db.dispose()  # no connection is shared with the child
            self._pipe, theirs = multiprocessing.Pipe()
            context = multiprocessing.get_context("fork")
            self._process = context.Process(target=_serve, args=(self._app, self._runtime, theirs), daemon=True)
            self._process.start()
            theirs.close()
        assert self._pipe is not None
        self._pipe.send(asked)

    def receive(self) -> Answer | None:
        """The answer, or None when the server died over it.

        Raises:
            TimeoutError: it does neither.
        """
        assert self._pipe is not None
        if not self._pipe.poll(60):
            raise TimeoutError("the server hangs")
        try:
            return self._pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, ConnectionError):
            self.deaths += 1
            self.close()
            return None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join(10)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
