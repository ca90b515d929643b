"""Courses from draft to shelf, by two people, with everything on record."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.library import access, queries
from academy.library.api import (
    add_item,
    approve_course,
    create_course,
    discard_draft,
    edit_course,
    publish_course,
    remove_item,
    replace_item,
    republish_course,
    return_course,
    revise_course,
    submit_course,
    withdraw_course,
)
from academy.library.events import CoursePublished, CourseWithdrawn
from academy.library.guards import PublishedContent
from academy.library.items import reorder_items
from academy.library.kinds import CourseState, VersionState
from academy.library.models import CourseItem, CourseVersion, ItemVersion, Review
from academy.media.models import AssetState
from academy.notifications.models import Notification
from academy.people.models import Organisation
from tests.components import course_scene
from tests.components.course_scene import Scene, told
from tests.support import factories


@pytest.fixture
def scene(runtime: Runtime) -> Iterator[Scene]:
    with course_scene.made(runtime) as there:
        yield there


def test_the_whole_way_is_on_record(scene: Scene) -> None:
    tx, course = scene.tx, scene.draft(title="整治形式主义")
    submit_course(tx, scene.author, course)
    return_course(tx, scene.reviewer, course, comment="第二页的数字请核对。")
    edit_course(tx, scene.author, course, title="整治形式主义为基层减负", category="theory", summary="新的简介")
    submit_course(tx, scene.author, course)
    approve_course(tx, scene.second, course, comment="可以。")
    publish_course(tx, scene.author, course)
    assert (course.state, course.shown.number, course.shown.content_number) == (CourseState.PUBLISHED, 1, 1)
    assert course.draft is None
    assert told == [CoursePublished(course.id)]
    withdraw_course(tx, scene.reviewer, course, reason="内容过期")
    assert told[-1] == CourseWithdrawn(course.id)
    verbs = tx.scalars(
        select(AuditEntry.verb).where(AuditEntry.target == f"course:{course.public_id}").order_by(AuditEntry.id)
    ).all()
    assert verbs == [
        "course.created",
        "course.item_added",
        "course.submitted",
        "course.returned",
        "course.edited",
        "course.submitted",
        "course.approved",
        "course.published",
        "course.withdrawn",
    ]
    said = queries.decisions_on(tx, course)
    assert [(s.review.decision, s.review.comment) for s in said] == [
        ("approved", "可以。"),
        ("returned", "第二页的数字请核对。"),
    ]


def test_the_author_and_the_reviewers_are_told(scene: Scene) -> None:
    course = scene.draft(title="移风易俗")
    submit_course(scene.tx, scene.author, course)
    return_course(scene.tx, scene.reviewer, course, comment="请补字幕。")
    rows = scene.tx.scalars(select(Notification).order_by(Notification.id)).all()
    to_reviewers = {r.account_id for r in rows if r.kind == "course.submitted"}
    assert to_reviewers == {scene.reviewer.account_id, scene.second.account_id}, "not the author, not next door"
    last = rows[-1]
    assert (last.account_id, last.link) == (scene.author.account_id, f"/studio/{course.public_id}")
    assert "移风易俗" in str(Message.from_json(last.body))


def test_nobody_approves_their_own_whatever_office_they_hold(scene: Scene) -> None:
    course = scene.draft()
    submit_course(scene.tx, scene.author, course)
    assert scene.author.may(scene.county.path, Role.REVIEWER)
    for decide in (
        lambda: approve_course(scene.tx, scene.author, course),
        lambda: return_course(scene.tx, scene.author, course, comment="我自己退"),
    ):
        with pytest.raises(Forbidden):
            decide()
    assert course.state == CourseState.SUBMITTED
    row = Review(
        course_version_id=course.draft_version_id,
        author_id=course.created_by,
        reviewer_id=course.created_by,
        decision="approved",
    )
    with pytest.raises(IntegrityError), scene.tx.begin_nested():
        scene.tx.add(row)


def test_a_reviewer_of_the_county_next_door_decides_nothing(scene: Scene) -> None:
    course = scene.draft()
    submit_course(scene.tx, scene.author, course)
    with pytest.raises(Forbidden):
        approve_course(scene.tx, scene.neighbour, course)
    with pytest.raises(Forbidden):
        access.access_course_for_review(scene.tx, scene.neighbour, course.public_id)
    assert queries.review_queue(scene.tx, scene.neighbour).total == 0
    assert queries.count_to_review(scene.tx, scene.neighbour) == 0


def test_the_second_reviewer_hears_that_someone_was_first(scene: Scene) -> None:
    course = scene.draft()
    submit_course(scene.tx, scene.author, course)
    approve_course(scene.tx, scene.reviewer, course)
    with pytest.raises(Conflict):
        approve_course(scene.tx, scene.second, course)
    assert len(queries.decisions_on(scene.tx, course)) == 1


def test_a_decision_is_about_what_was_read(scene: Scene) -> None:
    course = scene.draft()
    submit_course(scene.tx, scene.author, course)
    assert course.draft is not None
    seen = course.draft.edit_number
    edit_course(scene.tx, scene.author, course, title="换了内容", category="law", summary="另一篇")
    submit_course(scene.tx, scene.author, course)
    with pytest.raises(Conflict):
        approve_course(scene.tx, scene.reviewer, course, seen=seen)
    approve_course(scene.tx, scene.reviewer, course, seen=course.draft.edit_number)


def test_submitting_says_what_is_missing(scene: Scene) -> None:
    bare = scene.draft(items=0, summary="")
    with pytest.raises(Invalid) as caught:
        submit_course(scene.tx, scene.author, bare)
    assert len(caught.value.fields) == 2
    busy = scene.draft(items=0)
    add_item(
        scene.tx,
        scene.author,
        busy,
        kind="video",
        title="讲课",
        asset=factories.asset(scene.tx, scene.trainer, state="processing"),
    )
    with pytest.raises(Invalid, match="还在处理"):
        submit_course(scene.tx, scene.author, busy)


def test_an_edit_after_approval_needs_another_review(scene: Scene) -> None:
    course = scene.draft()
    submit_course(scene.tx, scene.author, course)
    approve_course(scene.tx, scene.reviewer, course)
    edit_course(scene.tx, scene.author, course, title="改了", category="law", summary="改了")
    assert course.state == CourseState.DRAFT
    with pytest.raises(Conflict):
        publish_course(scene.tx, scene.author, course)


def test_members_keep_what_was_approved_until_the_revision_is(scene: Scene) -> None:
    tx, course = scene.tx, scene.published(items=2, title="第一版")
    first, second = queries.course_page(tx, course).lines
    with pytest.raises(Conflict):
        edit_course(tx, scene.author, course, title="偷改", category="law")
    draft = revise_course(tx, scene.author, course)
    assert revise_course(tx, scene.author, course) is draft, "one revision at a time"
    copies = queries.course_page(tx, course, draft).lines
    assert [line.item.public_id for line in copies] == [first.item.public_id, second.item.public_id], "addresses hold"
    edit_course(tx, scene.author, course, title="第二版", category="law", summary="修订")
    replace_item(tx, scene.author, course, copies[0].item, asset=factories.asset(tx, scene.trainer))
    remove_item(tx, scene.author, course, copies[1].item)
    add_item(tx, scene.author, course, kind="video", title="第三讲", asset=factories.asset(tx, scene.trainer))
    submit_course(tx, scene.author, course)
    assert course.state == CourseState.PUBLISHED
    assert course.title == "第一版" and len(queries.course_page(tx, course).lines) == 2
    approve_course(tx, scene.reviewer, course)
    publish_course(tx, scene.reviewer, course)
    assert (course.title, course.state) == ("第二版", "published")
    assert (course.published, draft.number, draft.content_number) == (draft, 2, 2)
    lines = queries.course_page(tx, course).lines
    assert lines[0].item.public_id == first.item.public_id, "links hold"
    assert lines[0].item.number == 2 and lines[1].item.title == "第三讲"
    assert tx.get_one(CourseItem, second.item.item_id).course_id == course.id, "what was watched of it has its item"
    versions = {row.id: row.number for row in tx.scalars(select(CourseVersion))}
    assert [versions[s.review.course_version_id] for s in queries.decisions_on(tx, course)] == [2, 1]
    assert queries.my_courses(tx, scene.author).total == 1


def test_a_revision_of_words_alone_leaves_completions_alone(scene: Scene) -> None:
    course = scene.published(items=2)
    revise_course(scene.tx, scene.author, course)
    edit_course(scene.tx, scene.author, course, title="只改标题", category="law", summary="修订")
    ids = [line.item.public_id for line in queries.course_page(scene.tx, course).lines]
    reorder_items(scene.tx, scene.author, course, ids[::-1])
    submit_course(scene.tx, scene.author, course)
    approve_course(scene.tx, scene.reviewer, course)
    publish_course(scene.tx, scene.reviewer, course)
    assert (course.shown.number, course.shown.content_number, course.title) == (2, 1, "只改标题")
    assert [line.item.title for line in queries.course_page(scene.tx, course).lines] == ["第2讲", "第1讲"]


def test_what_was_added_and_taken_away_again_is_no_other_content(scene: Scene) -> None:
    tx, course = scene.tx, scene.published(items=2)
    draft = revise_course(tx, scene.author, course)
    asset = factories.asset(tx, scene.trainer)
    item = add_item(tx, scene.author, course, kind="video", title="试一试", asset=asset)
    assert draft.content_number == 2
    remove_item(tx, scene.author, course, item)
    assert draft.content_number == 1


def test_what_was_published_is_never_changed(scene: Scene) -> None:
    """Neither by assignment nor by rows added and deleted; that it was superseded is all that is noted."""
    tx, course = scene.tx, scene.published(items=2)
    first = course.shown
    item = first.items[0]

    def change() -> None:
        first.title = "偷改"

    def change_item() -> None:
        item.title = "偷换"

    def add() -> None:
        row = ItemVersion(course_version=first, item=CourseItem(course=course), position=9, kind="video", title="加")
        tx.add(row)

    for tamper in (change, change_item, add, lambda: tx.delete(item)):
        with pytest.raises(PublishedContent), tx.begin_nested():
            tamper()
            tx.flush()
        tx.expire_all()
    assert (first.title, item.title, len(first.items)) != ("偷改", "偷换", 3)
    revise_course(tx, scene.author, course)
    submit_course(tx, scene.author, course)
    approve_course(tx, scene.reviewer, course)
    publish_course(tx, scene.reviewer, course)
    assert first.state == VersionState.SUPERSEDED and course.shown.number == 2


def test_a_revision_can_be_given_up(scene: Scene) -> None:
    tx, course = scene.tx, scene.published(title="第一版")
    edits = revise_course(tx, scene.author, course).edit_number
    edit_course(tx, scene.author, course, title="第二版", category="law", summary="修订")
    discard_draft(tx, scene.author, course)
    assert (course.state, course.title, course.draft) == (CourseState.PUBLISHED, "第一版", None)
    again = revise_course(tx, scene.author, course)
    assert (again.number, again.title) == (3, "第一版")
    assert again.edit_number > edits + 1, "nobody decides on it who read the one before"


def test_approval_before_a_withdrawal_does_not_bring_the_course_back(scene: Scene) -> None:
    course = scene.published()
    draft = revise_course(scene.tx, scene.author, course)
    submit_course(scene.tx, scene.author, course)
    approve_course(scene.tx, scene.reviewer, course)
    withdraw_course(scene.tx, scene.second, course)
    assert draft.state == VersionState.SUBMITTED
    with pytest.raises(Conflict):
        publish_course(scene.tx, scene.author, course)
    approve_course(scene.tx, scene.reviewer, course)
    publish_course(scene.tx, scene.author, course)
    assert course.state == CourseState.PUBLISHED


def test_withdrawing_can_be_undone_by_a_reviewer_only(scene: Scene) -> None:
    course = scene.published()
    withdraw_course(scene.tx, scene.author, course)
    with pytest.raises(NotFound):
        access.access_published_course(scene.tx, scene.author, course.public_id)
    with pytest.raises(Forbidden):
        republish_course(scene.tx, scene.author, course)
    republish_course(scene.tx, scene.reviewer, course)
    assert access.access_published_course(scene.tx, scene.author, course.public_id).id == course.id
    assert course.shown.content_number == 1


def test_content_changed_after_a_withdrawal_is_another_version(scene: Scene) -> None:
    course = scene.published()
    withdraw_course(scene.tx, scene.author, course)
    for _ in range(2):
        add_item(
            scene.tx, scene.author, course, kind="video", title="新", asset=factories.asset(scene.tx, scene.trainer)
        )
    assert course.draft is not None
    assert (course.state, course.draft.content_number) == (CourseState.DRAFT, 2)
    discard_draft(scene.tx, scene.author, course)
    assert course.state == CourseState.WITHDRAWN, "records refer to what was published: only the changes are gone"
    assert course.shown.content_number == 1


def test_files_of_others_cannot_be_used(scene: Scene) -> None:
    course = scene.draft()
    foreign = factories.asset(scene.tx, scene.reviewer_account)
    with pytest.raises(Forbidden):
        add_item(scene.tx, scene.author, course, kind="video", title="借用", asset=foreign)
    sound = factories.asset(scene.tx, scene.trainer, kind="audio")
    with pytest.raises(Invalid):
        add_item(scene.tx, scene.author, course, kind="video", title="错类", asset=sound)
    with pytest.raises(Invalid):
        edit_course(scene.tx, scene.author, course, title="封面", category="law", cover=sound)


def test_someone_elses_draft_is_not_there(scene: Scene) -> None:
    course = scene.draft()
    stranger = factories.actor_of(scene.tx, factories.account(scene.tx, None, (Role.TRAINER, scene.county)))
    for look in (access.access_own_course, access.access_published_course, access.access_course_for_review):
        with pytest.raises(Forbidden) as caught:
            look(scene.tx, stranger, course.public_id)
        assert caught.value.what == f"course:{course.public_id}"
    item = queries.course_page(scene.tx, course).lines[0].item
    with pytest.raises(Forbidden):
        access.access_item_for_member(scene.tx, stranger, item.public_id)
    for verb in (submit_course, revise_course, discard_draft):
        with pytest.raises(Forbidden):
            verb(scene.tx, stranger, course)
    with pytest.raises(Forbidden):
        edit_course(scene.tx, stranger, course, title="抢", category="law")


def test_reviewers_do_not_see_unfinished_drafts(scene: Scene) -> None:
    with pytest.raises(Forbidden):
        access.access_course_for_review(scene.tx, scene.reviewer, scene.draft().public_id)


def test_only_a_trainer_of_the_node_makes_courses(scene: Scene) -> None:
    factories.library.seed_categories(scene.tx)
    with pytest.raises(Forbidden):
        create_course(scene.tx, scene.reviewer, title="越权", category="law")
    city = scene.tx.get_one(Organisation, scene.county.parent_id)
    with pytest.raises(Forbidden):
        create_course(scene.tx, scene.author, title="越级", category="law", organisation=city)
    with pytest.raises(Invalid) as caught:
        create_course(scene.tx, scene.author, title="", category="no-such-shelf")
    assert set(caught.value.fields) == {"title", "category"}


def test_a_failed_file_is_brought_to_its_author(scene: Scene) -> None:
    course = scene.draft()
    asset = factories.asset(scene.tx, scene.trainer, state="failed")
    add_item(scene.tx, scene.author, course, kind="video", title="坏文件", asset=asset)
    assert [line.item.title for line in queries.items_by_file_state(scene.tx, scene.author, AssetState.FAILED)] == [
        "坏文件"
    ]
    assert queries.items_by_file_state(scene.tx, scene.reviewer, AssetState.FAILED) == []


def test_every_decision_is_told_however_often_it_is_taken(scene: Scene) -> None:
    """Handed in, returned, published, withdrawn and put back again and again: each time a message of its own."""
    tx, course, expected = scene.tx, scene.draft(), dict[str, int]()

    def told_of(kind: str, number: int = 1) -> None:
        expected[kind] = expected.get(kind, 0) + number
        rows = tx.execute(
            select(Notification.kind, func.count()).where(Notification.kind == kind).group_by(Notification.kind)
        ).all()
        assert dict(rows) == {kind: expected[kind]}, kind

    for _ in range(3):
        submit_course(tx, scene.author, course)
        told_of("course.submitted", 2)
        return_course(tx, scene.reviewer, course, comment="再改一改。")
        told_of("course.returned")
    for _ in range(2):
        submit_course(tx, scene.author, course)
        told_of("course.submitted", 2)
        approve_course(tx, scene.reviewer, course)
        told_of("course.approved")
        publish_course(tx, scene.author, course)
        told_of("course.published")
        withdraw_course(tx, scene.reviewer, course)
        told_of("course.withdrawn")
        republish_course(tx, scene.reviewer, course)
        told_of("course.published")
        withdraw_course(tx, scene.reviewer, course)
        told_of("course.withdrawn")
        edit_course(tx, scene.author, course, title="改过的课程", category="theory", summary="新的简介")
