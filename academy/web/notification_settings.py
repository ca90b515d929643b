"""Preferences about notifications: a person's own page, and the links in messages, which need no sign-in."""

import functools
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from academy import http
from academy.core.actor import Role
from academy.core.errors import Busy, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import api as faculty
from academy.http import PUBLIC, SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.calendars import calendar_answer
from academy.http.forms import Choice, Flag, Form, Text, Verb, typed
from academy.http.languages import html_lang
from academy.http.request_context import identity
from academy.notifications import api as notifications
from academy.notifications.api import DeliveryChannel, Pace, Preferences, Topic, TopicChoice
from academy.people import api as people
from academy.trainings import api as trainings
from academy.web.accounts import errors_by_field

bp = Blueprint("notification_settings", __name__)
page = functools.partial(http.page, section=menu.ME)

HOURS = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, 30)]
WAYS = ("in_app", *DeliveryChannel)
OFFICE_TOPICS = frozenset({Topic.COURSES})
"""Topics of people with an office; others are not asked about them."""


def _topics() -> list[Topic]:
    me = identity()
    return [one for one in Topic if one not in OFFICE_TOPICS or (me is not None and me.offices)]


class ChoicesForm(Form):
    """Which topics by which ways, how soon, and the quiet hours."""

    quiet_from = Choice(HOURS, blank="00:00")
    quiet_to = Choice(HOURS, blank="00:00")


for _topic in Topic:
    for _way in WAYS:
        setattr(ChoicesForm, f"{_topic.value}_{_way!s}", Flag())
    setattr(ChoicesForm, f"{_topic.value}_pace", Choice(list(Pace), blank=Pace.AT_ONCE.value))


@bp.get("/me/notifications")
@page(SIGNED_IN)
def show() -> str:
    """One's own choices: topics, ways, quiet hours, mail address, calendar."""
    return _show({})


def _show(errors: dict[str, Message]) -> str:
    with reading() as tx:
        chosen = notifications.own_preferences(tx, actor())
        address = notifications.own_mail(tx, actor(), runtime().sealer)
        me = identity()
        member = people.member_of_id(tx, me.member_id) if me is not None and me.member_id else None
        teaches = faculty.teaches(tx, me.member_id if me is not None else None)
        phone = people.masked_phone(runtime().sealer, member) if member else ""
    token = _calendar_token(chosen)
    return render_template(
        "notifications/settings.html",
        chosen=chosen,
        errors=errors,
        mail=typed().get("mail", address),
        phone=phone,
        topics=_topics(),
        topic_names=notifications.TOPIC_NAMES,
        paces=[(one.value, notifications.PACE_NAMES[one]) for one in Pace],
        ways=_ways(),
        hours=[(one, one) for one in HOURS],
        quiet=tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in (chosen.quiet_from, chosen.quiet_to)),
        calendar=url_for(".calendar", token=token, _external=True) if token else "",
        forum_calendar=url_for("forum.forum_calendar", token=token, _external=True) if token else "",
        teaching_calendar=url_for("forum.teaching_calendar", token=token, _external=True) if token and teaches else "",
        mail_length=notifications.MAIL_LENGTH,
    )


def _ways() -> list[tuple[str, Message]]:
    offered = notifications.configured_channels(runtime().settings)
    return [("in_app", msg("小红点")), *((one.value, notifications.CHANNEL_NAMES[one]) for one in offered)]


def _calendar_token(chosen: Preferences) -> str:
    me = identity()
    if not chosen.calendar_version or me is None:
        return ""
    return notifications.calendar_token(runtime().settings, me.public_id, chosen.calendar_version)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


@bp.post("/me/notifications")
@page(SIGNED_IN, form=ChoicesForm)
def choose() -> Any:
    """Replace one's own choices."""
    form = ChoicesForm.read()
    offered = {way for way, _ in _ways()}
    with writing() as tx:
        before = notifications.own_preferences(tx, actor()).choices
        choices = {}
        for topic in _topics():
            # A way that is not set up here was not on the page: what was chosen for it stays.
            values = {
                str(way): form[f"{topic.value}_{way!s}"].data if str(way) in offered else getattr(before[topic], way)
                for way in WAYS
            }
            choices[topic] = TopicChoice(**values, pace=Pace(form[f"{topic.value}_pace"].data))
        quiet = _minutes(form.quiet_from.data), _minutes(form.quiet_to.data)
        notifications.choose_notifications(tx, actor(), choices, *quiet)
    flash(gettext("消息设置已保存。"), "good")
    return redirect(url_for(".show"), 303)


class MailForm(Form):
    """The address; blank removes it."""

    mail = Text()


@bp.post("/me/notifications/mail")
@page(SIGNED_IN, form=MailForm)
def change_mail() -> Any:
    """Give or remove one's mail address; a link goes there first."""
    address = MailForm.read().mail.data
    try:
        with writing() as tx:
            notifications.ask_mail(tx, actor(), runtime(), address)
    except (Invalid, Busy) as error:
        return _show(errors_by_field(error)), error.status
    flash(gettext("确认邮件已发出，请打开里面的链接。") if address.strip() else gettext("邮箱已删除。"), "good")
    return redirect(url_for(".show"), 303)


class CalendarForm(Form):
    """A new address for the calendar, or its end."""

    verb = Verb("on", "off")


@bp.post("/me/notifications/calendar")
@page(SIGNED_IN, form=CalendarForm)
def change_calendar() -> AnyResponse:
    """Make a new address for one's calendar, or end it."""
    is_on = CalendarForm.read().verb.data == "on"
    with writing() as tx:
        notifications.set_calendar(tx, actor(), on=is_on)
    flash(gettext("日历地址已生成。") if is_on else gettext("日历地址已停用。"), "good")
    return redirect(url_for(".show") + "#calendar", 303)


@bp.get("/calendar/<token>.ics")
@page(PUBLIC, consent=False)
def calendar(token: str) -> Response:
    """A member's trainings and deadlines as iCalendar, for the calendar of a phone; the address is the key."""
    with reading() as tx:
        owner = notifications.calendar_owner(tx, runtime(), token)
        made = trainings.calendar_feed(tx, owner.member_id, request.host, owner.language or "zh", request.url_root)
    return calendar_answer(made)


class OutForm(Form):
    """Stopping, or going on after all. A mail program sends nothing that this form reads."""

    again = Flag()


@bp.get("/o/<token>")
@bp.get("/notifications/out/<token>")
@page(PUBLIC, consent=False)
def confirm_out(token: str) -> str:
    """What the link in a message stops: one button, without sign-in. Opening it stops nothing: filters open links."""
    return _out_page(token, done="")


def _out_page(token: str, done: str) -> str:
    _, channel, topic = notifications.read_out(runtime().settings, token)
    return render_template(
        "notifications/out.html",
        token=token,
        channel=notifications.CHANNEL_NAMES[channel],
        topic=notifications.TOPIC_NAMES[topic] if topic else None,
        done=done,
    )


@bp.post("/o/<token>")
@bp.post("/notifications/out/<token>")
@page(PUBLIC, form=OutForm, consent=False, csrf=False)
def out(token: str) -> str:
    """Stop such messages at once (RFC 8058), or undo it. The signed address is the credential."""
    again = OutForm.read().again.data
    account, channel, topic = notifications.read_out(runtime().settings, token)
    with writing() as tx:
        notifications.stop_channel(tx, account, channel, topic, again=again)
    return _out_page(token, done="again" if again else "out")


@bp.get("/notifications/mail/<token>")
@page(PUBLIC, consent=False)
def confirm_mail(token: str) -> str:
    """The page that a confirmation mail leads to: one button, because mail filters open links."""
    notifications.read_confirm(runtime().settings, token)
    return render_template("notifications/mail.html", token=token, done=False)


@bp.post("/notifications/mail/<token>")
@page(PUBLIC, consent=False)
def confirm_mail_post(token: str) -> str:
    """Confirm a mail address."""
    with writing() as tx:
        notifications.confirm_mail(tx, runtime(), token)
    return render_template("notifications/mail.html", token=token, done=True)


@bp.get("/notifications/preview")
@http.page(office(*trainings.REMINDING_ROLES, Role.SYSTEM_ADMINISTRATOR), section=menu.COVERAGE)
def preview() -> str:
    """What people get, in every channel, made by the same code; nothing is sent."""
    shown = notifications.preview_notifications(runtime().settings, html_lang())
    return render_template(
        "notifications/preview.html", shown=shown, topic_names=notifications.TOPIC_NAMES, ways=_ways()[1:]
    )
