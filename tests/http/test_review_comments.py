"""Pinned comments in pages: a reviewer writes two, their author sees them where they are, and deals with them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.learning.models import Recut
from academy.library import api as library
from academy.library.comment_models import ReviewComment
from academy.library.models import Course
from academy.web.pinned_comments import pinned_comments
from tests.conftest import sign_in
from tests.support import factories


@dataclass
class Review:
    """A submitted course of a film and a paper, with the browsers of its author and its reviewer."""

    runtime: Runtime
    course: str
    film: str
    paper: str
    author: FlaskClient
    reviewer: FlaskClient

    def pin(self, item: str, place: str, body: str) -> str:
        """Pin a comment; the page that follows."""
        sent = {"item": item, "place": place, "body": body}
        answer = self.reviewer.post(f"/review/{self.course}/comments", data=sent, follow_redirects=True)
        return answer.text

    def ids(self) -> list[str]:
        with self.runtime.db.read() as tx:
            return list(tx.scalars(select(ReviewComment.public_id).order_by(ReviewComment.id)))


@pytest.fixture
def review(app: Flask, runtime: Runtime) -> Iterator[Review]:
    with runtime.db.begin() as tx:
        county = factories.organisation(tx, level="county")
        trainer = factories.account(tx, None, (Role.TRAINER, county))
        reviewer = factories.account(tx, None, (Role.REVIEWER, county))
        course = factories.course(tx, trainer, title="村规民约")
        author = factories.actor_of(tx, trainer)
        page = factories.asset(tx, trainer, kind="document", duration_ms=None, pages=4)
        library.add_item(tx, author, course, kind="document", title="讲义", asset=page, required=False)
        library.submit_course(tx, author, course)
        film, paper = (line.item.public_id for line in factories.lines(tx, course))
        made = course.public_id
        browsers = [app.test_client(), app.test_client()]
        for browser, who in zip(browsers, (trainer, reviewer), strict=True):
            sign_in(browser, factories.session_token(tx, who))
    yield Review(runtime, made, film, paper, *browsers)


def test_from_the_reviewers_second_to_what_is_dealt_with(review: Review) -> None:
    shown = review.pin(review.film, "0:12", "这里说得太快。")
    assert "批注已保存" in shown and "这里说得太快。" in shown and ">0:12<" in shown
    assert ">第 3 页<" in review.pin(review.paper, "3", "第三条引错了。")
    desk = review.author.get(f"/studio/{review.course}").text
    for link in (f"/studio/{review.course}/items/{review.film}?t=12", f"/items/{review.paper}?page=3"):
        assert link in desk
    assert "还有 2 条没有处理。" in desk
    watched = review.author.get(f"/studio/{review.course}/items/{review.film}?t=12").text
    assert "这里说得太快。" in watched
    first, second = review.ids()
    address = f"/studio/{review.course}/comments/"
    for verb, answer in (("answer", "已经重新录了。"), ("settle", "")):
        sent = review.author.post(address + first, data={"verb": verb, "answer": answer}, follow_redirects=True)
        assert sent.status_code == 200
    assert "已经重新录了。" in sent.text and "还有 1 条没有处理。" in sent.text
    seen = review.reviewer.get(f"/review/{review.course}").text
    assert "已经重新录了。" in seen and "有 1 条批注还没有处理。" in seen
    there = f"/review/{review.course}/comments/{first}"
    back = review.reviewer.post(f"{there}?item={review.film}", data={"verb": "reopen"})
    assert back.status_code == 303 and back.location.endswith(f"?item={review.film}#comment-{first}")
    here = review.author.post(f"{address}{second}?item={review.paper}", data={"verb": "settle"})
    assert here.location.endswith(f"/items/{review.paper}#comment-{second}")


def test_what_was_typed_survives_every_error(review: Review) -> None:
    sent = {"item": review.paper, "place": "99", "body": "没有这一页"}
    wrong = review.reviewer.post(f"/review/{review.course}/comments", data=sent)
    assert wrong.status_code == 422 and "没有这一页" in wrong.text and 'value="99"' in wrong.text
    assert "不超过最后一页" in wrong.text and review.ids() == []
    review.pin(review.film, "0:12", "这里说得太快。")
    (key,) = review.ids()
    for client, where in ((review.author, "studio"), (review.reviewer, "review")):
        empty = client.post(f"/{where}/{review.course}/comments/{key}", data={"verb": "answer", "answer": " "})
        assert empty.status_code == 422 and f'id="answer-{key}-error"' in empty.text


def test_marks_lie_on_the_bar_where_the_comments_are(review: Review) -> None:
    review.pin(review.film, "0:12", "甲")
    review.pin(review.film, "0:45", "乙")
    review.pin(review.paper, "2", "丙")
    with review.runtime.db.read() as tx:
        course = tx.scalars(select(Course).where(Course.public_id == review.course)).one()
        found = pinned_comments(tx, course, library.edited(course))
        film, paper = (line.item for line in factories.lines(tx, course))
        assert [pin.place for pin in found.of_item(film)] == [12_000, 45_000]
        assert [(pin.place, pin.place_words) for pin in found.of_item(paper)] == [(2, "第 2 页")]


def test_a_comment_of_an_old_file_says_so_until_a_recut_says_where_it_went(review: Review) -> None:
    review.pin(review.film, "0:12", "留下的一段")
    review.pin(review.film, "0:50", "剪掉的一段")
    with review.runtime.db.begin() as tx:
        course = tx.scalars(select(Course).where(Course.public_id == review.course)).one()
        owner = tx.get_one(factories.Account, course.created_by)
        who, item = factories.actor_of(tx, owner), factories.lines(tx, course)[0].item
        library.replace_item(tx, who, course, item, asset=factories.asset(tx, owner))
        item_id = item.item_id
    desk = review.author.get(f"/studio/{review.course}").text
    assert "说的是旧文件的 0:12，之后换过文件。" in desk and "?t=12" not in desk
    with review.runtime.db.begin() as tx:
        tx.add(Recut(item_id=item_id, from_version=1, to_version=2, extent=60_000, kept=[[0, 30_000, 5_000]]))
    desk = review.author.get(f"/studio/{review.course}").text
    assert "原来写在旧文件的 0:12。" in desk and f"{review.film}?t=17" in desk
    assert "说的是旧文件的 0:50，这一段在新文件里已经剪掉。" in desk


def test_a_removed_item_leaves_its_comments(review: Review) -> None:
    review.pin(review.paper, "2", "引文要注明出处")
    with review.runtime.db.begin() as tx:
        course = tx.scalars(select(Course).where(Course.public_id == review.course)).one()
        owner = tx.get_one(factories.Account, course.created_by)
        library.remove_item(tx, factories.actor_of(tx, owner), course, factories.lines(tx, course)[1].item)
    desk = review.author.get(f"/studio/{review.course}").text
    assert "引文要注明出处" in desk and "说的是已经移除的课件。" in desk


def test_published_comments_are_read_only(review: Review) -> None:
    review.pin(review.film, "0:12", "发布后留作记录")
    sent = {"verb": "approve_and_publish", "comment": "", "seen": "2"}
    seen = re.search(r'name="seen" value="(\d+)"', review.reviewer.get(f"/review/{review.course}").text)
    assert seen is not None
    review.reviewer.post(f"/review/{review.course}", data=sent | {"seen": seen[1]})
    for client, where in ((review.author, "studio"), (review.reviewer, "review")):
        page = client.get(f"/{where}/{review.course}").text
        assert "发布后留作记录" in page and "标为处理好" not in page
    (key,) = review.ids()
    late = review.author.post(f"/studio/{review.course}/comments/{key}", data={"verb": "settle"})
    assert late.status_code == 409
