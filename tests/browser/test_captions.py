"""The caption editor by keyboard: unsure lines first, steps back, saved by itself."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from academy.core.actor import Role
from academy.media import queries, service
from academy.media.captions import CueText
from tests import factories
from tests.browser.stage import Stage, stage

pytestmark = pytest.mark.browser

LINES = [
    CueText(0, 4000, "同志们好今天学习党章", 0.9),
    CueText(4000, 8000, "两学一坐", 0.4),
    CueText(8000, 12_000, "乡村振性", 0.2),
]


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("captions")) as made:
        yield made


def texts(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator(".caption-rows textarea").all()]


def test_the_editor_by_keyboard(academy: Stage) -> None:
    with academy.house.db.begin() as tx:
        who = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        asset = factories.asset(tx, who, state="processing")  # words only: there is no film on the disk
        service.replace_cues(tx, asset, LINES, "asr")
        asset_id = asset.id
        address = f"/studio/captions/{asset.public_id}"
    page = academy.sign_in(academy.with_password(who))
    page.goto(address)
    unsure = page.locator("[data-review] button")
    expect(unsure).to_have_count(2)
    assert "乡村振性" in unsure.nth(0).inner_text(), "the least sure is the first"

    page.keyboard.press("Alt+u")
    expect(page.locator(".caption-rows textarea").nth(1)).to_be_focused()
    page.keyboard.press("Alt+y")
    expect(unsure).to_have_count(1)
    expect(page.locator(".caption-rows textarea").nth(2)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("乡村振兴")
    expect(page.locator("[data-review-box]")).to_be_hidden()

    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Control+m")
    assert texts(page) == ["同志们好今天学习党章", "两学一坐乡村振兴"]
    page.keyboard.press("Alt+z")
    assert texts(page) == ["同志们好今天学习党章", "两学一坐", "乡村振兴"]

    page.locator("summary", has_text="查找和替换").click()
    page.fill("#find", "两学一坐")
    page.fill("#replace", "两学一做")
    expect(page.locator("[data-preview-list] mark")).to_have_text("两学一做")
    page.get_by_role("button", name="全部替换").click()
    expect(page.locator("[data-state]")).to_have_text("已保存", timeout=20_000)
    with academy.house.db.read() as tx:
        assert [c.text for c in queries.cues(tx, asset_id)] == ["同志们好今天学习党章", "两学一做", "乡村振兴"]
        script = queries.transcript(tx, asset_id)
    assert script is not None and script.origin == "manual"

    page.reload()
    page.locator("summary", has_text="以前的版本").click()
    page.locator(".caption-versions a").click()
    expect(page.locator("del", has_text="乡村振兴")).to_be_visible()
    expect(page.locator("ins", has_text="乡村振性")).to_be_visible()
    page.get_by_role("button", name="恢复这个版本").click()
    expect(page.locator(".caption-rows textarea")).to_have_count(3)
    assert texts(page)[1:] == ["两学一坐", "乡村振性"]
    assert not academy.errors
