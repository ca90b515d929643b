"""Where notifications go: which networks the webhook enters, which phone, which address, and what erasure leaves."""

import dataclasses

import pytest
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor
from academy.core.crypto import Sealer
from academy.core.errors import NotFound
from academy.core.runtime import Runtime
from academy.notifications import preferences
from academy.notifications.channels import webhook
from academy.notifications.channels.refusals import ChannelRefused
from academy.notifications.models import Delivery, NotificationSettings
from tests.components.delivery_scene import (
    ADDRESS,
    NOON,
    app_end,
    choose,
    post,
    runtime,
    send,
    states,
    who,
    write,
)
from tests.support import factories as make
from tests.support.receivers import AppServer, MailServer
from tests.support.shortcuts import drain

__all__ = ["app_end", "post", "runtime", "who"]
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@ONE_KIND
@pytest.mark.parametrize("listed", ["", "10.0.0.0/8"])
def test_the_webhook_never_enters_a_private_network_unless_it_is_listed(
    runtime: Runtime, who: Account, app_end: AppServer, listed: str
) -> None:
    closed = dataclasses.replace(
        runtime, settings=dataclasses.replace(runtime.settings, webhook_networks=listed, smtp="")
    )
    with clock.frozen(NOON):
        write(closed, who)
        send(closed)
    assert app_end.requests == [] and states(runtime) == ["failed"]
    with runtime.db.read() as tx:
        assert tx.scalars(select(Delivery.error)).one() == "private address"


@ONE_KIND
def test_the_webhook_follows_no_redirection(runtime: Runtime, app_end: AppServer) -> None:
    app_end.answers = [302]
    with pytest.raises(ChannelRefused, match="302"):
        webhook.send_webhook(runtime.settings, "id", 0, b"{}")
    assert len(app_end.requests) == 1


@ONE_KIND
def test_an_sms_goes_to_the_phone_in_the_register(
    runtime: Runtime, who: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    choose(runtime, who, sms=True)
    loud = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, sms="console"))
    with clock.frozen(NOON):
        write(loud, who)
        send(loud)
    assert "SMS 138****1234: 【云学院】“冬训0”请学完。" in capfd.readouterr().err


def test_an_address_is_used_only_after_its_owner_confirmed_it(runtime: Runtime, post: MailServer) -> None:
    with runtime.db.begin() as tx:
        account = make.account(tx, make.member(tx, make.organisation(tx)))
        acting = Actor(account_id=account.id, member_id=account.member_id)
        preferences.ask_mail(tx, acting, runtime, "New@Example.org")
    drain(runtime)
    [mail] = post.mails
    token = mail.get_content().partition("/notifications/mail/")[2].split()[0]
    with clock.frozen(NOON):
        write(runtime, account)
        send(runtime)
    assert len(post.mails) == 1, "nothing else before that"
    with runtime.db.begin() as tx:
        preferences.confirm_mail(tx, runtime, token)
        preferences.confirm_mail(tx, runtime, token)
        assert preferences.own_mail(tx, acting, runtime.sealer) == "New@Example.org"
    with clock.frozen(NOON.replace(hour=13)):
        write(runtime, account)
        send(runtime)
    assert [mail["To"] for mail in post.mails] == ["New@Example.org"] * 2
    with runtime.db.begin() as tx:
        preferences.ask_mail(tx, acting, runtime, "other@example.org")
        with pytest.raises(NotFound):
            preferences.confirm_mail(tx, runtime, token)


def test_erasure_takes_what_was_chosen_and_sent(runtime: Runtime, who: Account) -> None:
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
    with runtime.db.begin() as tx:
        preferences.erase_preferences(tx, who.id)
    with runtime.db.read() as tx:
        assert tx.scalars(select(Delivery.id)).all() == tx.scalars(select(NotificationSettings.account_id)).all() == []


@ONE_KIND
def test_addresses_are_sealed_anew_with_a_new_key(runtime: Runtime, who: Account) -> None:
    newer = Sealer("another-key-for-tests-0123456789-abc", [runtime.settings.data_key])
    with runtime.db.begin() as tx:
        assert (preferences.reseal_addresses(tx, newer), preferences.reseal_addresses(tx, newer)) == (1, 0)
        assert preferences.own_mail(tx, Actor(account_id=who.id), newer) == ADDRESS
