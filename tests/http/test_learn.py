"""The player's page."""

import datetime as dt
import gzip
import json
import random
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.runtime import Runtime
from academy.learning.models import ItemCompletion
from academy.library.models import Course
from academy.media.models import Asset, AssetState, AssetStep, Cue, DocumentPage, Transcript
from academy.people.models import Member, Organisation
from academy.trainings import service
from tests.conftest import sign_in
from tests.support import factories, shelf
from tests.support.coverage_city import complete, training
from tests.support.ledger_makers import beat, learner, lecture, opened


@pytest.fixture
def course(runtime: Runtime, client: FlaskClient) -> Course:
    """A course of two lectures with words, begun by the learner who is signed in."""
    with runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        sign_in(client, factories.session_token(tx, account))
        course = lecture(tx, account, items=2)
        words = Transcript(asset_id=course.shown.items[0].asset_id or 0, origin="manual")
        tx.add(words)
        tx.flush()
        tx.add(Cue(transcript_id=words.id, seq=1, start_ms=754_400, end_ms=756_000, text="村规民约"))
    beat(runtime, opened(runtime, actor, course.shown.items[0]), [(0, 8_000)], position=8_000)
    return course


def attribute(page: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def test_the_page_knows_what_is_held_and_where_to_go_on(client: FlaskClient, course: Course) -> None:
    page = client.get(f"/learn/{course.shown.items[0].public_id}?t=754").text
    assert json.loads(attribute(page, "data-held"))["spans"] == [[0, 8_000]]
    assert attribute(page, "data-start") == "754400", "the sentence itself, not the end of the one before"
    assert attribute(page, "data-position") == "8000"
    assert attribute(page, "data-duration") == "600000"
    assert attribute(page, "data-threshold") == "950", "or the page calls a lecture done that was hardly begun"
    assert f'href="/learn/{course.shown.items[0].public_id}?t=754"' in page, "words lead to their second without script"
    assert course.shown.items[1].title in page


@pytest.mark.parametrize("asked", ["-1", "1e9", "abc", "٣", "99999999999999", ""])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_strange_second_is_the_beginning(client: FlaskClient, course: Course, asked: str) -> None:
    answer = client.get(f"/learn/{course.shown.items[0].public_id}", query_string={"t": asked})
    assert answer.status_code == 200
    assert attribute(answer.text, "data-start") == "0"


def test_somebody_without_membership_watches_without_a_ledger(app: Flask, course: Course, runtime: Runtime) -> None:
    guest = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(guest, factories.session_token(tx, factories.account(tx)))
    page = guest.get(f"/learn/{course.shown.items[0].public_id}").text
    assert "data-playlist" in page
    assert "data-item=" not in page


def test_what_is_withdrawn_or_removed_is_gone(client: FlaskClient, course: Course, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        shelf.withdraw(tx, course)
    assert client.get(f"/learn/{course.shown.items[0].public_id}").status_code == 404
    answer = client.post("/api/v1/progress/leases", json={"item": course.shown.items[0].public_id})
    assert answer.status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_lecture_in_preparation_says_so(client: FlaskClient, course: Course, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        shelf.change_item(tx, course.shown.items[1].item_id, asset_id=None)
    page = client.get(f"/learn/{course.shown.items[1].public_id}").text
    assert "还在准备" in page
    assert "data-refresh" not in page, "there is nothing to wait for"
    with runtime.db.begin() as tx:
        asset = Asset(account_id=course.created_by, kind="video", filename="党课.mp4", size=9)
        tx.add(asset)
        tx.flush()
        tx.add(AssetStep(asset_id=asset.id, step="hash", position=0, state="done", permille=1000))
        tx.add(AssetStep(asset_id=asset.id, step="encode", position=1, state="running", permille=260))
        shelf.change_item(tx, course.shown.items[1].item_id, asset_id=asset.id)
    page = client.get(f"/learn/{course.shown.items[1].public_id}").text
    assert "data-refresh" in page and 'value="630"' in page
    assert "正在准备" in client.get(f"/library/{course.public_id}").text
    assert client.post("/api/v1/progress/leases", json={"item": course.shown.items[1].public_id}).status_code == 409


def test_credit_is_carried_over_by_a_reviewer_who_sees_the_effect_first(
    app: Flask, course: Course, runtime: Runtime, client: FlaskClient
) -> None:
    where = f"/learn/{course.shown.items[0].public_id}/recut"
    assert client.get(where).status_code == 404, "not a member's business"
    officer = app.test_client()
    with runtime.db.begin() as tx:
        shelf.change_item(tx, course.shown.items[0].item_id, number=2)
        node = tx.get_one(Organisation, course.organisation_id)
        sign_in(officer, factories.session_token(tx, factories.account(tx, None, (Role.REVIEWER, node))))
    assert "看过旧视频的" in officer.post(where, data={"kept": "0:00-5:00 → 0:00", "verb": "preview"}).text
    assert client.get(f"/api/v1/progress/items/{course.shown.items[0].public_id}").json["spans"] == []  # type: ignore[index]
    assert "已转到新版本" in officer.post(where, data={"kept": "0:00-5:00 → 0:00", "verb": "carry"}).text
    assert client.get(f"/api/v1/progress/items/{course.shown.items[0].public_id}").json["spans"] == [[0, 8_000]]  # type: ignore[index]
    assert officer.post(where, data={"kept": "never"}).status_code == 422


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_evidence_is_downloaded_by_the_member(client: FlaskClient, course: Course, runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        member = tx.scalars(select(Member)).one()
    where = f"/api/v1/progress/evidence/{member.public_id}/{course.shown.items[0].public_id}"
    assert (client.get(where).json or {})["ledger"][0]["spans"] == [[0, 8_000]]
    table = client.get(where + "?format=csv")
    assert table.mimetype == "text/csv"
    assert "credited,1,0,8000" in table.text


def test_after_a_lesson_stands_what_the_training_still_asks_and_the_next_lesson(
    client: FlaskClient, course: Course, runtime: Runtime
) -> None:
    with runtime.db.begin() as tx:
        other = lecture(tx, tx.get_one(Account, course.created_by))
        holder = tx.get_one(Organisation, course.organisation_id)
        today = clock.today()
        window = {"opens_on": today, "closes_on": today + dt.timedelta(days=30)}
        plan = training(tx, holder, [course, other], **window)
        service.open_training(tx, SYSTEM, plan)
        title, last = plan.title, other.shown.items[0]
    page = client.get(f"/learn/{course.shown.items[0].public_id}/after").text
    assert "学到这里" in page and f"《{title}》2 门课已学完 0 门" in page
    assert f'href="/learn/{course.shown.items[1].public_id}"' in page, "first the course's own next item"
    assert f'href="/library/{course.public_id}"' in page
    with runtime.db.begin() as tx:
        member = tx.scalars(select(Member)).one()
        for item in tx.get_one(Course, course.id).shown.items:
            tx.add(
                ItemCompletion(
                    member_id=member.id,
                    item_id=item.item_id,
                    item_version=item.number,
                    course_id=course.id,
                    completed_at=clock.now(),
                )
            )
        complete(tx, member.id, course.id, clock.now())
    page = client.get(f"/learn/{course.shown.items[1].public_id}/after").text
    assert "已学完" in page and f"《{title}》2 门课已学完 1 门" in page
    assert f'href="/learn/{last.public_id}"' in page, "then what the training still asks for"


PAGES = 300
LEAF = re.compile(r'<li id="page-(\d+)"')


@pytest.fixture
def document(runtime: Runtime, course: Course) -> str:
    """The address of the course's first item: a document of `PAGES` pages full of words, each with its own number."""
    lot = random.Random(7)
    common = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面"
    with runtime.db.begin() as tx:
        asset = Asset(
            account_id=course.created_by, kind="document", filename="讲义.pdf", size=9,
            state=AssetState.READY, pages=PAGES, probe={"pictures": {"small_pages": True}},
        )  # fmt: skip
        tx.add(asset)
        tx.flush()
        for n in range(1, PAGES + 1):
            words = "".join(lot.choice(common) for _ in range(600)) if n % 7 else ""
            tx.add(
                DocumentPage(
                    asset_id=asset.id, number=n, width=620, height=877, text=f"〔{n}〕{words}" if words else ""
                )
            )
        item = course.shown.items[0]
        shelf.change_item(tx, item.item_id, kind="document", asset_id=asset.id)
    return f"/learn/{item.public_id}"


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("start", [0, 1, 8, 9, 150, PAGES, 10**5])
def test_a_long_document_comes_some_pages_at_a_time(client: FlaskClient, document: str, start: int) -> None:
    answer = client.get(f"{document}?page={start}", headers={"Accept-Encoding": "gzip"})
    assert len(answer.data) <= 40_000, "of a member's page without pictures"
    page = gzip.decompress(answer.data).decode()
    shown = [int(number) for number in LEAF.findall(page)]
    # Without a wish it is where one stopped; the file has become shorter since.
    assert min(start or PAGES, PAGES) in shown and len(shown) <= 8
    assert attribute(page, "data-total") == str(PAGES) and int(attribute(page, "data-duration")) == PAGES * 10_000
    texts = {int(number) for number in re.findall("〔(\\d+)〕", page)}
    assert texts == {n for n in shown if n % 7}
    # Without script the rest is some links away, both ways.
    beside = {int(n) for n in re.findall(rf'href="{document}\?page=(\d+)"', page)}
    assert beside == {n for n in (shown[0] - 8, shown[-1] + 1) if 1 <= n <= PAGES}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_every_page_can_be_fetched_and_nobody_elses(
    app: Flask, client: FlaskClient, runtime: Runtime, document: str
) -> None:
    met: list[int] = []
    for number in range(1, PAGES + 1, 8):
        page = client.get(f"{document}/pages/{number}").text
        assert "<noscript>" not in page, "its pictures would be fetched at once"
        assert page.count("<img") == page.count("<template") == len(LEAF.findall(page))
        met += [int(one) for one in LEAF.findall(page)]
    assert met == list(range(1, PAGES + 1))
    around = [client.get(f"{document}/pages/{number}").text for number in (17, 20, 24)]
    assert len({tuple(LEAF.findall(page)) for page in around}) == 1
    assert LEAF.findall(client.get(f"{document}/pages/{PAGES + 8}").text) == []
    assert app.test_client().get(f"{document}/pages/1").status_code == 302
