"""flask faculty …: verify, simulate."""

import datetime as dt
import json
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core import clock
from academy.core.runtime import Runtime
from academy.faculty import api as faculty

group = AppGroup("faculty", help="The leaders' lecture programme.")

SHOWN = 50


@group.command("verify")
@click.option("--on", "days", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="As of this day; today if none.")
def verify_(days: tuple[dt.datetime, ...]) -> None:
    """Recount obligations and class hours from the rows; exit code 1 if anything differs."""
    runtime: Runtime = current_app.extensions["academy"]
    found = []
    with runtime.db.read(snapshot=True) as tx:
        for day in [one.date() for one in days] or [clock.today()]:
            differences = faculty.recount_differences(tx, day)
            click.echo(f"{day}\t{len(differences)} differences")
            found += differences
    for difference in found[:SHOWN]:
        click.echo(str(difference))
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more")
    sys.exit(1 if found else 0)


@group.command("simulate")
@click.option("--years", type=click.IntRange(1, 30), default=5, show_default=True)
@click.option("--lecturers", type=click.IntRange(1, 2000), default=150, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def simulate_(years: int, lecturers: int, seed: int) -> None:
    """Let a made-up school teach for some years and compare what is counted with its diary: one line of JSON."""
    result = faculty.simulate(years, lecturers, seed)
    for difference in result.differences[:SHOWN]:
        click.echo(difference, err=True)
    line: dict[str, float] = {"years": years, "lecturers": lecturers, "seed": seed, **result.counts}
    line |= {"checks": result.checks, "differences": len(result.differences), "seconds": round(result.seconds, 1)}
    click.echo(json.dumps(line))
    sys.exit(1 if result.differences else 0)
