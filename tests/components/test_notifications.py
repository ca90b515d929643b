"""A notification is written once, to one person, and read by that person only."""

import pytest
from sqlalchemy import select

from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import AuditEntry, record
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobContext
from academy.notifications import queries, service
from academy.notifications.jobs import verify_audit
from academy.notifications.models import Notification
from tests.support import factories as make


def test_the_same_occasion_is_told_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        who = make.account(tx)
        for expected in (True, False):
            assert service.notify(tx, key="k:1", body=msg("已通过。"), link="/x", account_id=who.id) is expected
        assert queries.count_unread(tx, Actor(account_id=who.id)) == 1


def test_a_notice_reaches_member_or_account_and_nobody_else(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"))
        who = make.account(tx, person)
        service.notify(tx, key="k:1", body=msg("《%(title)s》已开课。", title="春训"), member_id=person.id)
        service.notify(tx, key="k:2", body=msg("已通过。"), account_id=who.id)
        me, other = Actor(account_id=who.id, member_id=person.id), Actor(account_id=make.account(tx).id)
        inbox = queries.inbox(tx, me)
        assert [str(Message.from_json(n.body)) for n in inbox.rows] == ["已通过。", "《春训》已开课。"]
        assert queries.inbox(tx, other).total == 0
        with pytest.raises(NotFound):
            service.open_notification(tx, other, inbox.rows[0].public_id)
        service.open_notification(tx, me, inbox.rows[0].public_id)
        assert queries.count_unread(tx, me) == 1
        service.mark_all_read(tx, me)
        assert queries.count_unread(tx, me) == 0


@pytest.mark.parametrize("link", ["https://evil.example", "//evil.example"])
def test_a_notice_never_links_out(runtime: Runtime, link: str) -> None:
    with runtime.db.begin() as tx, pytest.raises(ValueError):
        service.notify(tx, key="k", body=msg("看"), link=link)


def test_auditors_are_told_once_that_somebody_was_at_the_trail(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        auditor, other = make.account(tx, None, (Role.AUDITOR, city)), make.account(tx, None, (Role.REVIEWER, city))
        for number in range(3):
            record(tx, SYSTEM, "test.written", f"test:{number}")
        job = Job(name="audit.verify", args={}, state="running")
        tx.add(job)

    def night() -> list[int | None]:
        verify_audit(JobContext(runtime, job.id))
        with runtime.db.read() as tx:
            return list(tx.scalars(select(Notification.account_id)))

    assert night() == []
    with runtime.db.begin() as tx:
        tx.scalars(select(AuditEntry).where(AuditEntry.target == "test:1")).one().verb = "test.other"
    assert night() == night() == [auditor.id]
    assert other.id != auditor.id
    with runtime.db.read() as tx:
        assert tx.get_one(Job, job.id).result["broken_at"] == 2  # type: ignore[index]
