"""flask audit …: the audit trail."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core import audit
from academy.core.house import House

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
def verify() -> None:
    """Walk the chain of audit rows; exits with 1 if a row was altered, removed or slipped in."""
    house: House = current_app.extensions["academy"]
    with house.db.read() as tx:
        verdict = audit.verify(tx)
    click.echo(f"rows {verdict.rows}, head {verdict.head or '-'}")
    if verdict.broken_at is not None:
        click.echo(f"broken at {verdict.broken_at}", err=True)
    if verdict.unchained:
        click.echo(f"{verdict.unchained} rows outside the chain", err=True)
    if not verdict.whole:
        raise SystemExit(1)
