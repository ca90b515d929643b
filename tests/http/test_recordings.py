"""A recording goes to the shelf with its lecturers' consent only, whichever way it goes."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from academy.accounts.api import PersonErased
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.errors import Conflict, Forbidden, NotFound
from academy.core.runtime import Runtime
from academy.faculty import access, handlers, particulars, recordings
from academy.faculty.kinds import ConsentKind
from academy.faculty.materials import recount
from academy.faculty.models import LecturerConsent, LectureRecording, LectureTeacher, PoolMembership
from academy.library import api as library
from academy.notifications.models import Notification
from tests.http.recording_scene import PUBLISH, RECORD, scene
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import NOON, TODAY, in_may

__all__ = ["in_may"]


@pytest.mark.parametrize("given", [(), (PUBLISH,), (RECORD,)])
def test_nothing_is_begun_or_published_without_the_consent_for_it(
    runtime: Runtime, given: tuple[ConsentKind, ...]
) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx, consents=given)
        who = make.actor_of(tx, at.trainer)
        if RECORD not in given:
            assert recordings.lectures_to_record(tx, who).rows == []
            with pytest.raises(Conflict, match="同意录像"):
                recordings.begin_recording(tx, who, at.lecture)
            return
        assert [row.id for row, _names in recordings.lectures_to_record(tx, who).rows] == [at.lecture.id]
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
            access.own_membership(tx, at.teacher)
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


def test_a_course_is_not_linked_while_another_with_its_film_is_on_the_shelf_without_consent(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx, consents=(RECORD,))
        film = make.asset(tx, at.trainer)
        shown, draft = (make.course(tx, at.trainer, items=0) for _ in range(2))
        for course in (shown, draft):
            at.add_film(tx, course, film)
        at.shelve(tx, shown)
        for course in (shown, draft):
            with pytest.raises(Conflict, match="上架"), tx.begin_nested():
                recordings.link_recording(tx, make.actor_of(tx, at.trainer), at.lecture, course)
        at.consent(tx)
        recordings.link_recording(tx, make.actor_of(tx, at.trainer), at.lecture, draft)
        tx.execute(update(LecturerConsent).values(withdrawn_on=TODAY))
        found = {subject for _kind, subject, _shown, _why in recount.recording_contradictions(tx)}
        assert found == {f"course {shown.public_id}"}, "a recount sees the other course as well"


def test_what_was_begun_and_thrown_away_waits_to_be_made_again(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        who = make.actor_of(tx, at.trainer)
        course = recordings.begin_recording(tx, who, at.lecture)
        assert recordings.lectures_to_record(tx, who).rows == []
        library.discard_draft(tx, who, course)
        assert [row.id for row, _names in recordings.lectures_to_record(tx, who).rows] == [at.lecture.id]


def test_lectures_to_record_are_listed_page_by_page_and_none_is_left_out(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        who = make.actor_of(tx, at.trainer)
        days = [dt.date(2026, 3, 2) + dt.timedelta(days) for days in range(recordings.SIZE + 5)]
        made = {school.lecture(tx, at.lecture.term, day, (at.person, 1000)).id for day in days} | {at.lecture.id}
        pages = [recordings.lectures_to_record(tx, who, number) for number in (1, 2)]
        assert [len(page.rows) for page in pages] == [recordings.SIZE, 6]
        assert {row.id for page in pages for row, _names in page.rows} == made
