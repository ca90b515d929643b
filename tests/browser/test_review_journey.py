"""From the trainer's files to the members' shelf, with two comments in between, each at its second."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.library.api import create_course
from academy.library.comment_models import ReviewComment
from academy.library.kinds import CourseState
from academy.library.models import Course
from tests.browser.page_checks import faults
from tests.browser.stage import PHONE, Stage, lecture, load, stage, until
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

SECONDS = 14
SAME_PAGE = "window.stayed = true"
STAYED = "window.stayed === true"
DRAG = """type => {
    const carried = new DataTransfer();
    for (const name of ['甲.mp4', '乙.pdf']) carried.items.add(new File(['x'], name));
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("review")) as made:
        yield made


@pytest.fixture
def people(academy: Stage) -> tuple[Account, Account, str]:
    """A trainer, a reviewer, and the trainer's empty course."""
    with academy.runtime.db.begin() as tx:
        node = factories.organisation(tx)
        trainer = factories.account(tx, None, (Role.TRAINER, node))
        reviewer = factories.account(tx, None, (Role.REVIEWER, node))
        who = factories.actor_of(tx, trainer)
        course = create_course(tx, who, title="村规民约", summary="怎样订，怎样守。", category="theory")
        made = course.public_id
    return academy.with_password(trainer), academy.with_password(reviewer), made


def upload(page: Page, course: str, film: Path) -> None:
    """Drop a film and something that is no lecture; the page follows until the film can be played."""
    page.goto(f"/studio/{course}")
    page.evaluate(SAME_PAGE)
    expect(page.locator("[data-drop-plain]")).to_be_hidden()
    expect(page.locator(".stepper [aria-current=step]")).to_contain_text("文件")
    page.evaluate(DRAG, "dragenter")
    expect(page.locator("[data-drop-veil]")).to_contain_text("松开后开始上传，2 个文件会成为这门课的课件。")
    page.evaluate(DRAG, "dragleave")
    expect(page.locator("[data-drop-veil]")).to_be_hidden()
    note = film.with_name("说明.zip")
    note.write_bytes(b"PK")
    page.get_by_label("选择文件，或者把它们拖到这个页面的任何地方").set_input_files([note, film])
    expect(page.locator(".drop-line").first).to_contain_text("这种文件不能用")
    expect(page.locator("#item-list")).to_contain_text(film.name)
    expect(page.locator("#item-list")).to_contain_text("可以播放", timeout=120_000)
    expect(page.locator(".stepper [aria-current=step]")).to_contain_text("提交")
    expect(page.locator("#refreshed")).to_have_text("文件处理完了，页面已更新。")
    assert page.evaluate(STAYED), "nothing was loaded anew"
    assert page.locator("[data-refresh]").count() == 0, "it does not ask any more"


def pin(page: Page, second: int, text: str) -> None:
    """Pin a comment to a second by the form, which knows where the film is."""
    page.evaluate("s => { document.querySelector('video').currentTime = s; }", second)
    until(page, f"Math.abs(document.querySelector('video').currentTime - {second}) < 0.5")
    page.get_by_role("button", name="用现在的位置").click()
    expect(page.locator("[data-pin-place]")).to_have_value(f"0:{second:02d}")
    page.locator("[data-pin-form] textarea").fill(text)
    page.get_by_role("button", name="钉在这里").click()
    expect(page.locator("#comments")).to_contain_text(text)


def test_files_comments_answers_publication(
    academy: Stage, people: tuple[Account, Account, str], tmp_path: Path
) -> None:
    trainer, reviewer, course = people
    desk = academy.sign_in(trainer)
    upload(desk, course, lecture(tmp_path, SECONDS))
    desk.get_by_role("button", name="提交审阅").click()
    expect(desk.locator(".stepper [aria-current=step]")).to_contain_text("进行中")

    look = academy.sign_in(reviewer)
    look.goto(f"/review/{course}")
    load(look)
    look.evaluate(SAME_PAGE)
    pin(look, 4, "这里说得太快。")
    pin(look, 9, "数字请核对。")
    assert look.evaluate(STAYED) and look.evaluate("document.querySelector('video').readyState") >= 2
    assert look.locator("[data-pins] rect").count() == 2
    assert faults(look) == []
    look.locator("#decide textarea").fill("请看两条批注。")
    look.get_by_role("button", name="退回修改").click()
    look.wait_for_url("**/review")

    phone = academy.sign_in(trainer, PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"/studio/{course}")
    phone.locator(".pinned-link").last.tap()
    phone.wait_for_url("**?t=9")
    until(phone, "document.querySelector('video').currentTime >= 8.9")
    assert faults(phone) == []
    second = phone.locator(".pinned").last
    second.get_by_text("回复", exact=True).first.tap()
    second.get_by_label("回复").fill("已经核对，是 48 户。")
    second.get_by_role("button", name="发出回复").tap()
    expect(second).to_contain_text("已经核对，是 48 户。")
    for left in (1, 0):
        phone.get_by_role("button", name="标为处理好").first.tap()
        expect(phone.locator("#comments")).to_contain_text("还有 1 条没有处理。" if left else "都处理好了。")
    phone.goto(f"/studio/{course}")
    phone.get_by_role("button", name="提交审阅").tap()
    expect(phone.locator("#next")).to_contain_text("正在等待审阅")

    look.goto(f"/review/{course}")
    expect(look.locator("#comments")).to_contain_text("已经核对，是 48 户。")
    look.locator(".pinned-link").first.click()
    until(look, "Math.abs(document.querySelector('video').currentTime - 4) < 0.5")
    look.get_by_role("button", name="通过并发布").click()
    expect(look.locator("main")).to_contain_text("已通过并发布")
    with academy.runtime.db.read() as tx:
        row = tx.scalars(select(Course).where(Course.public_id == course)).one()
        kept = tx.scalars(select(ReviewComment).order_by(ReviewComment.position)).all()
        assert row.state == CourseState.PUBLISHED
        assert [(one.position // 1000, one.settled_at is not None, one.review_id is not None) for one in kept] == [
            (4, True, True),
            (9, True, True),
        ]
    assert academy.errors == []
