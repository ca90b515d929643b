"""Notifications leave by the chosen channels: once, in time, to nobody who is gone. The servers are real."""

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json

import pytest
from sqlalchemy import select

from academy.accounts.models import Account, Restriction
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.errors import Forbidden, NotFound
from academy.core.runtime import Runtime
from academy.notifications import failed_deliveries, outbound, planning, preferences, rules, sending
from academy.notifications.models import Notification
from academy.notifications.queries import count_unread
from academy.notifications.topics import DeliveryChannel, Pace, Topic
from academy.people.models import Member
from tests.components.delivery_scene import (
    ADDRESS,
    NOON,
    SECRET,
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
