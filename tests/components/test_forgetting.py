"""What is kept no longer goes at night; what must be kept stays."""

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.accounts.models import ActivationCode, LoginSession, ScreenLogin, Throttle
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry, record, verify
from academy.core.database import Base
from academy.core.environment import SettingsError
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs.api import JobContext
from academy.jobs.models import Job, OutboxEvent
from academy.jobs.registry import all_specs, spec
from academy.notifications.models import Notification
from academy.notifications.service import notify
from academy.people.models import RosterImport
from academy.reports.models import Export
from academy.roster import columns
from academy.search.models import QueryLog
from tests.support import factories as make

NOW = dt.datetime(2026, 11, 2, 18, 0, tzinfo=dt.UTC)
TABLES = (LoginSession, ActivationCode, ScreenLogin, Throttle, Notification, Job, OutboxEvent, QueryLog)


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def of_age(runtime: Runtime, days: float) -> None:
    """One of everything whose end was so many days ago."""
    end, mark = ago(days), f"{days:g}"
    with clock.frozen(end), runtime.db.begin() as tx:
        account, person = make.account(tx), make.member(tx, make.organisation(tx))
        tx.add_all(
            [
                LoginSession(digest=f"s{mark}", account_id=account.id, expires_at=end),
                ActivationCode(member_id=person.id, digest=f"c{mark}", expires_at=end),
                ScreenLogin(digest=f"n{mark}", number=42, expires_at=end),
                Throttle(key=f"t{mark}", since=end),
                Job(name="test", args={}, state="done", finished_at=end),
                OutboxEvent(kind="Test", payload={}, delivered_at=end),
                QueryLog(day=end.date(), text="党课"),
            ]
        )
        notify(tx, key=f"k{mark}", body=msg("未读"), account_id=account.id)
        record(tx, SYSTEM, "test.written", f"test:{mark}")


def night(runtime: Runtime) -> None:
    with clock.frozen(NOW):
        for one in all_specs():
            if one.name.endswith(".forget"):
                with runtime.db.begin() as tx:
                    job = Job(name=one.name, args={}, state="running")
                    tx.add(job)
                    tx.flush()
                one.run(JobContext(runtime, job.id))


def left(runtime: Runtime) -> dict[str, int]:
    with runtime.db.read() as tx:
        counts = {model.__tablename__: tx.scalar(select(func.count()).select_from(model)) or 0 for model in TABLES}
        counts["jobs"] = tx.scalar(select(func.count()).where(Job.name == "test")) or 0
        counts["outbox_events"] = tx.scalar(select(func.count()).where(OutboxEvent.kind == "Test")) or 0
        counts["audit"] = tx.scalar(select(func.count()).where(AuditEntry.verb == "test.written")) or 0
        assert verify(tx).whole
    return counts


def test_each_thing_goes_when_its_time_is_over(runtime: Runtime) -> None:
    for days in (1100, 800, 200, 100, 2):
        of_age(runtime, days)
    night(runtime)
    assert left(runtime) == {
        "login_sessions": 2,
        "activation_codes": 1,
        "screen_logins": 1,
        "throttles": 0,
        "notifications": 3,
        "jobs": 1,
        "outbox_events": 1,
        "search_queries": 3,
        "audit": 4,
    }
    night(runtime)
    assert left(runtime)["audit"] == 4, "again changes nothing"


def test_live_sessions_and_unfinished_jobs_stay(runtime: Runtime) -> None:
    with clock.frozen(ago(1000)), runtime.db.begin() as tx:
        account = make.account(tx)
        tx.add(LoginSession(digest="live", account_id=account.id, expires_at=NOW + dt.timedelta(days=1)))
        tx.add(Job(name="test", args={}, state="failed", finished_at=ago(1000)))
        tx.add(OutboxEvent(kind="Test", payload={}))
    night(runtime)
    found = left(runtime)
    assert (found["login_sessions"], found["jobs"], found["outbox_events"]) == (1, 1, 1)


def test_files_with_names_go_too(runtime: Runtime) -> None:
    folder = runtime.settings.data_dir
    with runtime.db.begin() as tx:
        node, account = make.organisation(tx), make.account(tx)
        for number, days in enumerate((100, 200)):
            with clock.frozen(ago(days)):
                roster = RosterImport(
                    account_id=account.id, organisation_id=node.id, filename="名单.xlsx", sha256="0", stored_at="x",
                    public_id=f"roster{number}2345678ab", state="checked", created_at=ago(days),
                )  # fmt: skip
                tx.add(roster)
            place = folder / "rosters" / roster.public_id
            place.mkdir(parents=True)
            (place / "source").write_text("姓名")
        (folder / "exports").mkdir()
        for number, days in enumerate((-1, 1)):
            (folder / "exports" / f"{number}.xlsx").write_text("姓名")
            tx.add(
                Export(
                    account_id=account.id, kind="names", params={}, filename="名单.xlsx",
                    stored_at=f"exports/{number}.xlsx", expires_at=ago(days),
                )
            )  # fmt: skip
    night(runtime)
    assert [path.name for path in (folder / "rosters").iterdir()] == ["roster02345678ab"]
    assert [path.name for path in (folder / "exports").iterdir()] == ["0.xlsx"]
    with runtime.db.read() as tx:
        assert list(tx.scalars(select(RosterImport.state).order_by(RosterImport.id))) == ["checked", "discarded"]


def test_audit_is_kept_half_a_year_at_least() -> None:
    demo = {"ACADEMY_DEMO": "1", "ACADEMY_SECRET_KEY": "x" * 32, "ACADEMY_DATA_KEY": "y" * 32}
    assert Settings.from_env(demo | {"ACADEMY_KEEP_AUDIT_DAYS": "180"}).keep_audit_days == 180
    with pytest.raises(SettingsError, match="at least 180"):
        Settings.from_env(demo | {"ACADEMY_KEEP_AUDIT_DAYS": "179"})
    with pytest.raises(SettingsError, match="ACADEMY_KEEP_JOBS_DAYS must be at least 1"):
        Settings.from_env(demo | {"ACADEMY_KEEP_JOBS_DAYS": "0"})


def test_the_page_about_it_names_every_setting_and_job() -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
    for field in dataclasses.fields(Settings):
        if field.name.startswith("keep_"):
            row = next(line for line in page.splitlines() if field.metadata["env"] in line)
            assert f"{field.default:,} days" in row, row
    named = set(re.findall(r"`(\w+\.forget)`", page))
    assert named == {one.name for one in all_specs() if one.name.endswith(".forget")}
    assert all(spec(name) for name in named)


def test_no_identity_number_is_kept_or_asked_for() -> None:
    kept = {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.columns}
    assert not [name for name in kept if re.search(r"id_?card|identity_number|id_number|national", name)]
    headings = {
        heading for known in columns.COLUMNS_BY_KIND.values() for column in known for heading in column.headings
    }
    assert not [heading for heading in headings if "身份证" in heading]
