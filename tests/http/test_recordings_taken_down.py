"""A recording whose lecturers do not consent any more is seen nowhere, at once."""

import pytest
from flask import Flask
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden
from academy.core.runtime import Runtime
from academy.faculty import lectures, particulars, recordings
from academy.faculty.kinds import ConsentKind, LectureEvidenceKind
from academy.faculty.lectures import TeachingReport
from academy.faculty.materials import recount
from academy.faculty.models import LectureRecording, PoolMembership, ProgrammeLecture
from academy.learning import offline
from academy.learning.models import Completion, KeptForm, LeaseEnd, PlaybackLease
from academy.library import api as library
from academy.library.models import Course
from academy.media.captions.caption_files import CueText
from academy.media.delivery import poster_url
from academy.media.models import Asset
from academy.media.service import follow_revocations, replace_cues
from academy.media.storage.file_storage import local_storage, set_key
from tests.conftest import sign_in
from tests.http.recording_scene import PUBLISH, RECORD, scene
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import NOON, in_may
from tests.support.shortcuts import drain
from tests.support.together import outcomes

__all__ = ["in_may"]
PHONE = "0123456789abcdef"


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [RECORD, PUBLISH])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_withdrawn_consent_takes_the_recording_down_everywhere_at_once(
    app: Flask, runtime: Runtime, kind: ConsentKind
) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        at = scene(tx)
        old, film = (make.asset(tx, at.trainer, has_poster=True) for _ in range(2))
        replace_cues(tx, film, [CueText(0, 5000, "先讲茶叶合作社的账本")], "manual")
        course = at.publish(tx, old)
        who = make.actor_of(tx, at.trainer)
        draft = library.revise_course(tx, who, course)
        library.replace_item(tx, who, course, draft.items[0], asset=film)
        at.shelve(tx, course)
        person = make.member(tx, make.organisation(tx, at.top))
        account = make.account(tx, person)
        sign_in(client, make.session_token(tx, account))
        item = make.lines(tx, course)[0].item
        tx.add(Completion(member_id=person.id, course_id=course.id, course_version=1, completed_at=NOON))
        at.membership = tx.merge(at.membership)
        course_id, item_id, kept = course.public_id, item.public_id, {one: one.generation for one in (old, film)}
    for asset, generation in kept.items():
        folder = local_storage(runtime.settings).path(set_key(asset.public_id, generation))
        folder.mkdir(parents=True)
        (folder / "poster.jpg").write_bytes(b"a picture")
    drain(runtime)
    with clock.frozen(clock.now()):
        links = [str(poster_url(runtime.settings, asset)) for asset in kept]
        lease = client.post("/api/v1/progress/leases", json={"item": item_id}).json or {}
        keep = {"item": item_id, "form": "sound", "device": PHONE}
        assert [client.get(link, buffered=True).status_code for link in links] == [200, 200]
        assert client.get(f"/learn/{item_id}").status_code == 200
        assert course_id in client.get(f"/lectures/{at.lecture.public_id}").text
        assert "茶叶合作社" in client.get(f"/lectures/{at.lecture.public_id}").text
        assert item_id in client.get("/search?q=茶叶合作社").text
        assert course_id in client.get(f"/lecturers/{at.person.public_id}").text
        with runtime.db.begin() as tx:
            assert at.withdraw(tx, kind) == 1
            tx.after_commit(lambda: follow_revocations(tx, runtime.settings))
        assert client.get(f"/learn/{item_id}").status_code == 404
        assert client.get(f"/library/{course_id}").status_code == 404
        assert [client.get(link, buffered=True).status_code for link in links] == [404, 404], (
            "also the file of an earlier version"
        )
        assert client.post("/api/v1/progress/leases", json={"item": item_id}).status_code == 404
        beat = {"lease": lease["token"], "seq": 1, "spans": [[0, 1000]]}
        stopped = client.post("/api/v1/progress/heartbeats", json=beat)
        assert (stopped.status_code, (stopped.json or {})["reason"]) == (409, "withdrawn")
        assert client.post("/api/v1/offline/lectures", json=keep).status_code == 404
        assert item_id not in client.get("/search?q=茶叶合作社").text
        assert course_id not in client.get(f"/lecturers/{at.person.public_id}").text + client.get("/library?all=1").text
        page = client.get(f"/lectures/{at.lecture.public_id}").text
        assert course_id not in page and "茶叶合作社" not in page and "撤回" not in page
    with runtime.db.read() as tx:
        assert tx.scalars(select(Completion.member_id)).all() == [person.id], "what was learnt is the member's"
        for asset, generation in kept.items():
            assert tx.get_one(Asset, asset.id).generation != generation


def test_kept_copies_end_at_the_next_contact(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        item = make.lines(tx, at.publish(tx))[0].item
        person = make.member(tx, make.organisation(tx, at.top))
        who = Actor(make.account(tx, person).id, person.id)
        kept = offline.keep_lecture(tx, who, item, KeptForm.SOUND, rate=2, device_key=PHONE)
        at.withdraw(tx)
        tx.expire_all()
        lease = tx.get_one(PlaybackLease, kept.lease.id)
        assert (lease.ended_at is not None, lease.ended_because) == (True, LeaseEnd.WITHDRAWN)


def test_what_is_encoded_while_the_consent_is_withdrawn_stays_in_the_studio(runtime: Runtime) -> None:
    """Also a file that replaces a published one: its set gets a name that no page gives out."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        coming = make.asset(tx, at.trainer, state="processing", building="b" * 16)
        course = at.record(tx, coming)
        assert at.withdraw(tx, RECORD) == 0
        assert recordings.recording_of(tx, at.lecture) is not None and course.draft is not None
        coming.state, coming.generation, coming.building = "ready", "b" * 16, None
        tx.flush()
        with pytest.raises(Conflict, match="同意录像"), tx.begin_nested():
            at.shelve(tx, course)
        assert not course.is_published
        with pytest.raises(Forbidden):
            library.access_published_course(tx, at.teacher, course.public_id)
        at.consent(tx, RECORD)
        at.shelve(tx, course)


@pytest.mark.commits
def test_a_publication_and_a_withdrawal_at_once_leave_nothing_on_the_shelf(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        course = at.record(tx)
        at.approve(tx, course)
        course_id, trainer = course.id, make.actor_of(tx, at.trainer)
        membership_id = at.membership.id

    def publish(tx: Tx) -> None:
        library.publish_course(tx, trainer, tx.get_one(Course, course_id))

    def withdraw(tx: Tx) -> None:
        particulars.withdraw_lecturer_consent(tx, at.teacher, tx.get_one(PoolMembership, membership_id), PUBLISH)

    for _round in range(3):
        published, withdrawn = outcomes(runtime, publish, withdraw)
        with runtime.db.begin() as tx:
            course = tx.get_one(Course, course_id)
            assert withdrawn is None and isinstance(published, Conflict | None) and not course.is_published
            if course.published_version_id is not None:
                return
            at.consent(tx)


def test_an_entry_that_is_taken_back_takes_the_recording_with_it(runtime: Runtime) -> None:
    """Whoever is entered as having taught next may be another, or edited into another: nobody's consent is known."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        film = make.asset(tx, at.trainer)
        course = at.publish(tx, film)
        copy = make.course(tx, at.trainer, items=0)
        at.add_film(tx, copy, film)
        at.shelve(tx, copy)
        other = school.lecturer(tx, at.top, name="吴远")
        lectures.reopen_lecture(tx, at.office, at.lecture)
        assert not course.is_published and not copy.is_published
        row = tx.scalars(select(LectureRecording)).one()
        assert row.taken_down_at is None, "no consent was withdrawn"
        trail = select(AuditEntry.target).where(AuditEntry.verb == "recording.taken_down")
        assert set(tx.scalars(trail)) == {f"course:{one.public_id}" for one in (course, copy)}
        report = TeachingReport(
            {other.id: 1000}, [(LectureEvidenceKind.ROLL, "1 号")], {other.id: at.person.id}, unreviewed="防汛"
        )
        lectures.confirm_lecture(tx, at.office, at.lecture, report)
        for hidden in (course, copy):
            with pytest.raises(Conflict, match="吴远"), tx.begin_nested():
                library.republish_course(tx, make.actor_of(tx, at.reviewer), hidden)
        assert list(recount.recording_contradictions(tx)) == []
        lectures.reopen_lecture(tx, at.office, at.lecture)
        again = TeachingReport({at.person.id: 1000}, report.evidence, unreviewed="防汛")
        lectures.confirm_lecture(tx, at.office, at.lecture, again)
        library.republish_course(tx, make.actor_of(tx, at.reviewer), course)
        assert course.is_published


def test_the_office_reads_that_the_recording_goes_before_an_entry_is_taken_back(app: Flask, runtime: Runtime) -> None:
    office = app.test_client()
    with runtime.db.begin() as tx:
        at = scene(tx)
        at.publish(tx)
        sign_in(office, make.session_token(tx, tx.get_one(Account, at.office.account_id)))
        address = f"/faculty/lectures/{at.lecture.public_id}"
    assert "录像在 1 门课程里，会马上下架" in office.get(address).text
    assert office.post(address, data={"verb": "reopen"}).status_code == 303
    life = office.get(f"{address}/life").text
    assert "录像下架了" in life and "撤回了同意" not in life


@pytest.mark.commits
def test_a_publication_and_an_entry_taken_back_at_once_leave_nothing_on_the_shelf(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        course = at.record(tx)
        at.approve(tx, course)
        course_id, lecture_id, trainer = course.id, at.lecture.id, make.actor_of(tx, at.trainer)

    def publish(tx: Tx) -> None:
        library.publish_course(tx, trainer, tx.get_one(Course, course_id))

    def reopen(tx: Tx) -> None:
        lectures.reopen_lecture(tx, at.office, tx.get_one(ProgrammeLecture, lecture_id))

    published, reopened = outcomes(runtime, publish, reopen)
    with runtime.db.read() as tx:
        assert (
            reopened is None
            and isinstance(published, Conflict | None)
            and not tx.get_one(Course, course_id).is_published
        )
