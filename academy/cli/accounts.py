"""flask accounts …: people who sign in, and what they may do."""

import datetime as dt

import click
from flask import current_app
from flask.cli import AppGroup

from academy.accounts import api as accounts
from academy.accounts.api import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.database import Tx
from academy.core.errors import AcademyError, Invalid
from academy.core.runtime import Runtime
from academy.people import api as people

group = AppGroup("accounts", help="People who sign in, and what they may do.")


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["academy"]
    return runtime


def _account(tx: Tx, username: str) -> Account:
    account = accounts.find_account(tx, username, also_gone=True)
    if account is None:
        raise click.ClickException(f"no account {username!r}")
    return account


@group.command("create")
@click.argument("username")
@click.option("--name", required=True, help="Display name.")
@click.option("--member", "number", help="Number of the member whose account this is.")
@click.password_option("--password", envvar="ACADEMY_PASSWORD", help="Prompted for when not given.")
def create(username: str, name: str, number: str | None, password: str) -> None:
    """Make an account that signs in with a password."""
    try:
        accounts.check_new_password(password, names=(username, name))
        made = accounts.hash_password(password)

        def write(tx: Tx) -> None:
            member = people.find_member(tx, number) if number else None
            if number and member is None:
                raise click.ClickException(f"no member {number!r}")
            accounts.create_account(tx, SYSTEM, username=username, display_name=name, member=member, password_hash=made)

        _runtime().db.run_in_transaction(write)
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"created {username}")


@group.command("password")
@click.argument("username")
@click.password_option("--password", envvar="ACADEMY_PASSWORD", help="Prompted for when not given.")
def password(username: str, password: str) -> None:
    """Give an account another password; its devices are signed out."""
    try:
        accounts.check_new_password(password, names=(username,))
        made = accounts.hash_password(password)
        _runtime().db.run_in_transaction(lambda tx: accounts.set_password(tx, SYSTEM, _account(tx, username), made))
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo("password set")


@group.command("grant")
@click.argument("username")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("code")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="First day on which it is not in force.")
def grant(username: str, role: str, code: str, until: dt.datetime | None) -> None:
    """Give an account a role for the organisation CODE and everything below it."""
    try:

        def write(tx: Tx) -> None:
            node = people.find_organisation(tx, ["/"], code)
            if node is None:
                raise click.ClickException(f"no organisation {code!r}")
            account = _account(tx, username)
            accounts.grant_role(tx, SYSTEM, account, Role(role), node, valid_to=until.date() if until else None)

        _runtime().db.run_in_transaction(write)
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{username} is {role} of {code}")


@group.command("revoke")
@click.argument("username")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def revoke(username: str, role: str) -> None:
    """Take a role back wherever the account holds it; its devices are signed out."""

    def write(tx: Tx) -> None:
        for held, _ in accounts.grants_of(tx, _account(tx, username).id):
            if held.role == role and (held.valid_to is None or held.valid_to > clock.today()):
                accounts.revoke_role(tx, SYSTEM, held.public_id)

    _runtime().db.run_in_transaction(write)
    click.echo("revoked")


@group.command("show")
@click.argument("username")
def show(username: str) -> None:
    """State and roles of an account."""
    with _runtime().db.read() as tx:
        account = _account(tx, username)
        click.echo(f"{account.username}\t{account.state}")
        for held, node in accounts.grants_of(tx, account.id):
            click.echo(f"{held.role}\t{node.code}\t{held.valid_from}\t{held.valid_to or ''}")


@group.command("code")
@click.argument("number")
def code(number: str) -> None:
    """A one-time activation code for the member of this number."""
    try:

        def write(tx: Tx) -> str:
            member = people.find_member(tx, number)
            if member is None:
                raise click.ClickException(f"no member {number!r}")
            return accounts.issue_activation_code(tx, SYSTEM, member)

        made = _runtime().db.run_in_transaction(write)
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(made)


@group.command("token")
@click.argument("username")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 730), help="How long it lasts.")
def token(username: str, days: int) -> None:
    """A token for a program (the personnel system): it acts as this account. Printed only now."""
    try:
        made = _runtime().db.run_in_transaction(
            lambda tx: accounts.open_program_session(tx, _account(tx, username), days)
        )
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(made)


@group.command("second-step-off")
@click.argument("username")
def second_step_off(username: str) -> None:
    """Take an account's second step off: phone and paper are lost. Its devices are signed out."""
    _runtime().db.run_in_transaction(lambda tx: accounts.remove_second_factor(tx, SYSTEM, _account(tx, username)))
    click.echo("second step is off")


@group.command("second-step-approve")
@click.argument("username")
@click.argument("number")
def second_step_approve(username: str, number: str) -> None:
    """Let an account's second step count for its offices: NUMBER is what its owner's page shows. For the first
    security officer; afterwards they approve each other and everybody else."""
    try:
        _runtime().db.run_in_transaction(
            lambda tx: accounts.approve_second_step(tx, SYSTEM, _account(tx, username), number)
        )
    except Invalid as error:
        raise click.ClickException("; ".join(str(text) for text in error.fields.values())) from error
    except AcademyError as error:
        raise click.ClickException(str(error)) from error
    click.echo("second step is approved")
