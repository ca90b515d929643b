"""Syllabus and handout: what is approved is what was submitted, nobody decides on the own, only that is taught."""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from academy.accounts.api import PersonErased
from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.faculty import copies, handlers, lectures
from academy.faculty.kinds import LectureEvidenceKind, PoolState, TeachingPart
from academy.faculty.lectures import TeachingReport
from academy.faculty.material_kinds import MaterialKind
from academy.faculty.material_models import MaterialComment, MaterialRule, MaterialVersion, SubmittedContent
from academy.faculty.materials import access, clearance, drafts, queries, recount, reminders, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import LectureMaterial, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer
from academy.media import api as media
from academy.media.models import Asset, DocumentPage
from academy.notifications.models import Notification
from tests.support import factories as make
from tests.support import faculty as school

NOON = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
SYLLABUS, HANDOUT = MaterialKind.SYLLABUS, MaterialKind.HANDOUT


@pytest.fixture(autouse=True)
def _in_may() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@dataclass
class Scene:
    """A lecture of today, who teaches it, the office and two reviewers."""

    lecture: ProgrammeLecture
    person: Lecturer
    teacher: Actor
    office: Actor
    one: Actor
    two: Actor


def scene(tx: Tx) -> Scene:
    tx.add(MaterialRule(kinds=["syllabus", "handout"], due_days=7, decide_days=5, valid_from=school.SINCE))
    city = make.organisation(tx, level="city")
    member = make.member(tx, make.organisation(tx, city))
    person = school.lecturer(tx, city)
    tx.execute(update(PoolMembership).where(PoolMembership.lecturer_id == person.id).values(member_id=member.id))
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecture = school.lecture(tx, term, TODAY, (person, 1000), state="planned")
    teacher = make.actor_of(tx, make.account(tx, member))
    office = make.actor_of(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city)))
    one, two = (make.actor_of(tx, make.account(tx, None, (Role.REVIEWER, city))) for _ in range(2))
    return Scene(lecture, person, teacher, office, one, two)


def submitted(tx: Tx, at: Scene, kind: MaterialKind = HANDOUT, text: str = "第一段\n第二段\n第三段") -> MaterialVersion:
    version = drafts.save_draft(tx, at.teacher, at.lecture, kind, MaterialText(text))
    drafts.submit_material(tx, at.teacher, version)
    return version


def approved(tx: Tx, at: Scene, kind: MaterialKind, text: str = "第一段") -> MaterialVersion:
    version = submitted(tx, at, kind, text)
    reviewing.decide_material(tx, at.one, version, approved=True, reason="")
    return version


def report(at: Scene, unreviewed: str = "") -> TeachingReport:
    return TeachingReport({at.person.id: 1000}, [(LectureEvidenceKind.ROLL, "签到表")], unreviewed=unreviewed)


CONTENT = {
    "passages": ["改过"],
    "change_note": "改过",
    "number": 9,
    "asset_id": 7,
    "author_id": None,
    "saved_at": NOON - dt.timedelta(1),
    "submitted_at": NOON - dt.timedelta(1),
    "submitted_by": None,
    "public_id": "another",
    "material_id": 99,
}


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("field", sorted(CONTENT))
def test_nothing_of_a_submitted_version_changes_but_its_decision(runtime: Runtime, field: str) -> None:
    columns = {one.key for one in MaterialVersion.__table__.columns}
    assert columns - set(CONTENT) == {"id", "state", "closed_at", "reviewer_id", "reason"}, "a new column: which is it?"
    with runtime.db.begin() as tx:
        version = submitted(tx, scene(tx))
        with pytest.raises(SubmittedContent, match=field), tx.begin_nested():
            setattr(version, field, CONTENT[field])
            tx.flush()
        with pytest.raises(SubmittedContent), tx.begin_nested():
            tx.delete(version)
            tx.flush()


@pytest.mark.parametrize("state", ["submitted", "approved", "returned", "taken_back"])
def test_a_change_of_what_was_submitted_is_another_version_and_reopens_the_review(runtime: Runtime, state: str) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version = submitted(tx, at)
        if state == "taken_back":
            drafts.take_back(tx, at.teacher, version)
        elif state != "submitted":
            reviewing.decide_material(tx, at.one, version, approved=state == "approved", reason="请补依据")
        if state == "submitted":
            with pytest.raises(Conflict):
                drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("另一个"))
            with pytest.raises(Conflict):
                drafts.save_draft(tx, at.office, at.lecture, HANDOUT, MaterialText("另一个"))
            return
        before = list(version.passages), version.state
        other = drafts.save_draft(tx, at.office, at.lecture, HANDOUT, MaterialText("另一个"))
        assert other.id != version.id and other.number == 2 and (version.passages, version.state) == before
        standing = clearance.standings_of(tx, [at.lecture])[at.lecture.id][1]
        assert (standing.teachable is not None) == (state == "approved"), "a draft re-opens nothing"
        drafts.submit_material(tx, at.office, other)
        standing = clearance.standings_of(tx, [at.lecture])[at.lecture.id][1]
        assert standing.teachable is None and (standing.approved is not None) == (state == "approved")
        for act in (drafts.submit_material, drafts.discard_draft):
            with pytest.raises(Conflict):
                act(tx, at.teacher, version)
        with pytest.raises(Conflict):
            drafts.take_back(tx, at.teacher, version)
        drafts.take_back(tx, at.teacher, other)
        standing = clearance.standings_of(tx, [at.lecture])[at.lecture.id][1]
        assert (standing.teachable is not None) == (state == "approved"), "what was approved stands again"


def test_only_what_is_approved_is_taught_or_the_reason_is_kept(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        approved(tx, at, SYLLABUS)
        waiting = submitted(tx, at, HANDOUT)
        with pytest.raises(Invalid) as refused:
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at))
        assert set(refused.value.fields) == {"unreviewed"} and "讲义" in str(refused.value.fields["unreviewed"])
        with pytest.raises(Invalid):
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at, " \n"))
        with pytest.raises(Invalid):
            lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "长" * 201))
        assert at.lecture.state == "planned"
        lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "临时换题，来不及审"))
        assert at.lecture.unreviewed_reason == "临时换题，来不及审"
        entry = tx.scalars(select(AuditEntry).where(AuditEntry.verb == "lecture.held")).one()
        assert entry.detail["unreviewed"] == ["handout"]
        lectures.reopen_lecture(tx, at.office, at.lecture)
        assert at.lecture.unreviewed_reason == ""
        reviewing.decide_material(tx, at.one, waiting, approved=True, reason="")
        lectures.confirm_lecture(tx, at.office, at.lecture, report(at, "不用写"))
        assert at.lecture.unreviewed_reason == "", "a reason that nothing needs is not kept"
        assert list(recount.material_contradictions(tx)) == []
        taught = dict(tx.execute(select(LectureMaterial.kind, LectureMaterial.taught_number)).all())
        assert taught == {"syllabus": 1, "handout": 1}
        changed = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("课后改的"))
        drafts.submit_material(tx, at.teacher, changed)
        reviewing.decide_material(tx, at.one, changed, approved=True, reason="")
        standing = clearance.standings_of(tx, [at.lecture])[at.lecture.id][1]
        assert standing.taught_number == 1 and standing.approved is not None and standing.approved.number == 2


def test_rules_are_dated_and_a_lecture_before_the_first_owes_nothing(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        terms = clearance.MaterialTerms([], 3, 5, TODAY + dt.timedelta(1))
        with pytest.raises(Forbidden):
            clearance.change_material_rule(tx, at.one, terms)
        clearance.change_material_rule(tx, at.office, terms)
        with pytest.raises(Invalid):
            clearance.change_material_rule(tx, at.office, terms)
        kept = clearance.rules_by_day(tx)
        found = [clearance.rule_on(kept, TODAY + dt.timedelta(days)) for days in (-9_000, 0, 1)]
        assert [one.kinds if one else None for one in found] == [None, ["syllabus", "handout"], []]
        at.lecture.day = school.SINCE - dt.timedelta(1)
        assert not any(one.is_demanded for one in clearance.standings_of(tx, [at.lecture])[at.lecture.id])
        clearance.seed_material_rule(tx)
        assert len(clearance.rules_by_day(tx)) == 2


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

    def decide(actor: Actor, approve: bool) -> str:
        def work(tx: Tx) -> None:
            version = tx.get_one(MaterialVersion, version_id)
            reviewing.decide_material(tx, actor, version, approved=approve, reason="理由")

        with clock.frozen(NOON):
            try:
                runtime.db.run_in_transaction(work)
            except Conflict:
                return "conflict"
            return "approved" if approve else "returned"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(decide, (at.one, at.two), (True, False)))
    with runtime.db.read() as tx:
        state = tx.get_one(MaterialVersion, version_id).state
        decided = select(AuditEntry.verb).where(AuditEntry.verb.in_(("material.approved", "material.returned")))
        assert tx.scalars(decided).all() == [f"material.{state}"]
    assert answers == sorted(["conflict", state])


@pytest.mark.commits
def test_a_lecture_is_not_confirmed_with_what_is_taken_out_of_review_meanwhile(runtime: Runtime) -> None:
    """Confirming and submitting a change wait for each other: never both as if the other had not been."""
    with runtime.db.begin() as tx:
        at = scene(tx)
        for kind in MaterialKind:
            approved(tx, at, kind)
        version_id = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText("改过")).id

    def attempt(work: Callable[[Tx], None]) -> bool:
        with clock.frozen(NOON):
            try:
                runtime.db.run_in_transaction(work)
            except Invalid:
                return False
            return True

    def submit(tx: Tx) -> None:
        drafts.submit_material(tx, at.teacher, tx.get_one(MaterialVersion, version_id))

    def confirm(tx: Tx) -> None:
        lectures.confirm_lecture(tx, at.office, tx.get_one(ProgrammeLecture, at.lecture.id), report(at))

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(attempt, (submit, confirm)))
    with runtime.db.read() as tx:
        lecture = tx.get_one(ProgrammeLecture, at.lecture.id)
        assert done[0] and (lecture.state == "held") == done[1]
        taught = set(tx.scalars(select(LectureMaterial.taught_number)))
        assert taught == ({1} if done[1] else {None})


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


@pytest.mark.parametrize("text", ["", " \n\u200b\n", "\x00", "\u202e\u2066", "字" * 60_001, "段\n" * 401, "字" * 4_001])
def test_a_text_without_words_or_beyond_the_limits_is_refused_with_a_sentence(runtime: Runtime, text: str) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        with pytest.raises(Invalid) as refused:
            drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText(text))
        assert set(refused.value.fields) == {"text"}
        assert tx.scalar(select(MaterialVersion.id)) is None


ODD = (
    "普通\n\x00零\ud800半个\n<script>alert(1)</script> %(n)s {{ 7*7 }}\n\u202e反过来\n" + "e" + "\u0301" * 3_000,
    "字" * 4_000 + "\n" + "，" * 4_000 + "\n" + "\U0001f600" * 2_000,
    "\n".join("同" for _ in range(400)),
)


@pytest.mark.parametrize("text", ODD)
def test_odd_text_goes_the_whole_way(runtime: Runtime, text: str) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        first = submitted(tx, at, text=text)
        reviewing.add_material_comment(tx, at.one, first, place=len(first.passages), body=text[:900])
        reviewing.decide_material(tx, at.one, first, approved=False, reason=text[:1_900])
        second = submitted(tx, at, text=text[::-1].replace("\ud800", ""))
        tx.expire_all()
        sheet = queries.material_sheet(tx, tx.get_one(MaterialVersion, second.id))
        assert len(sheet.remarks) == 1 and sheet.before is not None
        assert [one.change.after for one in sheet.changes if one.change.after] == list(
            range(1, len(second.passages) + 1)
        )


def test_a_file_is_reviewed_by_its_pages_and_stays_as_long_as_it_is_used(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        trainer = make.account(tx, None, (Role.TRAINER, make.organisation(tx)))
        owner = tx.get_one(Account, at.teacher.account_id)
        asset = make.asset(tx, owner, kind="document", state="processing", duration_ms=None, filename="讲义.docx")
        other = make.asset(tx, trainer, kind="document", duration_ms=None)
        film = make.asset(tx, owner)
        for wrong in (other, film):
            with pytest.raises(Forbidden):
                drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText(asset=wrong))
        version = drafts.save_draft(tx, at.teacher, at.lecture, HANDOUT, MaterialText(asset=asset))
        for state in ("processing", "failed"):
            asset.state = state
            with pytest.raises(Invalid) as refused:
                drafts.submit_material(tx, at.teacher, version)
            assert set(refused.value.fields) == {"file"}
        asset.state, asset.pages = "ready", 101
        pages = [DocumentPage(asset_id=asset.id, number=n, width=9, height=9, text=f"第{n}页") for n in range(1, 102)]
        tx.add_all(pages)
        tx.flush()
        with pytest.raises(Invalid):
            drafts.submit_material(tx, at.teacher, version)
        tx.delete(pages[-1])
        tx.flush()
        drafts.submit_material(tx, at.teacher, version)
        assert version.passages[99] == "第100页"
        reviewing.add_material_comment(tx, at.one, version, place=100, body="最后一页")
        reviewing.decide_material(tx, at.one, version, approved=True, reason="")
        with pytest.raises(Conflict), tx.begin_nested():
            media.delete_asset(tx, at.teacher, asset)
        assert tx.get_one(Asset, asset.id).state == "ready"
        media.delete_asset(tx, SYSTEM, film)


def test_a_lecturer_who_left_or_was_replaced_reads_on_and_writes_no_more(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version = submitted(tx, at)
        membership = tx.scalars(select(PoolMembership)).one()
        part = tx.scalars(select(LectureTeacher)).one()
        for row, values in (
            (membership, {"state": PoolState.LEFT}),
            (part, {"part": TeachingPart.REPLACED}),
            (at.lecture, {"state": "cancelled"}),
        ):
            before = {name: getattr(row, name) for name in values}
            for name, value in values.items():
                setattr(row, name, value)
            tx.flush()
            assert access.access_material_lecture(tx, at.teacher, at.lecture.public_id).id == at.lecture.id
            assert queries.own_lectures(tx, at.teacher, TODAY, past=False).total == 1
            for act in (
                lambda: drafts.take_back(tx, at.teacher, version),
                lambda: drafts.save_draft(tx, at.teacher, at.lecture, SYLLABUS, MaterialText("还想写")),
            ):
                with pytest.raises(Forbidden):
                    act()
            for name, value in before.items():
                setattr(row, name, value)
            tx.flush()
        membership.state = PoolState.LEFT
        reviewing.decide_material(tx, at.one, version, approved=True, reason="人走了，材料仍然能审")
        drafts.save_draft(tx, at.office, at.lecture, SYLLABUS, MaterialText("代写"))


def test_an_erased_lecturer_leaves_the_text_and_neither_name_nor_right(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version = submitted(tx, at)
        copied = copies.copy_programme(tx, at.teacher)
        assert copied["materials"][0]["text"] == ["第一段", "第二段", "第三段"]
        comment = reviewing.add_material_comment(tx, at.one, version, place=1, body="批注")
        assert copies.copy_programme(tx, at.one)["material_comments"][0]["text"] == "批注"
        event = PersonErased(at.teacher.member_id, at.teacher.account_id)  # type: ignore[arg-type]
        handlers.unlink_lecturer(tx, event)
        handlers.erase_authors(tx, event)
        tx.expire_all()
        kept = tx.get_one(MaterialVersion, version.id)
        assert (kept.author_id, kept.submitted_by, kept.passages[0]) == (None, None, "第一段")
        with pytest.raises(Forbidden):
            access.access_material_lecture(tx, at.teacher, at.lecture.public_id)
        with pytest.raises(Forbidden):
            access.access_material_comment(tx, at.teacher, comment.public_id)
        reviewing.decide_material(tx, at.one, kept, approved=True, reason="")
        assert queries.material_sheet(tx, kept).author == ""


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
            assert [line.is_late for line in queries.decided_material(tx).rows] == [True, False]
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


def test_a_version_is_found_only_with_its_own_lecture(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        version = submitted(tx, at)
        other = school.lecture(tx, at.lecture.term, TODAY - dt.timedelta(7), (at.person, 1000))
        assert access.access_material_version(tx, at.teacher, at.lecture, version.public_id) is version
        with pytest.raises(NotFound):
            access.access_material_version(tx, at.teacher, other, version.public_id)
        draft = drafts.save_draft(tx, at.teacher, other, HANDOUT, MaterialText("还没写完"))
        with pytest.raises(Forbidden):
            access.access_reviewed_version(tx, at.one, draft.public_id)
        drafts.discard_draft(tx, at.teacher, draft)
        assert tx.scalars(select(MaterialComment)).all() == []


def test_a_recount_names_lectures_that_were_held_with_nothing_approved(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = scene(tx)
        term, days = at.lecture.term, (1, 2, 3)
        without, excused, altered = (
            school.lecture(tx, term, TODAY - dt.timedelta(day), (at.person, 1000)) for day in days
        )
        excused.unreviewed_reason = "防汛"
        for kind in MaterialKind:
            row = LectureMaterial(lecture_id=altered.id, kind=kind, taught_number=1)
            version = MaterialVersion(material=row, number=1, passages=["段"], submitted_at=NOON, closed_at=NOON)
            version.state, version.reason = ("approved", "") if kind == SYLLABUS else ("returned", "改")
            tx.add(version)
        tx.flush()
        found = [(kind, subject) for kind, subject, _held, _why in recount.material_contradictions(tx)]
        assert sorted(found) == sorted(
            [("material", f"lecture {altered.public_id}"), *[("material", f"lecture {without.public_id}")] * 2]
        )
        clearance.change_material_rule(
            tx, at.office, clearance.MaterialTerms(["syllabus"], 1, 1, TODAY - dt.timedelta(2))
        )
        late = tx.scalars(select(MaterialRule).order_by(MaterialRule.valid_from.desc())).first()
        assert late is not None
        late.entered_at = NOON + dt.timedelta(days=1)
        tx.flush()
        assert [one[1] for one in recount.material_contradictions(tx)] == [f"lecture {altered.public_id}"]


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
