"""What people come for, without a pointer: by tabulator, Enter and space bar, and the focus is always seen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from academy.cli.sample.accounts import PASSWORD
from tests.browser.page_checks import DESK, context
from tests.browser.sample_site import Site, sample_site
from tests.browser.taps import Keys

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


def home(site: Site, browser: Browser, who: str) -> tuple[Page, Keys]:
    """The home page of a sample account, with the hands on the keys."""
    page = context(site, browser, who, DESK).new_page()
    page.goto(site.url)
    return page, Keys(page)


def test_signing_in_and_to_the_next_lecture(site: Site, browser: Browser) -> None:
    page, keys = home(site, browser, "nobody")
    keys.type(page.locator("input[name=username]"), "member")
    page.keyboard.press("Enter")
    keys.type(page.locator("input[name=password]"), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    if "/consent" in page.url:
        keys.on(page.get_by_role("button", name="同意，继续"))
    expect(page.locator(".hero")).to_be_visible()
    keys.on(page.locator(".hero a.button"))
    page.wait_for_url(re.compile(r"/(library|learn)/\w+"))
    if "/library/" in page.url:
        keys.on(page.locator("main a[href*='/learn/']").first)
        page.wait_for_url(re.compile(r"/learn/\w+"))
    assert page.locator("h1").inner_text()
    page.context.close()


def test_a_secretary_calls_and_reminds(site: Site, browser: Browser) -> None:
    page, keys = home(site, browser, "secretary")
    keys.on(page.get_by_role("link", name="打开支部工作台").first)
    page.wait_for_url("**/desk**")
    keys.on(page.get_by_role("link", name="打电话").first)
    page.wait_for_url(re.compile(r"/members/\w+/phone"))
    keys.come_to(page.locator("a[href^='tel:']"))
    keys.on(page.get_by_role("link", name="返回"))
    page.wait_for_url(re.compile(r"/desk/\w+"))
    keys.on(page.get_by_role("button", name=re.compile("提醒还没完成的")))
    expect(page.locator(".desk-acts")).to_contain_text("这几天提醒过")
    page.context.close()


def test_an_officer_exports_the_names_of_a_place(site: Site, browser: Browser) -> None:
    page, keys = home(site, browser, "county")
    keys.on(page.locator(".stuck a").first)
    page.wait_for_url(re.compile(r"/coverage/"))
    keys.on(page.locator("summary", has_text="导出").first)
    keys.on(page.locator("details[open] button[type=submit], details[open] a[href]").first)
    page.wait_for_url("**/exports**")
    page.context.close()


def test_large_letters_and_what_is_said_to_the_academy(site: Site, browser: Browser) -> None:
    page, keys = home(site, browser, "member")
    keys.on(page.locator("button[name=elder]").first)
    expect(page.locator("html[data-elder]")).to_be_attached()
    page.goto(site.url + "/complaints/new")
    keys.on(page.locator("main input[type=radio]").first)
    keys.type(page.locator("main textarea").first, "第三讲的声音太小。")
    keys.on(page.locator("main form button[type=submit]").last)
    expect(page.locator("main")).to_contain_text("第三讲的声音太小。")
    page.context.close()


def test_a_training_is_drafted(site: Site, browser: Browser) -> None:
    page, keys = home(site, browser, "city")
    keys.on(page.locator("#office-sections").get_by_role("link", name="培训管理"))
    keys.on(page.get_by_role("link", name="新建培训").first)
    keys.type(page.get_by_label("名称"), "春季集中学习")
    keys.type(page.get_by_label("找课程"), "电信诈骗")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    keys.on(page.get_by_role("button", name="保存").last)
    expect(page.locator("h1")).to_have_text("春季集中学习")
    expect(page.locator("main")).to_contain_text("识破电信诈骗")
    page.context.close()
