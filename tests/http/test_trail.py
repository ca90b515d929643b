"""The auditor asks who did what to whom and when, takes the answer along, and old rows go by rule."""

import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts import audit_trail
from academy.accounts.audit_verbs import AUDIT_VERBS
from academy.accounts.models import Account
from academy.core import audit, clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import AuditEntry, record, verify
from academy.core.runtime import Runtime
from academy.people.api import request_exemption
from academy.people.models import Member
from tests.conftest import sign_in
from tests.support import factories as make

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])
ROOT = Path(__file__).parents[2]
BEGUN = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def auditor(app: Flask, runtime: Runtime) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        sign_in(client, make.session_token(tx, make.account(tx, None, (Role.AUDITOR, city))))
    return client


@pytest.fixture
def people_(runtime: Runtime) -> tuple[Member, Account, Account]:
    """A member, their account, and an officer who looked them up and asked an exemption for them."""
    with runtime.db.begin() as tx:
        branch = make.organisation(tx)
        person = make.member(tx, branch, number="M42")
        own, officer = make.account(tx, person), make.account(tx, None, (Role.ROSTER_OFFICER, branch))
    who = Actor(account_id=officer.id)
    for day, verb in ((0, "member.read"), (3, "member.edited")):
        with clock.frozen(BEGUN + dt.timedelta(days=day)), runtime.db.begin() as tx:
            record(tx, who, verb, f"member:{person.public_id}")
            record(tx, who, verb, "member:somebodyelse2345")
    with clock.frozen(BEGUN + dt.timedelta(days=5)), runtime.db.begin() as tx:
        request_exemption(tx, SYSTEM, tx.get_one(Member, person.id), reason="年老体弱", valid_from=dt.date(2026, 3, 8))
        record(tx, SYSTEM, "second-step.removed", f"account:{own.public_id}")
    return person, own, officer


def verbs(runtime: Runtime, **asked: object) -> list[str]:
    with runtime.db.read() as tx:
        return [entry.verb for entry, _ in audit_trail.search_audit_trail(tx, audit_trail.AuditQuery(**asked)).rows]  # type: ignore[arg-type]


def test_who_what_whom_and_when(runtime: Runtime, people_: tuple[Member, Account, Account]) -> None:
    person, own, officer = people_
    about = ["second-step.removed", "exemption.requested", "member.edited", "member.read"]
    assert verbs(runtime, whom="M42") == verbs(runtime, whom=own.username) == about
    assert verbs(runtime, whom="M42", verb="member.") == ["member.edited", "member.read"]
    assert len(verbs(runtime, who=officer.username)) == 4
    assert verbs(runtime, who=officer.username, target=f"member:{person.public_id}") == ["member.edited", "member.read"]
    assert verbs(runtime, whom="M42", since=dt.date(2026, 3, 5)) == about[:3]
    assert verbs(runtime, whom="M42", until=dt.date(2026, 3, 5)) == about[2:]
    assert verbs(runtime, whom="M4") == verbs(runtime, whom="%") == verbs(runtime, who="nobody") == []


@ONE_KIND
def test_the_answer_is_taken_along_and_that_is_kept_too(
    auditor: FlaskClient, runtime: Runtime, people_: tuple[Member, Account, Account]
) -> None:
    with runtime.db.begin() as tx:
        record(tx, SYSTEM, "=HYPERLINK(1)", "test:1")
    answer = auditor.get("/audit/export?since=2026-03-01")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["Cache-Control"] == "no-store" and "attachment" in answer.headers["Content-Disposition"]
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(int(rows[1][0]), int(rows[1][0]) + len(rows) - 1)]
    assert "'=HYPERLINK(1)" in {row[3] for row in rows}
    assert rows[-1][3] == "audit.exported", "the export is in the trail, and so in itself"
    assert all(row[7].startswith("sha256:") for row in rows[1:])
    page = auditor.get("/audit?whom=M42&verb=member.")
    assert "member.edited" in page.text and "somebodyelse" not in page.text
    assert verbs(runtime, verb="audit.") == ["audit.searched", "audit.exported"]


@ONE_KIND
@pytest.mark.parametrize("page", ["", "&page=1", "&page=2", "&page=0", "&page=x", "&page=1&page=1"])
def test_a_search_is_on_record_whichever_page_is_asked_for(
    runtime: Runtime, people_: tuple[Member, Account, Account], auditor: FlaskClient, page: str
) -> None:
    assert auditor.get(f"/audit?whom=M42{page}").status_code == 200
    assert verbs(runtime, verb="audit.searched") == ["audit.searched"]


def test_a_long_trail_is_streamed_whole(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "CHUNK", 7)
    with runtime.db.begin() as tx:
        for number in range(20):
            record(tx, SYSTEM, "test.written", f"test:{number}")
    told = [
        entry.target for entry, _ in audit_trail.stream_audit_trail(runtime.db, audit_trail.AuditQuery(verb="test."))
    ]
    assert told == [f"test:{number}" for number in range(20)]


def test_old_rows_go_and_the_chain_stands(runtime: Runtime) -> None:
    for day in range(6):
        with clock.frozen(BEGUN + dt.timedelta(days=day)), runtime.db.begin() as tx:
            for number in range(3):
                record(tx, SYSTEM, "test.written", f"test:{day}-{number}")
    before = BEGUN + dt.timedelta(days=3)
    with runtime.db.begin() as tx:
        assert audit.forget(tx, before, most=5) == 5
    with runtime.db.begin() as tx:
        assert audit.forget(tx, before) == 4
    with runtime.db.begin() as tx:
        assert audit.forget(tx, before) == 0
        assert (tx.scalar(select(func.min(AuditEntry.seq))), verify(tx).whole) == (10, True)
        assert tx.scalars(select(AuditEntry.verb).order_by(AuditEntry.id.desc()).limit(1)).one() == "audit.forgotten"
    with runtime.db.begin() as tx:
        tx.scalars(select(AuditEntry).where(AuditEntry.seq == 10)).one().verb = "test.other"
    with runtime.db.read() as tx:
        assert verify(tx).broken_at == 10, "what is left still hangs on what is gone"


def test_the_newest_row_stays_however_old(runtime: Runtime) -> None:
    with clock.frozen(BEGUN), runtime.db.begin() as tx:
        record(tx, SYSTEM, "test.written", "test:1")
    with runtime.db.begin() as tx:
        assert audit.forget(tx, clock.now()) == 0
        assert verify(tx).whole


def test_the_words_for_acts_are_for_acts_that_happen() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "academy").rglob("*.py") if path.name != "verbs.py"
    )
    assert [verb for verb in AUDIT_VERBS if f'"{verb}"' not in code] == []
