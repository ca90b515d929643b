"""Background jobs of notifications."""

import datetime as dt
import sys
import time

from academy.accounts import api as accounts
from academy.core import audit, clock
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.retention import days_ago, delete_in_batches
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.notifications import outbound, planning, preferences, rendering, tokens
from academy.notifications.channels import mail
from academy.notifications.events import NotificationsWritten
from academy.notifications.models import Delivery, DeliveryState, Notification
from academy.notifications.service import notify

SEND = "notifications.send"
TURN_S = 20.0
"""Seconds after which a sender lets other jobs of its lane run."""


@jobs.handles(NotificationsWritten, lane=jobs.BRIEF)
def deliver_written(context: JobContext, event: NotificationsWritten) -> None:
    """Plan what was written, and send what is due at once."""
    _deliver(context)


@jobs.every("notifications.deliver", minutes=1, lane=jobs.BRIEF)
def deliver_due(context: JobContext) -> None:
    """Send what has become due: after quiet hours, digests, further attempts."""
    _deliver(context)


@jobs.job(SEND, lane=jobs.BRIEF)
def go_on_sending(context: JobContext) -> None:
    """Send the rest of what is due, a turn at a time."""
    _deliver(context)


def _deliver(context: JobContext) -> None:
    channels = outbound.configured_channels(context.settings)
    while context.db.run_in_transaction(lambda tx: planning.plan_notifications(tx, channels)):
        pass
    until = time.monotonic() + TURN_S
    with outbound.Dispatcher(context.settings) as dispatcher:
        while outbound.send_batch(context.runtime, dispatcher):
            if time.monotonic() > until:
                context.db.run_in_transaction(lambda tx: jobs.enqueue(tx, SEND))
                return


@jobs.job(preferences.CONFIRM, max_attempts=6)
def send_confirmation(context: JobContext, account_id: int) -> None:
    """Send the link that confirms a mail address to the address that is kept now."""
    settings, runtime = context.settings, context.runtime
    with context.db.read() as tx:
        found = accounts.list_recipients(tx, [account_id])
        sealed = preferences.preferences_of(tx, [account_id])[account_id].mail_sealed
    if not found or sealed is None or not settings.smtp:
        return
    address = runtime.sealer.open(sealed, context=preferences.MAIL_CONTEXT)
    token = tokens.confirm_token(settings, found[0].public_id, address)
    made = rendering.confirmation_of(settings, address, token, found[0].language, clock.now())
    if settings.smtp == outbound.CONSOLE:
        sys.stderr.write(f"MAIL {made['Subject']}: {settings.address}/notifications/mail/{token}\n")
        return
    with mail.mail_server(settings) as server:
        mail.send_mail(server, made)


@jobs.nightly("notifications.forget", at=dt.time(2, 25))
def forget(context: JobContext) -> None:
    """Delete old messages, read or not, and what is known of their delivery; failed deliveries wait for a person."""
    old = days_ago(context.settings.keep_notifications_days)
    delete_in_batches(context.db, Notification, Notification.created_at < old)
    old = days_ago(context.settings.keep_jobs_days)
    delete_in_batches(
        context.db, Delivery, Delivery.state.in_((DeliveryState.SENT, DeliveryState.DROPPED)), Delivery.due_at < old
    )


@jobs.nightly("audit.verify", at=dt.time(3, 40), lane=jobs.HEAVY)
def verify_audit(context: JobContext) -> None:
    """Verify the audit chain; when it is broken, notify every auditor of the place, once."""
    with context.db.read() as tx:
        verdict = audit.verify(tx)
    context.result(rows=verdict.rows, head=verdict.head, broken_at=verdict.broken_at, unchained=verdict.unchained)
    if verdict.whole:
        return
    place = verdict.broken_at or verdict.rows

    def write(tx: Tx) -> None:
        for account_id in accounts.accounts_holding(tx, Role.AUDITOR):
            notify(
                tx,
                key=f"audit.broken:{place}:{verdict.unchained}:{account_id}",
                body=msg("审计记录被人动过：从第 %(place)s 条起对不上。请马上核查。", place=place),
                link="/audit",
                account_id=account_id,
                kind="audit.broken",
            )

    context.db.run_in_transaction(write)
