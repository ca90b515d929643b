"""Comments pinned to a place: who writes them, what becomes of them with decisions, edits, publication and recuts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.learning.models import Recut
from academy.learning.moved_places import DeclaredRecuts, PlaceStanding
from academy.library import api as library
from academy.library import review_comments
from academy.library.comment_models import ReviewComment
from academy.library.kinds import VersionState
from academy.library.models import Course
from academy.notifications.models import Notification
from tests.support import factories


@dataclass
class Desk:
    """A submitted course of two items, its author, two reviewers, and one of the county next door."""

    tx: Tx
    course: Course
    author: Actor
    reviewer: Actor
    second: Actor
    neighbour: Actor
    reviewer_account: Account

    def item(self, place: int = 0) -> str:
        return factories.lines(self.tx, self.course)[place].item.public_id

    def pin(self, place: str = "0:12", body: str = "这里说得太快。", who: Actor | None = None) -> ReviewComment:
        return library.add_comment(self.tx, who or self.reviewer, self.course, item=self.item(), place=place, body=body)

    def told(self, who: Actor) -> list[str]:
        """What was written to somebody about comments, oldest first: the beginnings of the keys."""
        rows = self.tx.scalars(
            select(Notification.key)
            .where(Notification.account_id == who.account_id, Notification.kind == "course.commented")
            .order_by(Notification.id)
        )
        return [(key or "").split(":")[0] for key in rows]


@pytest.fixture
def desk(runtime: Runtime) -> Iterator[Desk]:
    with runtime.db.begin() as tx:
        city = factories.organisation(tx, level="city")
        county, other = factories.organisation(tx, city, level="county"), factories.organisation(tx, city)
        trainer = factories.account(tx, None, (Role.TRAINER, county), (Role.REVIEWER, county))
        reviewers = [factories.account(tx, None, (Role.REVIEWER, node)) for node in (county, city, other)]
        course = factories.course(tx, trainer, items=2)
        author = factories.actor_of(tx, trainer)
        library.submit_course(tx, author, course)
        one, two, three = (factories.actor_of(tx, who) for who in reviewers)
        yield Desk(tx, course, author, one, two, three, reviewers[0])


def test_comments_go_with_the_decision_and_stay_for_ever(desk: Desk) -> None:
    tx, course = desk.tx, desk.course
    first, second = desk.pin("0:12"), desk.pin("0：48", "数字请核对。")
    assert (first.position, second.position, first.review_id) == (12_000, 48_000, None)
    returned = library.return_course(tx, desk.reviewer, course, comment="请看批注。")
    tx.expire_all()
    assert {first.review_id, second.review_id} == {returned.id}
    library.settle_comment(tx, desk.author, course, first)
    library.submit_course(tx, desk.author, course)
    third = desk.pin("0:30", who=desk.second)
    approved = library.approve_course(tx, desk.second, course)
    tx.expire_all()
    assert [row.review_id for row in (first, second, third)] == [returned.id, returned.id, approved.id]
    library.publish_course(tx, desk.author, course)
    for act in (library.settle_comment, library.reopen_comment):
        with pytest.raises(Conflict):
            act(tx, desk.author, course, second)
    with pytest.raises(Conflict):
        library.answer_comment(tx, desk.author, course, second, body="改好了。")
    with pytest.raises(Conflict):
        desk.pin()
    library.revise_course(tx, desk.author, course)
    kept = library.comments_on(tx, course)
    assert [(one.comment.position, one.is_open) for one in kept] == [(12_000, False), (30_000, True), (48_000, True)]
    with pytest.raises(Conflict):  # of an older version
        library.settle_comment(tx, desk.author, course, second)


def test_an_answer_and_what_is_dealt_with_reach_the_other_side_once(desk: Desk) -> None:
    tx, course = desk.tx, desk.course
    rows = [desk.pin(f"0:{second}") for second in (10, 20, 30)]
    assert desk.told(desk.author) == ["course.commented"], "one message for a round of comments"
    answer = library.answer_comment(tx, desk.author, course, rows[0], body=" 已经重新录了。 ")
    assert answer.body == "已经重新录了。"
    assert desk.told(desk.reviewer) == ["course.comment_answered"]
    library.answer_comment(tx, desk.second, course, rows[0], body="我也看了。")
    assert desk.told(desk.reviewer)[1:] == ["course.comment_answered"] == desk.told(desk.author)[1:]
    for row in rows:
        assert desk.told(desk.reviewer)[2:] == []
        library.settle_comment(tx, desk.author, course, row)
        library.settle_comment(tx, desk.author, course, row)
    assert desk.told(desk.reviewer)[2:] == ["course.comments_settled"]
    library.reopen_comment(tx, desk.reviewer, course, rows[1])
    assert desk.told(desk.author)[2:] == ["course.comment_reopened"]
    assert review_comments.count_open_comments(tx, rows[1].version) == 1
    found = library.comments_on(tx, course)[0]
    assert [(one.body, bool(name)) for one, name in found.answers] == [("已经重新录了。", True), ("我也看了。", True)]


def test_every_act_is_on_record_and_re_opens_nothing(desk: Desk) -> None:
    tx, course = desk.tx, desk.course
    row = desk.pin()
    library.answer_comment(tx, desk.author, course, row, body="好。")
    library.settle_comment(tx, desk.author, course, row)
    library.reopen_comment(tx, desk.reviewer, course, row)
    assert course.draft is not None and course.draft.state == VersionState.SUBMITTED
    kept = select(AuditEntry.verb).where(AuditEntry.target == f"course:{course.public_id}")
    verbs = ["course.commented", "course.comment_answered", "course.comment_settled", "course.comment_reopened"]
    assert tx.scalars(kept.order_by(AuditEntry.id)).all()[-4:] == verbs


def test_only_a_reviewer_in_scope_pins_and_only_the_two_sides_take_part(desk: Desk) -> None:
    row = desk.pin()
    for who in (desk.author, desk.neighbour, Actor(account_id=None)):
        with pytest.raises(Forbidden):
            desk.pin(who=who)
    for act in (library.settle_comment, library.reopen_comment):
        with pytest.raises(Forbidden):
            act(desk.tx, desk.neighbour, desk.course, row)
    with pytest.raises(Forbidden):
        library.answer_comment(desk.tx, desk.neighbour, desk.course, row, body="好。")
    assert not library.may_comment(desk.author, desk.course)
    assert library.may_comment(desk.second, desk.course)


def test_a_comment_of_another_course_or_item_is_not_found(desk: Desk) -> None:
    tx, row = desk.tx, desk.pin()
    other = factories.course(tx, tx.get_one(Account, desk.course.created_by))
    with pytest.raises(NotFound):
        library.access_comment(tx, other, row.public_id)
    with pytest.raises(NotFound):
        item = factories.lines(tx, other)[0].item.public_id
        library.add_comment(tx, desk.reviewer, desk.course, item=item, place="0:01", body="好。")
    assert library.access_comment(tx, desk.course, row.public_id) is row


@pytest.mark.parametrize("place", ["", "12", "1:00:00:00", "-0:01", "1:01", "0x:10", "9999999999:00"])
def test_a_place_outside_the_film_is_refused_by_its_field(desk: Desk, place: str) -> None:
    with pytest.raises(Invalid) as wrong:
        desk.pin(place)  # the film lasts a minute
    assert set(wrong.value.fields) == {"place"}


@pytest.mark.parametrize("body", ["", "  \n", "\u202e", "字" * 2001])
def test_a_comment_says_something_and_not_too_much(desk: Desk, body: str) -> None:
    with pytest.raises(Invalid) as wrong:
        desk.pin(body=body)
    assert set(wrong.value.fields) == {"body"}
    row = desk.pin()
    with pytest.raises(Invalid) as wrong:
        library.answer_comment(desk.tx, desk.author, desk.course, row, body=body)
    assert set(wrong.value.fields) == {"answer"}


def test_nothing_is_pinned_while_the_author_changes_the_course(desk: Desk) -> None:
    library.edit_course(desk.tx, desk.author, desk.course, title="改过", category="theory", summary="新的")
    with pytest.raises(Conflict):
        desk.pin()
    assert not library.may_comment(desk.reviewer, desk.course)


def test_a_list_costs_the_same_however_long_it_is(
    desk: Desk, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    def listed() -> int:
        desk.tx.expire_all()
        return len(library.comments_on(desk.tx, desk.course))

    library.answer_comment(desk.tx, desk.author, desk.course, desk.pin(), body="好。")
    few = count_queries(listed)
    for second in range(8):
        library.answer_comment(desk.tx, desk.author, desk.course, desk.pin(f"0:0{second}"), body="好。")
    assert count_queries(listed) == few
    assert listed() == 9


def test_a_place_follows_the_declared_recuts_and_nothing_else(desk: Desk) -> None:
    """1 → 2 loses ten seconds and gets a title of five; 2 → 3 turns two halves round; nobody declares 3 → 4."""
    tx, item = desk.tx, factories.lines(desk.tx, desk.course)[0].item.item_id
    steps = [(1, 2, [[10_000, 60_000, 5_000]]), (2, 3, [[0, 30_000, 25_000], [30_000, 55_000, 0]])]
    for before, after, kept in steps:
        tx.add(Recut(item_id=item, from_version=before, to_version=after, extent=60_000, kept=kept))
    tx.flush()
    recuts = DeclaredRecuts(tx, [item])
    same = recuts.follow(item, 2, 2, 7)
    assert (same.standing, same.place) == (PlaceStanding.SAME, 7)
    for moment in range(10_000, 60_000, 500):
        once = moment - 5_000
        twice = once + 25_000 if once < 30_000 else once - 30_000
        assert recuts.follow(item, 1, 2, moment).place == once
        moved = recuts.follow(item, 1, 3, moment)
        assert (moved.standing, moved.place) == (PlaceStanding.MOVED, twice)
    assert recuts.follow(item, 1, 3, 9_999).standing == PlaceStanding.CUT
    assert recuts.follow(item, 1, 4, 20_000).standing == PlaceStanding.UNKNOWN
    assert recuts.follow(item + 1, 1, 2, 20_000).standing == PlaceStanding.UNKNOWN


def test_the_copy_of_ones_data_has_what_one_wrote_and_not_what_others_wrote(desk: Desk) -> None:
    row = desk.pin(body="甲")
    desk.pin(body="乙", who=desk.second)
    for who, text in ((desk.author, "丙"), (desk.reviewer, "丁")):
        library.answer_comment(desk.tx, who, desk.course, row, body=text)
    for who, texts in ((desk.reviewer, ["甲", "丁"]), (desk.second, ["乙"]), (desk.author, ["丙"])):
        assert who.account_id is not None
        found = library.written_by(desk.tx, who.account_id, 10)
        assert [(title, text) for title, text, _ in found] == [(desk.course.title, text) for text in texts]
