"""flask jobs …: the worker."""

import signal

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select

from academy.core.house import House
from academy.core.settings import SettingsError
from academy.jobs import Job, worker
from academy.media import isolation

group = AppGroup("jobs", help="Background jobs.")


@group.command("work")
def work() -> None:
    """Run a worker until a signal."""
    house: House = current_app.extensions["academy"]
    try:
        isolation.require_isolation(house.settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    runner = worker.Worker(house)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: runner.stop())
    runner.run()


@group.command("list")
def show() -> None:
    """Count jobs by name and state."""
    house: House = current_app.extensions["academy"]
    with house.db.read() as tx:
        for name, state, count in tx.execute(
            select(Job.name, Job.state, func.count()).group_by(Job.name, Job.state).order_by(Job.name)
        ):
            click.echo(f"{name}\t{state}\t{count}")
