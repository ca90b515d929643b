"""flask audit …: the audit trail."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core import audit, audit_heads
from academy.core.runtime import Runtime

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
def verify() -> None:
    """Walk the chain of audit rows; exits with 1 if a row was altered, removed, slipped in or cut off."""
    runtime: Runtime = current_app.extensions["academy"]
    with runtime.db.read() as tx:
        verdict = audit.verify(tx)
        mismatches = audit_heads.check(tx, runtime.settings)
    click.echo(f"rows {verdict.rows}, head {verdict.head or '-'}")
    if verdict.broken_at is not None:
        click.echo(f"broken at {verdict.broken_at}", err=True)
    if verdict.unchained:
        click.echo(f"{verdict.unchained} rows outside the chain", err=True)
    for mismatch in mismatches:
        click.echo(f"{mismatch.what} at {mismatch.seq}: a signed head says otherwise", err=True)
    if not verdict.whole or mismatches:
        raise SystemExit(1)
