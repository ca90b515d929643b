"""flask server …: web and worker together, for one machine."""

import errno
import os
import socket
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from academy.cli import database, sample
from academy.cli.supervisor import ChildProcess, Supervisor
from academy.core.certificates import problem_of
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.learning import api as learning

group = AppGroup("server", help="Web and worker together.")


@group.command("run")
def run() -> None:
    """Run web and worker until a signal; a process that dies is started again."""
    serve(current_app.extensions["academy"])


@group.command("demo")
@click.option("--members", default=20_000, show_default=True, help="Members of the sample city.")
def demo(members: int) -> None:
    """Bring the schema up to date, make the sample city in an empty database, then run."""
    runtime: Runtime = current_app.extensions["academy"]
    refuse_busy_port(runtime.settings)
    database.bring_up_to_date(runtime)
    if runtime.settings.demo and sample.is_empty(runtime):
        sample.create_city(runtime, members, echo=click.echo)
    serve(runtime)


@group.command("certificate")
@click.argument("hosts", nargs=-1)
def certificate(hosts: tuple[str, ...]) -> None:
    """Say whether browsers trust the certificate at each host (ACADEMY_TRUSTED_HOSTS unless named); 1 if not."""
    settings: Settings = current_app.extensions["academy"].settings
    named = [name.strip() for name in settings.trusted_hosts.split(",")]
    asked = hosts or tuple(name for name in named if name and not name.startswith("."))
    if not asked:
        raise click.UsageError("name a host, as academy.example or academy.example:8443")
    found = False
    for host in asked:
        name, _, port = host.partition(":")
        problem = problem_of(name, int(port or 443))
        found = found or problem is not None
        click.echo(f"{host}: {problem or 'trusted'}")
    sys.exit(1 if found else 0)


def serve(runtime: Runtime) -> None:
    """Supervise web and worker; exits with the supervisor's exit code."""
    settings = runtime.settings
    refuse_busy_port(settings)
    runtime.db.dispose()
    os.environ |= learning.new_metrics_folder(settings.data_dir)
    supervisor = Supervisor(children(settings), lambda: answers(settings))

    def ready() -> None:
        click.echo(f"The academy answers on {address(settings)}")
        if settings.demo:
            for line in sample.account_lines(runtime):
                click.echo(line)
        click.echo("Ctrl-C stops it.")

    sys.exit(supervisor.run(ready))


def children(settings: Settings) -> list[ChildProcess]:
    """The command lines of the two processes."""
    web = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", settings.host, "--port", settings.port),
        *("--workers", settings.web_workers, "--blocking-threads", settings.web_threads),
        # Counts open connections, idle ones too: while watching, a tenth of the city keeps one each.
        *("--backlog", 4096, "--backpressure", 20_000),
        *_tls(settings),
        *("--respawn-failed-workers", "--workers-kill-timeout", 5, "--log-level", "error", "--no-ws", "wsgi:app"),
    ]
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "work"]
    return [ChildProcess("web", [str(part) for part in web]), ChildProcess("worker", worker)]


def _tls(settings: Settings) -> list[str]:
    if not settings.tls_certificate:
        return []
    files = ["--ssl-certificate", settings.tls_certificate, "--ssl-keyfile", settings.tls_key]
    return [*files, "--ssl-protocol-min", "tls1.3"]


def address(settings: Settings) -> str:
    """The address of the academy for a browser on this machine."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"


def answers(settings: Settings) -> bool:
    """Whether the web process accepts connections yet."""
    host = address(settings).partition("://")[2].rpartition(":")[0]
    try:
        with socket.create_connection((host, settings.port), timeout=1):
            return True
    except OSError:
        return False


def refuse_busy_port(settings: Settings) -> None:
    """Exit with one clear line when another program listens there.

    Raises:
        click.ClickException: the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(
                    f"port {settings.port} is in use; stop what uses it, or choose another: "
                    f"ACADEMY_PORT={settings.port + 1} make run"
                ) from None
            raise click.ClickException(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
