"""Background jobs of notifications."""

import datetime as dt

from academy.accounts import api as accounts
from academy.core import audit
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.retention import days_ago, delete_in_batches
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.notifications.models import Notification
from academy.notifications.service import notify


@jobs.nightly("notifications.forget", at=dt.time(2, 25))
def forget(context: JobContext) -> None:
    """Delete old messages, read or not."""
    delete_in_batches(
        context.db, Notification, Notification.created_at < days_ago(context.settings.keep_notifications_days)
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
