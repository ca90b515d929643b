"""The academy as it runs: real web and worker processes on files in a folder, to be killed at will."""

import contextlib
import dataclasses
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from academy import components
from academy.accounts.models import Account
from academy.app import create_app
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from tests.conftest import make_settings
from tests.support import factories, templates
from tests.support.services import free_port
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass
class Academy:
    """One installation. `runtime` looks into the same database from here."""

    folder: Path
    settings: Settings
    runtime: Runtime
    processes: list["subprocess.Popen[bytes]"] = dataclasses.field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        fields = {f: getattr(self.settings, f.name) for f in dataclasses.fields(self.settings)}
        given = {f.metadata["env"]: str(value) for f, value in fields.items() if value != f.default}
        given["PYTHONPATH"] = str(ROOT)
        return os.environ | given

    def web(self, *, log: Path | None = None, **environment: str) -> "subprocess.Popen[bytes]":
        """A web server of one process, answering; its lines go into `log`."""
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.settings.port)]
        options += ["--workers", "1", "--blocking-threads", "8", "--log-level", "error", "--no-ws", "wsgi:app"]
        started = self._start([sys.executable, "-m", "granian", *options], log, environment)
        # Asked until it answers: the parent takes connections that it drops once its worker listens.
        until(self.answers, 30, "an answer")
        return started

    def answers(self) -> bool:
        """Whether the web server serves."""
        try:
            line = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=5)
            with contextlib.closing(line):
                line.request("GET", "/api/v1/health")
                return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def worker(self) -> "subprocess.Popen[bytes]":
        """A worker process."""
        return self._start([sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "work"])

    def _start(
        self, told: list[str], log: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        with log.open("ab") if log else contextlib.nullcontext() as lines:
            started = subprocess.Popen(
                told,
                cwd=ROOT,
                env=self.environment | (environment or {}),
                start_new_session=True,
                stdout=lines,
                stderr=lines,
            )
        self.processes.append(started)
        return started

    def account(self, *roles: Role) -> Account:
        """An account with roles for an organisation of its own."""
        with self.runtime.db.begin() as tx:
            node = factories.organisation(tx)
            return factories.account(tx, None, *((role, node) for role in roles))

    def cookie(self, who: Account) -> str:
        """The cookie of a signed-in browser."""
        app = create_app(self.runtime)
        with self.runtime.db.begin() as tx:
            token = factories.session_token(tx, who)
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({'_user_id': token, '_fresh': True})}"

    def actor(self, who: Account) -> Actor:
        with self.runtime.db.read() as tx:
            return factories.actor_of(tx, who)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """As a power cut would: the whole group, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@contextlib.contextmanager
def academy(folder: Path, **changes: object) -> Iterator[Academy]:
    """An installation in a folder, its processes gone at the end."""
    database = folder / "var" / "academy.db"
    templates.migrated(database)
    url = f"sqlite:///{database}"
    components.import_all()
    hosts = {"trusted_hosts": "127.0.0.1,localhost"}
    settings = make_settings(folder, database_url=url, port=free_port(), **(hosts | changes))
    made = Academy(folder, settings, Runtime.build(settings))
    try:
        yield made
    finally:
        for process in made.processes:
            kill(process)
        made.runtime.db.dispose()
