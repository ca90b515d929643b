"""An academy whose mail server and city app are at hand, a member with an address, and what the sender does."""

import base64
import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.notifications import outbound, planning, preferences
from academy.notifications.models import Delivery, NotificationSettings
from academy.notifications.service import notify
from academy.notifications.topics import Topic, TopicChoice
from academy.people.members import sealed_phone
from tests.support import factories as make
from tests.support.receivers import AppServer, MailServer, app_server, mail_server

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
NOON = dt.datetime(2026, 11, 3, 12, tzinfo=clock.CITY)
"""A Tuesday."""
ADDRESS = "ma@example.org"


@pytest.fixture
def post() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


@pytest.fixture
def app_end() -> Iterator[AppServer]:
    with app_server() as made:
        yield made


@pytest.fixture
def runtime(runtime: Runtime, post: MailServer, app_end: AppServer) -> Runtime:
    settings = dataclasses.replace(
        runtime.settings,
        address="https://academy.example",
        smtp=f"smtp://127.0.0.1:{post.port}",
        mail_from="academy@academy.example",
        app_webhook=f"http://127.0.0.1:{app_end.port}/hook",
        app_webhook_secret=SECRET,
        webhook_networks="127.0.0.1",
    )
    return dataclasses.replace(runtime, settings=settings)


@pytest.fixture
def who(runtime: Runtime) -> Account:
    """A member with a confirmed address, who chose nothing."""
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx), **sealed_phone(runtime.sealer, "13800001234"))
        account = make.account(tx, person)
        give_address(runtime, account, tx)
    return account


def give_address(runtime: Runtime, account: Account, tx: object) -> None:
    sealed = runtime.sealer.seal(ADDRESS, context=preferences.MAIL_CONTEXT)
    tx.add(NotificationSettings(account_id=account.id, mail_sealed=sealed, mail_confirmed_at=NOON))  # type: ignore[attr-defined]


def choose(runtime: Runtime, account: Account, quiet: tuple[int, int] = (22 * 60, 7 * 60), **more: object) -> None:
    choice = dataclasses.replace(TopicChoice(), **more)  # type: ignore[arg-type]
    with runtime.db.begin() as tx:
        choices = dict.fromkeys(Topic, choice)
        preferences.choose_notifications(tx, Actor(account_id=account.id), choices, *quiet)


def write(runtime: Runtime, account: Account, number: int = 1, kind: str = "reminder") -> None:
    with runtime.db.begin() as tx:
        for turn in range(number):
            key = f"{kind}:{clock.now().isoformat()}:{turn}"
            body = msg("“%(title)s”请学完。", title=f"冬训{turn}")
            notify(tx, key=key, body=body, link="/my/trainings", member_id=account.member_id, kind=kind)


def send(runtime: Runtime) -> None:
    """What the every-minute job does."""
    channels = outbound.configured_channels(runtime.settings)
    while runtime.db.run_in_transaction(lambda tx: planning.plan_notifications(tx, channels)):
        pass
    with outbound.Dispatcher(runtime.settings) as dispatcher:
        while outbound.send_batch(runtime, dispatcher):
            pass


def states(runtime: Runtime) -> list[str]:
    with runtime.db.read() as tx:
        return list(tx.scalars(select(Delivery.state).order_by(Delivery.id)))
