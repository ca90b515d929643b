"""flask jobs …: the worker."""

import signal

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.environment import SettingsError
from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.jobs.api import Worker
from academy.media import api as media

group = AppGroup("jobs", help="Background jobs.")


@group.command("work")
def work() -> None:
    """Run a worker until a signal."""
    runtime: Runtime = current_app.extensions["academy"]
    try:
        media.require_isolation(runtime.settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    runner = Worker(runtime)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: runner.stop())
    runner.run()


@group.command("list")
def show() -> None:
    """Count jobs by name and state."""
    runtime: Runtime = current_app.extensions["academy"]
    with runtime.db.read() as tx:
        for name, state, count in jobs.count_jobs(tx):
            click.echo(f"{name}\t{state}\t{count}")
