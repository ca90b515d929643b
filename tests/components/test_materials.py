"""Versions of syllabus and handout: what was submitted stays as it is; who writes, who reads."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.accounts.api import PersonErased
from academy.accounts.models import Account
from academy.core.actor import SYSTEM, Role
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.faculty import copies, handlers
from academy.faculty.kinds import PoolState, TeachingPart
from academy.faculty.material_models import MaterialComment, MaterialVersion, SubmittedContent
from academy.faculty.materials import access, clearance, drafts, queries, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import LectureTeacher, PoolMembership
from academy.media import api as media
from academy.media.models import Asset, DocumentPage
from tests.components.material_scene import HANDOUT, SYLLABUS, scene, submitted
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import NOON, TODAY, in_may

__all__ = ["in_may"]


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
    "carried_from_id": 1,
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
