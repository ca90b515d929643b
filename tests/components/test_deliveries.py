"""Notifications leave by the chosen channels: once, in time, to nobody who is gone. The servers are real."""

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.accounts.models import Account, Restriction
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.crypto import Sealer
from academy.core.errors import Forbidden, NotFound
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.notifications import failed_deliveries, outbound, planning, preferences, rules, sending
from academy.notifications.channels import webhook
from academy.notifications.channels.refusals import ChannelRefused
from academy.notifications.models import Delivery, Notification, NotificationSettings
from academy.notifications.queries import count_unread
from academy.notifications.service import notify
from academy.notifications.topics import DeliveryChannel, Pace, Topic, TopicChoice
from academy.people.members import sealed_phone
from academy.people.models import Member
from tests.support import factories as make
from tests.support.receivers import AppServer, MailServer, app_server, mail_server
from tests.support.shortcuts import drain

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])
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


def test_a_notification_leaves_after_the_commit_by_every_chosen_channel(
    runtime: Runtime, who: Account, post: MailServer, app_end: AppServer
) -> None:
    choose(runtime, who, mail=True, app=True)
    with clock.frozen(NOON):
        write(runtime, who)
        assert post.mails == []
        drain(runtime)
    [mail] = post.mails
    assert mail["To"] == ADDRESS and mail["Subject"] == "云学院：培训有新消息"
    assert "冬训0" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    [(headers, body)] = app_end.requests
    told = json.loads(body)
    assert told["type"] == "notification.created" and told["data"]["messages"][0]["text"] == "“冬训0”请学完。"
    with runtime.db.read() as tx:
        assert told["data"]["member"] == tx.get_one(Member, who.member_id).number
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert states(runtime) == ["sent", "sent"]


def test_planning_and_sending_again_sends_nothing_again(
    runtime: Runtime, who: Account, post: MailServer, app_end: AppServer
) -> None:
    with clock.frozen(NOON):
        write(runtime, who)
        drain(runtime)
        with runtime.db.begin() as tx:
            for row in tx.scalars(select(Notification)):
                row.planned_at = None  # as if the planner had died before its commit, and after
        send(runtime)
    assert (len(post.mails), len(app_end.requests)) == (1, 1)


def test_what_was_not_chosen_stays_inside(runtime: Runtime, who: Account, post: MailServer, app_end: AppServer) -> None:
    choose(runtime, who, in_app=False)
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
        assert (post.mails, app_end.requests, states(runtime)) == ([], [], [])
        with runtime.db.read() as tx:
            assert count_unread(tx, Actor(account_id=who.id, member_id=who.member_id)) == 0
            assert tx.scalars(select(Notification.id)).all(), "it is listed all the same"
        write(runtime, who, kind="account.touched")
        send(runtime)
        with runtime.db.read() as tx:
            assert count_unread(tx, Actor(account_id=who.id, member_id=who.member_id)) == 1


def test_nothing_leaves_at_night_but_what_is_about_the_account(
    runtime: Runtime, who: Account, post: MailServer
) -> None:
    choose(runtime, who, mail=True)
    with clock.frozen(NOON.replace(hour=23)):
        write(runtime, who)
        write(runtime, who, kind="account.touched")
        send(runtime)
        assert [mail["Subject"] for mail in post.mails] == ["云学院：账号安全提醒"]
    with clock.frozen(NOON.replace(day=4, hour=6, minute=59)):
        send(runtime)
        assert len(post.mails) == 1
    with clock.frozen(NOON.replace(day=4, hour=7)):
        send(runtime)
    assert [mail["Subject"] for mail in post.mails][1:] == ["云学院：培训有新消息"]


@pytest.mark.parametrize(("pace", "day"), [(Pace.DAILY, 4), (Pace.WEEKLY, 9)])
def test_a_digest_gathers_what_was_written_and_an_empty_one_is_not_sent(
    runtime: Runtime, who: Account, post: MailServer, pace: Pace, day: int
) -> None:
    choose(runtime, who, mail=True, pace=pace)
    for hour in (12, 15):
        with clock.frozen(NOON.replace(hour=hour)):
            write(runtime, who)
            send(runtime)
    assert post.mails == []
    morning = NOON.replace(day=day, hour=8)
    for moment in (morning, morning + dt.timedelta(days=1), morning + dt.timedelta(days=7)):
        with clock.frozen(moment):
            send(runtime)
    [mail] = post.mails
    assert mail.get_body(("plain",)).get_content().count("冬训0") == 2  # type: ignore[union-attr]
    assert "冬训" not in mail["Subject"]


@pytest.mark.parametrize("end", ["left", "deceased", "frozen", "erased", "closed"])
def test_who_left_died_or_froze_their_data_gets_nothing(
    runtime: Runtime, who: Account, post: MailServer, app_end: AppServer, end: str
) -> None:
    """Neither what is written afterwards nor what was waiting."""
    choose(runtime, who, mail=True, app=True, pace=Pace.DAILY)
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
    with runtime.db.begin() as tx:
        if end in {"left", "deceased"}:
            tx.get_one(Member, who.member_id).status = end
        elif end == "closed":
            tx.get_one(Account, who.id).state = end
        else:
            tx.add(Restriction(member_id=who.member_id, kind=end))
    with clock.frozen(NOON.replace(day=4)):
        write(runtime, who)
        write(runtime, who, kind="account.touched")
        send(runtime)
    with clock.frozen(NOON.replace(day=5)):
        send(runtime)
    assert (post.mails, app_end.requests) == ([], [])
    assert states(runtime) == ["dropped", "dropped"]


def test_who_stopped_it_meanwhile_gets_nothing(runtime: Runtime, who: Account, post: MailServer) -> None:
    choose(runtime, who, mail=True, pace=Pace.DAILY)
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
        with runtime.db.begin() as tx:
            preferences.stop_channel(tx, who.public_id, DeliveryChannel.MAIL, Topic.TRAININGS)
    with clock.frozen(NOON.replace(day=4)):
        send(runtime)
    assert post.mails == [] and states(runtime) == ["dropped"]


def test_a_server_that_is_busy_gets_the_same_message_later(
    runtime: Runtime, who: Account, post: MailServer, app_end: AppServer
) -> None:
    post.answers, app_end.answers = ["451 busy", "451 busy"], [503, 429]
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
        send(runtime)
    assert (post.attempts, len(app_end.requests)) == (1, 1), "not before its pause is over"
    for minutes in (1, 4, 60):
        with clock.frozen(NOON + dt.timedelta(minutes=minutes)):
            send(runtime)
    assert (post.attempts, len(post.mails)) == (3, 1)
    assert len(app_end.requests) == 3 and len(app_end.seen) == 1, "one id at every attempt"
    assert states(runtime) == ["sent", "sent"]


@pytest.mark.commits
def test_a_sender_that_dies_loses_nothing_and_its_message_is_recognised(
    runtime: Runtime, who: Account, app_end: AppServer
) -> None:
    choose(runtime, who, app=True)
    with clock.frozen(NOON):
        write(runtime, who)
        runtime.db.run_in_transaction(lambda tx: planning.plan_notifications(tx, [DeliveryChannel.APP]))
        _, [claim] = runtime.db.run_in_transaction(lambda tx: sending.claim_due(tx, runtime))
        with outbound.Dispatcher(runtime.settings) as dispatcher:
            dispatcher.send(claim.message)  # and here the process ends
        send(runtime)
        assert len(app_end.requests) == 1, "another sender leaves it alone"
    with clock.frozen(NOON + sending.LOST + dt.timedelta(seconds=1)):
        send(runtime)
    assert len(app_end.requests) == 2 and len(app_end.seen) == 1
    assert not runtime.db.run_in_transaction(lambda tx: sending.mark_refused(tx, claim, "late")), "its attempt is over"
    assert states(runtime) == ["sent"]


@pytest.mark.commits
def test_two_senders_share_the_work(runtime: Runtime, who: Account, post: MailServer) -> None:
    choose(runtime, who, mail=True)
    with clock.frozen(NOON):
        write(runtime, who, 5)
        runtime.db.run_in_transaction(lambda tx: planning.plan_notifications(tx, [DeliveryChannel.MAIL]))
        first = runtime.db.run_in_transaction(lambda tx: sending.claim_due(tx, runtime))
        second = runtime.db.run_in_transaction(lambda tx: sending.claim_due(tx, runtime))
    assert (first[0], second[0]) == (5, 0)


def test_what_is_refused_waits_for_an_operator_who_sends_it_again(
    runtime: Runtime, who: Account, post: MailServer
) -> None:
    choose(runtime, who, mail=True)
    post.answers = ["550 no such mailbox"]
    with runtime.db.begin() as tx:
        operator = make.account(tx, None, (Role.SYSTEM_ADMINISTRATOR, make.organisation(tx, level="city")))
        acting = make.actor_of(tx, operator)
    with clock.frozen(NOON):
        write(runtime, who)
        send(runtime)
        assert states(runtime) == ["failed"]
        with runtime.db.begin() as tx:
            [row] = failed_deliveries.list_failed_deliveries(tx, acting).rows
            assert row.error == "SMTP 550" and ADDRESS not in row.error
            with pytest.raises(Forbidden):
                failed_deliveries.list_failed_deliveries(tx, Actor(account_id=who.id))
            failed_deliveries.retry_delivery(tx, acting, row.public_id)
            with pytest.raises(NotFound):
                failed_deliveries.retry_delivery(tx, acting, row.public_id)
        send(runtime)
    assert len(post.mails) == 1 and states(runtime) == ["sent"]


def test_a_server_that_stays_away_is_given_up_after_half_a_day(
    runtime: Runtime, who: Account, post: MailServer
) -> None:
    choose(runtime, who, mail=True, quiet=(0, 0))
    away = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, smtp="smtp://127.0.0.1:1"))
    moment = NOON
    with clock.frozen(moment):
        write(runtime, who)
    for _ in range(rules.MOST_ATTEMPTS):
        assert states(runtime) in ([], ["waiting"])
        with clock.frozen(moment):
            send(away)
        moment += rules.LONGEST_PAUSE
    assert states(runtime) == ["failed"]


def test_beyond_the_limit_of_a_day_the_rest_comes_as_a_digest(runtime: Runtime, who: Account, post: MailServer) -> None:
    choose(runtime, who, mail=True)
    tight = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, mail_a_day=2))
    with clock.frozen(NOON):
        write(tight, who, 5)
        write(tight, who, kind="account.touched")
        send(tight)
    assert [mail["Subject"] for mail in post.mails].count("云学院：培训有新消息") == 2
    assert [mail["Subject"] for mail in post.mails].count("云学院：账号安全提醒") == 1
    with clock.frozen(NOON.replace(day=4, hour=8)):
        send(tight)
    assert post.mails[-1]["Subject"] == "云学院：今天的消息"
    text = post.mails[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert sum(f"冬训{number}" in text for number in range(5)) == 3 and len(post.mails) == 4


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
