"""flask sample …: a city to try the academy with. Synthetic people only."""

import random
import time
from collections.abc import Callable

import click
from flask import current_app
from flask.cli import AppGroup

from academy.cli.sample import (
    accounts,
    classes,
    comments,
    courses,
    evaluations,
    faculty,
    jobs,
    lives,
    materials,
    messages,
    office,
    people,
    plans,
    recordings,
    studies,
    talk,
    topics,
    waiting,
)
from academy.core.database import Tx
from academy.core.runtime import Runtime

SEED = 20261124

# Imported so that the worker, whose process registers the commands, knows this job.
MAKES_FILES = jobs.make_file

group = AppGroup("sample", help="The sample city.")


@group.command("create")
@click.option("--members", default=20_000, show_default=True, type=click.IntRange(1_500, 500_000), help="How many.")
def create(members: int) -> None:
    """Fill an empty database with a city."""
    runtime: Runtime = current_app.extensions["academy"]
    if not runtime.settings.demo:
        raise click.ClickException("the sample city has accounts that everybody knows; set ACADEMY_DEMO=1 to try it")
    if not is_empty(runtime):
        raise click.ClickException("the database is not empty; the sample city goes into an empty one only")
    create_city(runtime, members, echo=click.echo)
    for line in account_lines(runtime):
        click.echo(line)


def is_empty(runtime: Runtime) -> bool:
    """Whether there is no organisation yet."""
    with runtime.db.read() as tx:
        return not people.has_organisations(tx)


def create_city(runtime: Runtime, members: int, *, echo: Callable[[str], None]) -> None:
    """Create everything in one transaction: interrupted, it leaves the database empty."""
    began = time.monotonic()

    def report(what: str) -> None:
        echo(f"  {time.monotonic() - began:5.1f} s  {what}")

    echo("making the sample city (synthetic people)")
    lot = random.Random(SEED)

    def write(tx: Tx) -> None:
        city = people.make_city(tx, runtime.sealer, members, lot, report)
        made = accounts.make_accounts(tx, city)
        people.exempt_some(tx, lot, made.accounts["town"], made.accounts["city"])
        shelved = courses.make_courses(tx, city, made.accounts["trainer"], made.accounts["reviewer"])
        comments.leave_comments(tx, made.accounts["trainer"], made.accounts["reviewer"])
        studies.make_studies(tx, city, shelved, made.rested, lot, report)
        activated = accounts.activate_learners(tx, lot, made.accounts["secretary"])
        report(f"{activated:,} accounts of members")
        waiting.leave_waiting(tx, made.accounts)
        talk.make_talk(tx, made.accounts)
        faculty.make_faculty(tx, city, made.accounts["city"], lot, report)
        topics.make_topics(tx, made.accounts, random.Random(SEED))
        plans.make_plans(tx, made.accounts, runtime.settings, random.Random(SEED))
        classes.make_classes(tx, made.accounts["city"], made.accounts.values(), random.Random(SEED), report)
        materials.make_materials(tx, made.accounts, random.Random(SEED))
        recordings.make_recordings(tx, made.accounts)
        forum = evaluations.forum_members(tx, made.accounts.values())
        evaluations.make_evaluations(tx, runtime.settings, made.accounts["city"], forum, lot, report)
        lives.make_lives(tx, made.accounts, random.Random(SEED))
        office.keep_offices(tx, runtime.settings, made.accounts, random.Random(SEED))
        messages.make_messages(tx, runtime.sealer, made.accounts)

    runtime.db.run_in_transaction(write)
    runtime.settings.data_dir.mkdir(parents=True, exist_ok=True)
    (runtime.settings.data_dir / "sample").touch()
    report("done")


def account_lines(runtime: Runtime) -> list[str]:
    """Lines to print: the sample accounts, if this is a sample city in a demonstration."""
    if not runtime.settings.demo or not (runtime.settings.data_dir / "sample").exists():
        return []
    with runtime.db.read() as tx:
        present = accounts.usernames(tx)
    lines = [f"Sample accounts, all with the password {accounts.PASSWORD}:"]
    lines += [f"  {s.username:<10} {s.title}" for s in accounts.SAMPLES if s.username in present]
    return lines
