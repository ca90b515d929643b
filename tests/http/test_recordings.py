"""The recording of a lecture in the library: on the shelf only while its lecturers consent."""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.accounts.api import PersonErased
from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, NotFound
from academy.core.runtime import Runtime
from academy.faculty import handlers, lecture_page, particulars, recordings
from academy.faculty.kinds import ConsentKind
from academy.faculty.materials import recount
from academy.faculty.models import (
    LectureMaterial,
    LecturerConsent,
    LectureRecording,
    LectureTeacher,
    MaterialVersion,
    PoolMembership,
    ProgrammeLecture,
)
from academy.learning import offline
from academy.learning.models import Completion, KeptForm, LeaseEnd, PlaybackLease
from academy.library import api as library
from academy.library.models import Course, Lecturer
from academy.media.captions.caption_files import CueText
from academy.media.delivery import poster_url
from academy.media.models import Asset
from academy.media.service import follow_revocations, replace_cues
from academy.media.storage.file_storage import local_storage, set_key
from academy.notifications.models import Notification
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.shortcuts import drain

NOON = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
RECORD, PUBLISH = ConsentKind.RECORD, ConsentKind.PUBLISH
PHONE = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _in_may() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@dataclass
class Scene:
    """A lecture that was held by a lecturer who consents, a trainer and a reviewer of the city, the office."""

    top: Organisation
    lecture: ProgrammeLecture
    person: Lecturer
    membership: PoolMembership
    teacher: Actor
    office: Actor
    trainer: Account
    reviewer: Account

    def publish(self, tx: Tx, asset: Asset | None = None) -> Course:
        """The recording on the shelf, the usual way."""
        who = make.actor_of(tx, self.trainer)
        course = recordings.begin_recording(tx, who, self.lecture)
        self.add_film(tx, course, asset or make.asset(tx, self.trainer))
        self.shelve(tx, course)
        return course

    def add_film(self, tx: Tx, course: Course, asset: Asset) -> None:
        library.add_item(tx, make.actor_of(tx, self.trainer), course, kind="video", title="全程", asset=asset)

    def shelve(self, tx: Tx, course: Course) -> None:
        library.submit_course(tx, make.actor_of(tx, self.trainer), course)
        library.approve_course(tx, make.actor_of(tx, self.reviewer), course)
        library.publish_course(tx, make.actor_of(tx, self.trainer), course)

    def withdraw(self, tx: Tx, kind: ConsentKind = PUBLISH) -> int:
        return particulars.withdraw_lecturer_consent(tx, self.teacher, tx.merge(self.membership), kind)

    def consent(self, tx: Tx, kind: ConsentKind = PUBLISH) -> None:
        membership = tx.merge(self.membership)
        particulars.give_consent(tx, self.office, membership, kind, given_on=TODAY, evidence="再次同意")


def scene(tx: Tx, *, consents: tuple[ConsentKind, ...] = (RECORD, PUBLISH)) -> Scene:
    library.seed_categories(tx)
    top = make.organisation(tx, level="city")
    member = make.member(tx, make.organisation(tx, top))
    person = school.lecturer(tx, top, name="周正")
    membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
    membership.member_id = member.id
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecture = school.lecture(tx, term, dt.date(2026, 5, 13), (person, 1000))
    for kind in consents:
        tx.add(LecturerConsent(lecturer_id=person.id, kind=kind, given_on=school.SINCE, evidence="同意书 1 号"))
    tx.flush()
    accounts = [make.account(tx, None, (role, top)) for role in (Role.TRAINER, Role.REVIEWER, Role.NODE_ADMINISTRATOR)]
    teacher = make.actor_of(tx, make.account(tx, member))
    return Scene(top, lecture, person, membership, teacher, make.actor_of(tx, accounts[2]), accounts[0], accounts[1])


@pytest.mark.parametrize("given", [(), (PUBLISH,), (RECORD,)])
def test_nothing_is_begun_or_published_without_the_consent_for_it(
    runtime: Runtime, given: tuple[ConsentKind, ...]
) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx, consents=given)
        who = make.actor_of(tx, at.trainer)
        if RECORD not in given:
            assert recordings.lectures_to_record(tx, who) == []
            with pytest.raises(Conflict, match="同意录像"):
                recordings.begin_recording(tx, who, at.lecture)
            return
        assert [row.id for row, _names in recordings.lectures_to_record(tx, who)] == [at.lecture.id]
        with pytest.raises(Conflict, match="上架"), tx.begin_nested():
            at.publish(tx)
        at.consent(tx)
        at.publish(tx)


def test_every_way_to_the_shelf_asks_for_the_consent(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        film = make.asset(tx, at.trainer)
        course = at.publish(tx, film)
        who, reviewer = make.actor_of(tx, at.trainer), make.actor_of(tx, at.reviewer)
        copy = make.course(tx, at.trainer, items=0)
        at.add_film(tx, copy, film)
        at.shelve(tx, copy)
        library.revise_course(tx, who, course)
        assert at.withdraw(tx) == 2, "the second course with the same film goes with it"
        for hidden in (course, copy):
            assert not hidden.is_published and hidden.withdrawn_at == NOON
            with pytest.raises(Conflict), tx.begin_nested():
                library.republish_course(tx, reviewer, hidden)
            with pytest.raises(Conflict), tx.begin_nested():
                library.edit_course(tx, who, hidden, title="改名", category="theory", summary="另一个说法")
                at.shelve(tx, hidden)
        third = make.course(tx, at.trainer, items=0)
        at.add_film(tx, third, film)
        with pytest.raises(Conflict), tx.begin_nested():
            at.shelve(tx, third)
        at.consent(tx)
        for hidden in (course, copy):
            library.republish_course(tx, reviewer, hidden)
            assert hidden.is_published
        row = tx.scalars(select(LectureRecording)).one()
        assert row.taken_down_at == NOON and row.course_id == course.id
        verbs = tx.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("recording."))).all()
        assert sorted(verbs) == ["recording.linked", "recording.taken_down", "recording.taken_down"]
        told = tx.scalars(select(Notification).where(Notification.kind == "course.withdrawn")).all()
        assert {row.account_id for row in told} == {at.trainer.id} and len(told) == 2


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
        who = make.actor_of(tx, at.trainer)
        course = recordings.begin_recording(tx, who, at.lecture)
        at.add_film(tx, course, coming)
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
        course = recordings.begin_recording(tx, make.actor_of(tx, at.trainer), at.lecture)
        at.add_film(tx, course, make.asset(tx, at.trainer))
        library.submit_course(tx, make.actor_of(tx, at.trainer), course)
        library.approve_course(tx, make.actor_of(tx, at.reviewer), course)
        course_id, trainer = course.id, make.actor_of(tx, at.trainer)
        membership_id = at.membership.id

    def publish(tx: Tx) -> None:
        library.publish_course(tx, trainer, tx.get_one(Course, course_id))

    def withdraw(tx: Tx) -> None:
        particulars.withdraw_lecturer_consent(tx, at.teacher, tx.get_one(PoolMembership, membership_id), PUBLISH)

    def attempt(work: Callable[[Tx], None]) -> bool:
        with clock.frozen(NOON):
            try:
                runtime.db.run_in_transaction(work)
            except Conflict:
                return False
            return True

    for _round in range(3):
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(attempt, (publish, withdraw)))
        with runtime.db.begin() as tx:
            course = tx.get_one(Course, course_id)
            assert done[1] and not course.is_published
            if course.published_version_id is not None:
                return
            at.consent(tx)


def test_a_lecturer_who_left_or_was_erased_is_still_asked(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        course = at.publish(tx)
        at.membership.state = "left"
        tx.flush()
        assert list(recount.recording_contradictions(tx)) == []
        given = update(LecturerConsent).where(LecturerConsent.kind == "publish")
        tx.execute(given.values(withdrawn_on=TODAY))
        ((kind, subject, _shown, _why),) = recount.recording_contradictions(tx)
        assert (kind, subject) == ("consent", f"course {course.public_id}"), "written past the service"
        tx.execute(given.values(withdrawn_on=None))
        assert at.withdraw(tx) == 1 and not course.is_published
        event = PersonErased(at.teacher.member_id, at.teacher.account_id)  # type: ignore[arg-type]
        handlers.unlink_lecturer(tx, event)
        tx.expire_all()
        with pytest.raises(Forbidden):
            at.withdraw(tx, RECORD)
        with pytest.raises(NotFound):
            recordings.own_membership(tx, at.teacher)
        with pytest.raises(Conflict), tx.begin_nested():
            library.republish_course(tx, make.actor_of(tx, at.reviewer), course)
        assert particulars.withdraw_lecturer_consent(tx, at.office, at.membership, RECORD) == 0


def test_each_of_two_lecturers_holds_the_recording(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        second = school.lecturer(tx, at.top, name="吴远")
        tx.add(LectureTeacher(lecture_id=at.lecture.id, lecturer_id=second.id, share_permille=0, part="taught"))
        tx.flush()
        with pytest.raises(Conflict, match="吴远"):
            recordings.begin_recording(tx, make.actor_of(tx, at.trainer), at.lecture)
        other = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == second.id)).one()
        for kind in (RECORD, PUBLISH):
            particulars.give_consent(tx, at.office, other, kind, given_on=TODAY, evidence="同意书")
        course = at.publish(tx)
        assert particulars.withdraw_lecturer_consent(tx, at.office, other, PUBLISH) == 1
        assert not course.is_published
        with pytest.raises(Forbidden):
            particulars.withdraw_lecturer_consent(tx, at.teacher, other, RECORD)


def test_a_lecture_has_one_recording_and_a_course_is_of_one_lecture(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        who = make.actor_of(tx, at.trainer)
        first = recordings.begin_recording(tx, who, at.lecture)
        assert first.draft is not None and first.draft.title == at.lecture.title and first.lecturer == at.person
        with pytest.raises(Conflict):
            recordings.begin_recording(tx, who, at.lecture)
        library.discard_draft(tx, who, first)
        second = make.course(tx, at.trainer)
        recordings.link_recording(tx, who, at.lecture, second)
        other = school.lecture(tx, at.lecture.term, dt.date(2026, 5, 6), (at.person, 1000))
        with pytest.raises(Exception, match="另一次课"):
            recordings.link_recording(tx, who, other, second)
        county = make.account(tx, None, (Role.TRAINER, make.organisation(tx, at.top)))
        with pytest.raises(Forbidden):
            recordings.begin_recording(tx, make.actor_of(tx, county), other)
        with pytest.raises(Forbidden):
            recordings.access_lecture_to_record(tx, make.actor_of(tx, county), other.public_id)
        with pytest.raises(Forbidden):
            recordings.lectures_to_record(tx, make.actor_of(tx, county))
        foreign = make.published_course(tx, county, at.reviewer)
        with pytest.raises(Forbidden):
            recordings.link_recording(tx, who, other, foreign)
        other.state = "planned"
        tx.flush()
        with pytest.raises(Conflict):
            recordings.begin_recording(tx, who, other)
        at.lecture.state, at.lecture.confirmed_at = "planned", None
        tx.flush()
        with pytest.raises(Conflict, match="登记"), tx.begin_nested():
            at.shelve(tx, second)


def approve(tx: Tx, at: Scene, kind: str, text: str, state: str = "approved", number: int = 1) -> None:
    material = tx.scalar(
        select(LectureMaterial).where(LectureMaterial.lecture_id == at.lecture.id, LectureMaterial.kind == kind)
    ) or LectureMaterial(lecture_id=at.lecture.id, kind=kind)
    version = MaterialVersion(material=material, number=number, passages=[text], state=state, submitted_at=NOON)
    version.closed_at = NOON if state == "approved" else None
    tx.add(version)
    tx.flush()


def test_the_page_shows_what_is_approved_to_those_who_may_read_it(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        approve(tx, at, "syllabus", "怎样教")
        approve(tx, at, "handout", "发下去的讲义")
        approve(tx, at, "handout", "还没审的一版", "submitted", number=2)
        readers: dict[str, FlaskClient] = {}
        students = school.training_class(tx, at.lecture.term, at.top)
        for who, account in (
            ("member", make.account(tx, make.member(tx, make.organisation(tx, at.top)))),
            ("teacher", tx.get_one(Account, at.teacher.account_id)),
            ("reviewer", at.reviewer),
            ("office", tx.get_one(Account, at.office.account_id)),
        ):
            readers[who] = app.test_client()
            sign_in(readers[who], make.session_token(tx, account))
        here, lesson = f"/lectures/{at.lecture.public_id}", students.id
    for who, client in readers.items():
        near = who != "member"
        page = client.get(here).text
        assert (f"{here}/syllabus" in page) == near and f"{here}/handout" in page
        handout = client.get(f"{here}/handout").text
        assert "发下去的讲义" in handout and "还没审的一版" not in handout
        assert client.get(f"{here}/syllabus").status_code == (200 if near else 404)
    with runtime.db.begin() as tx:
        tx.execute(
            update(ProgrammeLecture)
            .where(ProgrammeLecture.id == at.lecture.id)
            .values(state="planned", confirmed_at=None)
        )
    assert readers["member"].get(f"{here}/handout").status_code == 404, "handouts are given out in the lecture"
    assert "讲课以后可以看" in readers["member"].get(here).text
    assert readers["teacher"].get(f"{here}/handout").status_code == 200
    with runtime.db.begin() as tx:
        lecture = update(ProgrammeLecture).where(ProgrammeLecture.id == at.lecture.id)
        tx.execute(lecture.values(kind="class", class_id=lesson, state="held", confirmed_at=NOON))
    assert {who: client.get(here).status_code for who, client in readers.items()} == {
        "member": 404,
        "teacher": 200,
        "reviewer": 200,
        "office": 200,
    }
    with runtime.db.begin() as tx:
        lecture = update(ProgrammeLecture).where(ProgrammeLecture.id == at.lecture.id)
        tx.execute(lecture.values(state="cancelled"))
        with pytest.raises(NotFound):
            lecture_page.access_shown_lecture(tx, at.office, at.lecture.public_id)


def test_a_trainer_begins_a_recording_and_the_lecturer_withdraws_by_the_page(app: Flask, runtime: Runtime) -> None:
    trainer, teacher = app.test_client(), app.test_client()
    with runtime.db.begin() as tx:
        at = scene(tx)
        sign_in(trainer, make.session_token(tx, at.trainer))
        sign_in(teacher, make.session_token(tx, tx.get_one(Account, at.teacher.account_id)))
    assert "/studio/recordings" in trainer.get("/studio").text
    listed = trainer.get("/studio/recordings").text
    assert at.lecture.title in listed and "周正" in listed
    begun = trainer.post(f"/studio/recordings/{at.lecture.public_id}", data={"verb": "begin"})
    assert begun.status_code == 303 and begun.location.startswith("/studio/")
    again = trainer.post(f"/studio/recordings/{at.lecture.public_id}", data={"verb": "begin"})
    assert again.status_code == 409 and "已经有人在做了" in again.text
    assert "没有等着做的录像" in trainer.get("/studio/recordings").text
    with runtime.db.begin() as tx:
        course = tx.scalars(select(Course)).one()
        at.add_film(tx, course, make.asset(tx, at.trainer))
        at.shelve(tx, course)
    page = teacher.get("/teaching").text
    assert "您讲的 1 门录像课程马上下架" in page
    gone = teacher.post("/teaching/consent", data={"kind": "publish"}, follow_redirects=True)
    assert "下架了 1 门课程" in gone.text and "同意录像上架" not in gone.text
    assert "没有登记过" in teacher.post("/teaching/consent", data={"kind": "publish"}, follow_redirects=True).text
    assert "撤回了同意" in teacher.get(f"/lectures/{at.lecture.public_id}").text
    assert trainer.post("/teaching/consent", data={"kind": "record"}).status_code == 404
    refused = trainer.post(f"/studio/{course.public_id}/do", data={"verb": "republish"})
    assert refused.status_code in {404, 409, 422}
    with runtime.db.read() as tx:
        assert not tx.get_one(Course, course.id).is_published
