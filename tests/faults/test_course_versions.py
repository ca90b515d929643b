"""Courses of the form before versions (0033) become versions, and everything that was learned means what it meant.

`tests/files/upgrades` holds what the release before wrote through its own services: the rows of a small city at
revision 0030, and an evidence pack of its training. It has a course that was revised twice (words first, then a file
replaced, an item removed and another added) with a third revision in work, and courses that wait for review, were
withdrawn, edited after that, returned, approved, given up and deleted; playbacks of both versions, a recut, a
completion struck and one registered; and the checksums of members' evidence.
"""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from academy import components
from academy.core import audit, clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Database, Tx
from academy.core.errors import Conflict
from academy.learning import evidence as member_evidence
from academy.learning import queries, repair
from academy.learning.models import Completion, WatchLedger
from academy.library import publication
from academy.library.kinds import CourseState, VersionState
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion, Review
from academy.library.queries import decisions_on
from academy.notifications.models import Notification
from academy.people.models import Member, Organisation
from academy.reports import evidence
from academy.trainings import recount
from academy.trainings.models import Training
from tests.faults.upgrading import downgrade, upgrade

pytestmark = pytest.mark.faults
FILES = Path("tests/files/upgrades")
TODAY = dt.datetime(2026, 3, 14, 3, tzinfo=dt.UTC)
KEPT = (
    "audit_entries",
    "completions",
    "corrections",
    "course_starts",
    "coverage_cells",
    "credit_hours",
    "item_completions",
    "playback_leases",
    "recuts",
    "refusals",
    "training_courses",
    "watch_ledgers",
)
"""Tables that the upgrade leaves as they are."""

Rows = dict[str, list[dict[str, Any]]]


def load(connection: sa.Connection, tables: Rows) -> None:
    """The rows as they were written, on either database."""
    known = sa.MetaData()
    known.reflect(connection)
    for name, rows in tables.items():
        table = known.tables[name]
        connection.execute(sa.delete(table))  # a migration may have put the first ones there
        connection.execute(sa.insert(table), [_typed(table, row) for row in rows])
        if connection.dialect.name == "postgresql" and "id" in table.columns:
            newest = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608
            connection.execute(sa.text(newest))


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in row.items():
        kind = table.columns[name].type
        if value is not None and isinstance(kind, sa.DateTime):
            value = dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC if kind.timezone else None)
        elif value is not None and isinstance(kind, sa.Date):
            value = dt.date.fromisoformat(value)
        elif value is not None and isinstance(kind, sa.LargeBinary):
            value = base64.b64decode(value)
        found[name] = value
    return found


def rows_of(database: Database, names: tuple[str, ...]) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as tx:
        known = sa.MetaData()
        known.reflect(tx.connection(), only=names)
        return {
            name: sorted((tuple(row) for row in tx.execute(sa.select(known.tables[name]))), key=repr) for name in names
        }


@pytest.fixture
def city(empty_database: Database) -> Iterator[tuple[Database, dict[str, Any]]]:
    """The city after the upgrade, and what is known of it."""
    components.import_all()
    told = json.loads((FILES / "before_course_versions.json").read_text(encoding="utf-8"))
    upgrade(empty_database, told["revision"])
    with empty_database.engine.begin() as connection:
        load(connection, told["tables"])
    upgrade(empty_database, "0032")
    before = rows_of(empty_database, KEPT)
    upgrade(empty_database, "0033")
    assert rows_of(empty_database, KEPT) == before
    upgrade(empty_database, "head")
    with clock.frozen(TODAY):
        yield empty_database, told


def course(tx: Tx, told: dict[str, Any], name: str) -> Course:
    return tx.get_one(Course, told["courses"][name])


def test_figures_ledgers_the_trail_and_packs_made_before_agree(city: tuple[Database, dict[str, Any]]) -> None:
    database, told = city
    assert list(repair.ledger_differences(database)) == []
    with database.begin() as tx:
        assert audit.verify(tx).whole
        plan = tx.scalars(sa.select(Training).where(Training.public_id == told["training"])).one()
        assert recount.recount_differences(tx, plan) == []
        assert evidence.check_pack(tx, FILES / "before_course_versions.zip") == []
        root = tx.scalars(sa.select(Organisation).where(Organisation.parent_id.is_(None))).one()
        auditor = Actor(account_id=1, scopes=(Scope(Role.AUDITOR, root.id, root.path),))
        for one in told["evidence"]:
            member = tx.scalars(sa.select(Member).where(Member.public_id == one["member"])).one()
            item = tx.scalars(sa.select(CourseItem).where(CourseItem.public_id == one["item"])).one()
            assert member_evidence.collect_evidence(tx, auditor, member, item)["checksum"] == one["checksum"]
    # Whatever is derived anew from the ledger is there already.
    before = rows_of(database, ("completions", "item_completions", "credit_hours"))
    assert repair.derive_from_ledgers(database).done == 0
    assert rows_of(database, ("completions", "item_completions", "credit_hours")) == before


STATES = {
    "改过两次": (CourseState.PUBLISHED, VersionState.DRAFT),
    "修订待审": (CourseState.PUBLISHED, VersionState.SUBMITTED),
    # Approved before it was withdrawn: the next reviewer is to know of that.
    "下架": (CourseState.SUBMITTED, VersionState.SUBMITTED),
    "下架后改了内容": (CourseState.DRAFT, VersionState.DRAFT),
    "下架后改了标题": (CourseState.SUBMITTED, VersionState.SUBMITTED),
    "放弃过修订": (CourseState.PUBLISHED, None),
    "草稿": (CourseState.DRAFT, VersionState.DRAFT),
    "待审": (CourseState.SUBMITTED, VersionState.SUBMITTED),
    "退回": (CourseState.RETURNED, VersionState.RETURNED),
    "通过": (CourseState.APPROVED, VersionState.APPROVED),
    "删除": (CourseState.DISCARDED, None),
}


def test_courses_stand_where_they_stood(city: tuple[Database, dict[str, Any]]) -> None:
    database, told = city
    with database.begin() as tx:
        assert {row.id for row in tx.scalars(sa.select(Course))} == set(told["courses"].values()), "no revision is one"
        for name, (state, draft) in STATES.items():
            row = course(tx, told, name)
            assert (row.state, row.draft.state if row.draft else None) == (state, draft), name
            assert (row.withdrawn_at is not None) == name.startswith("下架"), name
        assert course(tx, told, "下架后改了内容").published is None, "nobody can say what it said"
        shown = course(tx, told, "下架后改了标题")
        assert shown.published is not None and shown.draft is not None
        assert shown.published.content_number == shown.draft.content_number == 1
        assert [item.item_id for item in shown.published.items] == [item.item_id for item in shown.draft.items]
        orphans = sa.select(CourseItem.id).where(CourseItem.course_id.not_in(sa.select(Course.id)))
        assert tx.scalars(orphans).all() == []
        tables = told["tables"]
        assert tx.scalar(sa.select(sa.func.count()).select_from(Review)) == len(tables["reviews"])
        links = tx.scalars(sa.select(Notification.link).where(Notification.link.like("/studio/%"))).all()
        known = {row.public_id for row in tx.scalars(sa.select(Course))}
        assert {link.rpartition("/")[2] for link in links} <= known
        # The approval of the revision that waits on a withdrawn course is not enough any more.
        with pytest.raises(Conflict):
            publication.publish_course(tx, Actor(account_id=shown.created_by), course(tx, told, "下架"))


def test_a_course_that_was_revised_has_its_history(city: tuple[Database, dict[str, Any]]) -> None:
    database, told = city
    tables = told["tables"]
    with database.read() as tx:
        row = course(tx, told, "改过两次")
        old = next(one for one in tables["courses"] if one["id"] == row.id)
        assert row.public_id == old["public_id"] and row.published is not None and row.draft is not None
        assert (row.published.content_number, row.published.number, row.draft.number) == (old["version"], 3, 4)
        versions = tx.scalars(
            sa.select(CourseVersion).where(CourseVersion.course_id == row.id).order_by(CourseVersion.number)
        ).all()
        assert [one.state for one in versions] == ["superseded", "superseded", "published", "draft"]
        assert [one.review.comment for one in decisions_on(tx, row)][:2] == ["可以。", "可以。"]
        numbers = {one.id: one.number for one in versions}
        assert [numbers[one.review.course_version_id] for one in decisions_on(tx, row)] == [3, 2, 1]
        # Items keep their identity, addresses and numbers.
        items = {one["id"]: one for one in tables["course_items"]}
        kept = [one for one in items.values() if one["course_id"] == row.id and one["removed_at"] is None]
        assert [
            (item.item_id, item.public_id, item.number, item.title, item.asset_id, item.required)
            for item in row.published.items
        ] == [
            (one["id"], one["public_id"], one["version"], one["title"], one["asset_id"], one["required"])
            for one in sorted(kept, key=lambda one: one["position"])
        ]
        (removed,) = [one for one in items.values() if one["course_id"] == row.id and one["removed_at"]]
        assert [item.item_id for item in versions[0].items] == [removed["id"]], "what was watched of it has its title"
        assert [item.title for item in versions[1].items] == ["第1讲", "第2讲"]
        # The revision in work shares the items that it revises; a new one is its own, under the old address.
        assert [item.title for item in row.draft.items] == ["改了名的一讲", "加讲", "还没审的一讲"]
        assert [item.item_id for item in row.draft.items][:2] == [item.item_id for item in row.published.items]
        new = next(one for one in items.values() if one["title"] == "还没审的一讲")
        assert (row.draft.items[2].item_id, row.draft.items[2].public_id) == (new["id"], new["public_id"])
        assert row.draft.content_number == row.published.content_number + 1
        # Who had completed the earlier version has; of the present one, who studied it.
        done = tx.execute(sa.select(Completion.member_id, Completion.course_version).filter_by(course_id=row.id)).all()
        assert {version for _, version in done} == {1, 2}
        member = tx.scalars(sa.select(WatchLedger.member_id).where(WatchLedger.item_version == 2).limit(1)).one()
        assert queries.course_states(tx, member, [row.id])[row.id].permille > 0


def test_down_and_up_again_nothing_learned_is_lost(city: tuple[Database, dict[str, Any]]) -> None:
    database, told = city
    downgrade(database, "0033")
    before = rows_of(database, KEPT)
    downgrade(database, "0032")
    assert rows_of(database, KEPT) == before
    with database.read() as tx:
        old = {row["id"]: row for row in told["tables"]["courses"]}
        found = tx.execute(sa.text("SELECT id, public_id, version, published_version, title FROM courses")).all()
        now = {row.id: row for row in found}
        for name in ("改过两次", "修订待审", "放弃过修订", "草稿", "待审"):
            one = told["courses"][name]
            assert (now[one].public_id, now[one].version, now[one].title) == (
                old[one]["public_id"], old[one]["version"], old[one]["title"],
            )  # fmt: skip
    upgrade(database, "0033")
    assert rows_of(database, KEPT) == before
    upgrade(database, "head")
    with database.read() as tx:
        for name in ("改过两次", "修订待审", "放弃过修订", "草稿", "待审"):
            row = course(tx, told, name)
            draft = row.draft.state if row.draft else None
            assert (row.state, draft) == STATES[name], name
        assert len(tx.scalars(sa.select(ItemVersion)).all()) > 0
        assert evidence.check_pack(tx, FILES / "before_course_versions.zip") == []
    assert list(repair.ledger_differences(database)) == []
