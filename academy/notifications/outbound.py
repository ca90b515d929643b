"""The channels that the operator set up, and one batch through them."""

import smtplib
import sys
from contextlib import ExitStack

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.notifications import rendering, sending
from academy.notifications.channels import mail, webhook
from academy.notifications.channels.refusals import ChannelRefused, ChannelUnavailable
from academy.notifications.sending import Claim
from academy.notifications.topics import DeliveryChannel

CONSOLE = "console"


def configured_channels(settings: Settings) -> list[DeliveryChannel]:
    """The channels that the operator set up."""
    found = []
    if settings.smtp:
        found.append(DeliveryChannel.MAIL)
    if settings.sms.strip() not in ("", "off"):
        found.append(DeliveryChannel.SMS)
    if settings.app_webhook:
        found.append(DeliveryChannel.APP)
    return found


class Dispatcher:
    """Sends messages one after the other over connections that it keeps open; a context manager.

    A channel that could not be reached is not tried again by this one: a hundred messages would wait a hundred times
    for the same time-out.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._server: smtplib.SMTP | None = None
        self._down: dict[DeliveryChannel, str] = {}

    def __enter__(self) -> "Dispatcher":
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def send(self, message: rendering.OutgoingMessage) -> None:
        """Hand one message to its channel.

        Raises:
            ChannelRefused: it will never be taken.
            ChannelUnavailable: try again later.
        """
        if message.channel in self._down:
            raise ChannelUnavailable(self._down[message.channel])
        try:
            {
                DeliveryChannel.MAIL: self._mail,
                DeliveryChannel.SMS: self._sms,
                DeliveryChannel.APP: self._app,
            }[message.channel](message)
        except ChannelUnavailable as error:
            if not str(error).startswith(("SMTP", "HTTP")):
                self._down[message.channel] = str(error)
            raise

    def _mail(self, message: rendering.OutgoingMessage) -> None:
        made = rendering.mail_of(self._settings, message)
        if self._settings.smtp == CONSOLE:
            # Without the address: this is a terminal that others may look at.
            sys.stderr.write(f"MAIL {made['Subject']}\n")
            return
        mail.send_mail(self._mail_server(), made)

    def _mail_server(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._open.enter_context(mail.mail_server(self._settings))
        return self._server

    def _sms(self, message: rendering.OutgoingMessage) -> None:
        try:
            channel = accounts.sms_channel(self._settings, message_id=message.id)
            if channel is None:
                raise ChannelRefused("no SMS")
            channel(message.to, rendering.sms_of(self._settings, message))
        except ChannelRefused:
            raise
        except Exception as error:
            # A gateway's own function may raise anything; its text may hold a phone, so only its kind is kept.
            raise ChannelUnavailable(type(error).__name__) from error

    def _app(self, message: rendering.OutgoingMessage) -> None:
        body = rendering.payload_of(self._settings, message)
        webhook.send_webhook(self._settings, message.id, int(clock.now().timestamp()), body)


def send_batch(runtime: Runtime, dispatcher: Dispatcher) -> int:
    """Claim and send one batch; returns how many deliveries were due."""
    number, claims = runtime.db.run_in_transaction(lambda tx: sending.claim_due(tx, runtime))
    for claim in claims:
        _send(runtime, dispatcher, claim)
    return number


def _send(runtime: Runtime, dispatcher: Dispatcher, claim: Claim) -> None:
    try:
        dispatcher.send(claim.message)
    except ChannelRefused as error:
        text = str(error)
        runtime.db.run_in_transaction(lambda tx: sending.mark_refused(tx, claim, text))
    except ChannelUnavailable as error:
        text = str(error)
        runtime.db.run_in_transaction(lambda tx: sending.mark_unavailable(tx, claim, text))
    else:
        runtime.db.run_in_transaction(lambda tx: sending.mark_sent(tx, claim))
