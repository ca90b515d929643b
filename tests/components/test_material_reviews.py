"""The review of syllabus and handout: nobody decides on the own, comments follow their passages, days are counted."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.faculty.material_models import MaterialVersion
from academy.faculty.materials import access, clearance, drafts, queries, reminders, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import ProgrammeLecture
from academy.notifications.models import Notification
from tests.components.material_scene import HANDOUT, SYLLABUS, scene, submitted
from tests.support.in_may import NOON, TODAY, in_may
from tests.support.together import outcomes

__all__ = ["in_may"]


def test_nobody_decides_on_or_comments_the_own_material(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        whole = at.office.scopes[0]
        teacher = Actor(at.teacher.account_id, at.teacher.member_id, (whole,))
        elsewhere = Actor(at.one.account_id + 1000, at.teacher.member_id, (whole,))  # type: ignore[operator]
        first = drafts.save_draft(tx, at.office, at.lecture, HANDOUT, MaterialText("办公室写的"))
        drafts.submit_material(tx, at.teacher, first)
        for own in (at.office, teacher, elsewhere):
            assert queries.count_material_to_review(tx, own) == 0 == queries.material_to_review(tx, own).total
            assert queries.own_material_in_review(tx, own) == 1
            for approve in (True, False):
                with pytest.raises(Forbidden):
                    reviewing.decide_material(tx, own, first, approved=approve, reason="好")
            with pytest.raises(Forbidden):
                reviewing.add_material_comment(tx, own, first, place=1, body="好")
        for stranger in (at.teacher, Actor(at.one.account_id), SYSTEM):
            with pytest.raises(Forbidden):
                reviewing.decide_material(tx, stranger, first, approved=True, reason="")
            with pytest.raises(Forbidden):
                access.access_reviewed_version(tx, stranger, first.public_id)
        assert queries.count_material_to_review(tx, at.one) == 1
        reviewing.decide_material(tx, at.one, first, approved=False, reason="改")
        second = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("讲师写的"))
        drafts.submit_material(tx, at.teacher, second)
        with pytest.raises(Forbidden):
            reviewing.decide_material(tx, at.office, second, approved=True, reason="")
        with pytest.raises(IntegrityError), tx.begin_nested():
            tx.execute(
                update(MaterialVersion)
                .where(MaterialVersion.id == second.id)
                .values(state="approved", closed_at=NOON, reviewer_id=at.teacher.account_id)
            )


@pytest.mark.commits
def test_of_two_reviewers_at_once_one_decides(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version_id = submitted(tx, at).id

    def deciding(actor: Actor, approve: bool) -> Callable[[Tx], object]:
        return lambda tx: reviewing.decide_material(
            tx, actor, tx.get_one(MaterialVersion, version_id), approved=approve, reason="理由"
        )

    ends = outcomes(runtime, deciding(at.one, True), deciding(at.two, False))
    with runtime.db.read() as tx:
        state = tx.get_one(MaterialVersion, version_id).state
        decided = select(AuditEntry.verb).where(AuditEntry.verb.in_(("material.approved", "material.returned")))
        assert tx.scalars(decided).all() == [f"material.{state}"]
    assert [type(end) for end in ends] == ([type(None), Conflict] if state == "approved" else [Conflict, type(None)])


def test_a_comment_is_followed_to_where_its_passage_went_or_says_that_it_is_gone(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        first = submitted(tx, at, text="先讲村账怎么公开，每季一次。\n再讲三个例子。\n最后留作业，写一张公开表。")
        said = [
            reviewing.add_material_comment(tx, at.one, first, place=place, body=f"第{place}条").public_id
            for place in (1, 2, 3)
        ]
        for place in (0, 4, None):
            with pytest.raises(Invalid):
                reviewing.add_material_comment(tx, at.one, first, place=place, body="没有这一段")
        reviewing.decide_material(tx, at.one, first, approved=False, reason="请按批注改")
        with pytest.raises(Conflict):
            reviewing.add_material_comment(tx, at.one, first, place=1, body="太迟了")
        text = "导入：为什么。\n先讲村账怎么公开，每月一次。\n最后留作业，写一张公开表。"
        second = submitted(tx, at, text=text)
        sheet = queries.material_sheet(tx, second)
        found = {one.comment.public_id: (one.place, one.where and one.where.change.value) for one in sheet.remarks}
        assert found == {said[0]: (2, "changed"), said[1]: (None, "removed"), said[2]: (3, "kept")}
        assert {place: len(those) for place, those in sheet.by_place.items()} == {2: 1, 3: 1}
        gone = next(one for one in sheet.remarks if one.place is None)
        assert gone.comment.quote == "再讲三个例子。" and gone.number == 1
        assert sheet.before is not None and sheet.before.id == first.id
        changes = [one.change.change.value for one in sheet.changes]
        assert sorted(changes) == ["added", "changed", "kept", "removed"]
        comment = access.access_material_comment(tx, at.teacher, said[1])
        reviewing.settle_material_comment(tx, at.teacher, comment, "例子换到课上讲")
        assert comment.answer == "例子换到课上讲" and comment.settled_by == at.teacher.account_id
        reviewing.reopen_material_comment(tx, at.teacher, comment)
        with pytest.raises(Forbidden):
            reviewing.settle_material_comment(tx, at.one, comment, "")
        own = reviewing.add_material_comment(tx, at.one, second, place=1, body="多余")
        with pytest.raises(Forbidden):
            reviewing.remove_material_comment(tx, at.two, own)
        reviewing.remove_material_comment(tx, at.one, own)
        with pytest.raises(Conflict):
            reviewing.remove_material_comment(tx, at.one, comment)


def test_days_are_measured_round_by_round(runtime: Runtime) -> None:
    at_night = dt.datetime(2026, 5, 20, 15, 59, tzinfo=dt.UTC)
    with runtime.db.begin() as tx:
        at = scene(tx)
        with clock.frozen(at_night):
            first = submitted(tx, at)
        with clock.frozen(at_night + dt.timedelta(minutes=2)):
            reviewing.decide_material(tx, at.one, first, approved=False, reason="改")
            second = submitted(tx, at)
        with clock.frozen(at_night + dt.timedelta(days=9)):
            assert queries.material_to_review(tx, at.one).rows[0].is_late
            reviewing.decide_material(tx, at.two, second, approved=True, reason="")
            assert [reviewing.days_of(one) for one in (first, second)] == [1, 8], "midnight in the city lies between"
            assert [line.days for line in clearance.standings_of(tx, [at.lecture])[at.lecture.id][1].versions] == [8, 1]
            assert queries.review_time(tx) == queries.ReviewTime(2, 4.5, 8, 1)
            assert [line.is_late for line in queries.decided_material(tx, at.one).rows] == [True, False]
        with clock.frozen(at_night + dt.timedelta(days=120)):
            assert queries.review_time(tx).rounds == 0


def test_reviewers_and_lecturers_are_notified_once_each_and_nobody_of_the_own(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version = drafts.save_draft(tx, at.office, at.lecture, HANDOUT, MaterialText("代写"))
        assert tx.scalars(select(Notification)).all() == []
        drafts.submit_material(tx, at.office, version)
        rows = tx.scalars(select(Notification)).all()
        assert {(row.account_id, row.kind) for row in rows} == {
            (at.one.account_id, "material.submitted"),
            (at.two.account_id, "material.submitted"),
        }
        reviewing.decide_material(tx, at.one, version, approved=False, reason="改")
        rows = tx.scalars(select(Notification).where(Notification.kind == "material.returned")).all()
        assert {(row.account_id, row.member_id) for row in rows} == {
            (at.office.account_id, None),
            (None, at.teacher.member_id),
        }


@pytest.mark.parametrize("days_ahead", [0, 5, 6, 7])
@pytest.mark.parametrize("stage", ["", "draft", "submitted", "returned", "approved"])
def test_late_material_and_late_decisions_are_reminded_of_once(runtime: Runtime, stage: str, days_ahead: int) -> None:
    """Seven days before the lecture it is due, within five it is decided on; each who is late is reminded once."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        day = TODAY + dt.timedelta(days=days_ahead)
        tx.execute(update(ProgrammeLecture).values(day=day))
        tx.refresh(at.lecture)
        for kind in (SYLLABUS, HANDOUT):
            if stage == "draft":
                drafts.save_draft(tx, at.teacher, at.lecture, kind, MaterialText("一段"))
            elif stage:
                with clock.frozen(NOON - dt.timedelta(days=days_ahead)):
                    version = submitted(tx, at, kind)
                    if stage != "submitted":
                        reviewing.decide_material(tx, at.one, version, approved=stage == "approved", reason="改")
        tx.execute(delete(Notification))
    written = reminders.remind_of_late_material(runtime.db)
    is_late = days_ahead < 7 and stage in ("", "draft", "returned")
    waits = stage == "submitted" and days_ahead > 5
    with runtime.db.read() as tx:
        found = tx.scalars(select(Notification)).all()
        kinds = {(row.member_id or row.account_id, row.kind) for row in found}
        reviewers = {at.one.account_id, at.two.account_id, at.office.account_id}
        late = {(at.teacher.member_id, "material.late")} if is_late else set()
        assert kinds == late | ({(one, "material.waiting") for one in reviewers} if waits else set())
        assert written == len(found) == 2 * len(kinds)
    assert reminders.remind_of_late_material(runtime.db) == 0, "once each"
    with runtime.db.begin() as tx:
        tx.execute(update(ProgrammeLecture).values(state="cancelled"))
        tx.execute(delete(Notification))
    assert reminders.remind_of_late_material(runtime.db) == 0, "nobody prepares what is not given"
