"""Background jobs of accounts."""

import datetime as dt
import json

import requests

from academy.accounts.authentication import codes, sms, throttle
from academy.accounts.models import ActivationCode, LoginSession, ScreenLogin
from academy.core import audit, audit_heads, clock
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.retention import days_ago, delete_in_batches
from academy.jobs import api as jobs
from academy.jobs.api import JobContext


@jobs.job(sms.SEND, max_attempts=4)
def send_sms(context: JobContext, sealed: str) -> None:
    """Send the requested SMS code if the phone matches; retried a few times when the gateway is down.

    Each attempt sends a new code, and the newest counts.
    """
    number, phone, network = json.loads(context.runtime.sealer.open(bytes.fromhex(sealed), context=sms.CONTEXT))
    way_out = sms.sms_channel(context.settings)
    if way_out is None:
        raise Conflict(msg("短信没有开通。"))
    text = context.db.run_in_transaction(lambda tx: sms.prepare(tx, context.runtime, number, phone, network))
    if text is not None:
        way_out(phone, text)


@jobs.nightly("accounts.forget", at=dt.time(2, 10))
def forget(context: JobContext) -> None:
    """Delete sessions, codes, counters of wrong answers and audit rows past their retention."""
    db, settings = context.db, context.settings
    old = days_ago(settings.keep_sessions_days)
    delete_in_batches(db, LoginSession, (LoginSession.ended_at < old) | (LoginSession.expires_at < old))
    old = days_ago(settings.keep_codes_days)
    delete_in_batches(db, ActivationCode, ActivationCode.expires_at < old)
    delete_in_batches(db, ScreenLogin, ScreenLogin.expires_at < old)
    db.run_in_transaction(lambda tx: throttle.forget_old(tx))
    db.run_in_transaction(codes.rekey)
    old = days_ago(settings.keep_audit_days)
    while True:
        if not db.run_in_transaction(lambda tx: audit.forget(tx, old)):
            break
    context.result(at=clock.now().isoformat())


@jobs.every("audit.head", minutes=5)
def keep_head(context: JobContext) -> None:
    """Sign the audit chain's head and keep it outside the database, so that removal of its end is detected."""
    with context.db.read() as tx:
        head = audit_heads.keep(tx, context.settings)
    if head is not None and context.settings.audit_webhook:
        # Identifiers and hashes only; a receiver that missed one gets the next head, which is built on this one.
        sent = {"at": head.at, "seq": head.seq, "chain": head.chain, "mac": head.mac}
        requests.post(context.settings.audit_webhook, json=sent, timeout=10, allow_redirects=False).raise_for_status()
