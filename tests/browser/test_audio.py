"""A lecture that is only heard: uploaded, published, listened to on a phone with its words large, and credited."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from academy.core.actor import Role
from academy.learning.models import Completion, WatchLedger
from academy.library.api import create_course
from academy.library.models import Course, ItemVersion
from academy.media import tools
from tests.browser.stage import PHONE, Stage, choose, load, publish, stage, until
from tests.support import factories
from tests.support.ledger_makers import learner

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

SECONDS = 12
SRT = "1\n00:00:00,000 --> 00:00:06,000\n一粒粮也不浪费\n\n2\n00:00:06,000 --> 00:00:12,000\n从自家饭桌做起\n"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("audio")) as made:
        yield made


def sound(path: Path) -> Path:
    source = ["-f", "lavfi", "-i", f"sine=frequency=330:duration={SECONDS}", "-ac", "1", "-y", path]
    subprocess.run([tools.find("ffmpeg"), "-v", "error", *source], check=True)
    return path


def upload(page: Page, course: Course, file: Path) -> None:
    """By the trainer's page, which itself says when it can be played."""
    choose(page, course, file)
    expect(page.locator(".item-row")).to_contain_text("可以播放", timeout=120_000)
    page.locator("summary", has_text="上传字幕").click()
    page.set_input_files("input[name=captions]", {"name": "字幕.srt", "mimeType": "", "buffer": SRT.encode()})
    page.get_by_role("button", name="导入字幕").click()
    expect(page.locator("#caption-list")).to_contain_text("字幕 2 条")


def slowly(route: Route) -> None:
    """A village's network: at twice the speed two seconds of the lecture are over when the answer is there."""
    time.sleep(1)
    route.continue_()


def listen(page: Page, item: ItemVersion) -> None:
    """To the end at twice its speed."""
    page.route("**/progress/leases", slowly)
    page.goto(f"/learn/{item.public_id}")
    row = page.get_by_role("group", name="播放控制")
    expect(page.locator("video")).to_be_hidden()  # nothing is to be seen
    expect(row.get_by_role("button", name="全屏")).to_have_count(0)
    load(page)
    page.evaluate("document.querySelector('video').currentTime = 0")
    row.get_by_role("button", name="更多").tap()
    page.locator("[data-speed]").select_option("2")
    row.get_by_role("button", name="播放").tap()
    words = page.locator("[data-said]")
    expect(words).to_have_text("一粒粮也不浪费")
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('[data-said]')).fontSize)") >= 24
    expect(words).to_have_text("从自家饭桌做起", timeout=30_000)
    until(page, "document.querySelector('video').ended", 60)
    expect(row.get_by_role("button", name="重放")).to_be_visible()
    expect(page.locator("[data-figure]")).to_contain_text("这节课已学完", timeout=30_000)


@pytest.mark.parametrize("name", ["听一听.mp3", "听一听.m4a"])
def test_a_lecture_that_is_only_heard(academy: Stage, tmp_path: Path, name: str) -> None:
    with academy.runtime.db.begin() as tx:
        node = factories.organisation(tx)
        author = factories.account(tx, None, (Role.TRAINER, node))
        reviewer = factories.account(tx, None, (Role.REVIEWER, node))
        _, _, viewer = learner(tx)
        actor = factories.actor_of(tx, author)
        course = create_course(tx, actor, title="听一听", summary="节约", category="theory", lecturer="马青山")
    for who in (author, viewer):
        academy.with_password(who)
    upload(academy.sign_in(author), course, sound(tmp_path / name))
    item = publish(academy, author, reviewer, course)
    listen(academy.sign_in(viewer, PHONE, has_touch=True, is_mobile=True), item)
    with academy.runtime.db.read() as tx:
        covered = tx.scalar(select(WatchLedger.covered).where(WatchLedger.item_id == item.item_id)) or 0
        assert covered >= 0.95 * SECONDS * 1000
        assert tx.scalar(select(Completion.course_id).where(Completion.course_id == course.id)) is not None
    assert academy.errors == []
