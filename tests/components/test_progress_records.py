"""Re-cut lectures, and the evidence of one member and item."""

import csv
import datetime as dt

import pytest

from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.learning import evidence, queries, recuts
from academy.learning.access import access_evidence
from academy.library.events import CoursePublished
from academy.library.models import Course, CourseItem
from academy.media.models import Asset
from academy.people.models import Member, Organisation
from tests.support import shelf
from tests.support.ledger_makers import beat, learner, lecture, opened

START = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def scene(runtime: Runtime) -> tuple[Actor, Course]:
    """A lecture of ten minutes, nine of them watched by one member and a second claimed too fast."""
    with clock.frozen(START), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account)
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0], device="phone")
    with clock.frozen(START + dt.timedelta(minutes=4, seconds=25)):
        beat(runtime, lease, [(0, 600_000)])
    return actor, course


def recut(runtime: Runtime, course: Course, minutes: float) -> None:
    """The file is replaced by one of another length."""
    with runtime.db.begin() as tx:
        item = shelf.item(tx, course)
        shelf.change_item(tx, item.item_id, number=2)
        tx.get_one(Asset, item.asset_id).duration_ms = int(minutes * 60_000)


def test_a_mapping_is_previewed_and_keeps_what_stayed(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    recut(runtime, course, 8)
    kept = [(60_000, 540_000, 0)]  # a minute of opening titles and the last minute are gone
    with runtime.db.begin() as tx:
        item = shelf.item(tx, course)
        shown = recuts.preview_recut(tx, item, 1, kept)
        assert shown == recuts.RecutPreview(members=1, keep_some=1, complete=1, dropped_ms=60_000)
        for _ in range(2):
            assert recuts.carry_over_credit(tx, actor, item, 1, kept).finished_at is not None, "so few need no job"
    with runtime.db.read() as tx:
        item = shelf.item(tx, course)
        assert actor.member_id is not None
        held = queries.ledger_of(tx, actor.member_id, item)
        assert (held.spans, held.covered) == (((0, 480_000),), 480_000)
        assert held.completed_at is not None
        assert len(queries.items_completed(tx, actor.member_id, [item])) == 1


@pytest.mark.parametrize("kept", [[], [(0, 900_000, 0)], [(0, 300_000, 0), (200_000, 400_000, 300_000)]])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_mapping_that_makes_no_sense_is_refused(
    runtime: Runtime, scene: tuple[Actor, Course], kept: list[tuple[int, int, int]]
) -> None:
    actor, course = scene
    with runtime.db.begin() as tx, pytest.raises(Conflict):
        recuts.carry_over_credit(tx, actor, shelf.item(tx, course), 1, [(0, 1000, 0)])
    recut(runtime, course, 8)
    with runtime.db.begin() as tx, pytest.raises(Invalid):
        recuts.carry_over_credit(tx, actor, shelf.item(tx, course), 1, kept)


def test_publishing_a_new_version_ends_playbacks_of_the_old(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with clock.frozen(START + dt.timedelta(minutes=5)):
        lease = opened(runtime, actor, course.shown.items[0], take_over=True)
        with runtime.db.begin() as tx:
            publish(tx, CoursePublished(course.id))
        assert beat(runtime, lease, [(0, 1_000)]).ended == "", "nothing was replaced"
        recut(runtime, course, 8)
        with runtime.db.begin() as tx:
            publish(tx, CoursePublished(course.id))
        assert beat(runtime, lease, [(550_000, 551_000)], seq=2).ended == "replaced"


def test_evidence_tells_all_and_the_same_again(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with runtime.db.begin() as tx:
        member = tx.get_one(Member, actor.member_id)
        item = tx.get_one(CourseItem, course.shown.items[0].item_id)
        told = evidence.collect_evidence(tx, actor, member, item)
        again = evidence.collect_evidence(tx, actor, member, item)
    assert told["checksum"] == again["checksum"]
    assert [row["device"] for row in told["leases"]] == ["phone"]
    assert told["ledger"][0]["spans"] == [[0, 540_000]]
    assert [(r["reason"], r["spans"]) for r in told["refusals"]] == [("too_fast", [[540_000, 600_000]])]
    table = list(csv.DictReader(evidence.evidence_csv(told).splitlines()))
    assert [row["kind"] for row in table] == ["lease", "credited", "refused", "held", "checksum"]


def test_evidence_is_for_the_member_and_those_above(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with runtime.db.read() as tx:
        member = tx.get_one(Member, actor.member_id)
        node = tx.get_one(Organisation, member.organisation_id)
        names = (member.public_id, course.shown.items[0].public_id)
        assert access_evidence(tx, actor, *names)[0].id == member.id
        auditor = Actor(account_id=9, scopes=(Scope(Role.AUDITOR, node.id, node.path),))
        assert access_evidence(tx, auditor, *names)[0].id == member.id
        stranger = Actor(account_id=9, scopes=(Scope(Role.AUDITOR, 999, "/999/"),))
        with pytest.raises(Forbidden):
            access_evidence(tx, stranger, *names)


def test_a_mapping_is_written_as_people_write_it() -> None:
    assert recuts.read_recut_mapping("1:00-9:00 → 0:00\n\n1:00:00 至 1:00:30 ,8:00\n") == [
        (60_000, 540_000, 0),
        (3_600_000, 3_630_000, 480_000),
    ]
    for wrong in ("abc", "1:00-2:00", "-1-5 0", "1-2-3 4"):
        with pytest.raises(Invalid):
            recuts.read_recut_mapping(wrong)
