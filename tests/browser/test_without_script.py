"""Without script home, library, search, a course, reports and coverage do what they are for: seen, pressed, sent."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.page_checks import PHONE
from tests.browser.sample_site import Site, sample_site
from tests.browser.stage import CHROMIUM, CHROMIUM_FLAGS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield made
        made.close()


@contextmanager
def plain(site: Site, browser: Browser, who: str) -> Iterator[Page]:
    """A phone of somebody whose browser runs no script."""
    width, height = PHONE
    opened = browser.new_context(
        viewport={"width": width, "height": height}, base_url=site.url, java_script_enabled=False, locale="zh-CN"
    )
    opened.add_cookies([{"name": "academy", "value": site.cookies[who], "url": site.url}])
    yield opened.new_page()
    opened.close()


def test_a_member_goes_on_and_asks(site: Site, browser: Browser) -> None:
    with plain(site, browser, "member") as page:
        page.goto("/")
        page.locator(".hero .button").first.click()
        expect(page.locator("h1")).to_be_visible()
        page.goto("/library")
        card = page.locator(".course a").first
        title = card.locator(".course-title").inner_text()
        card.click()
        expect(page.locator("h1")).to_contain_text(title)
        expect(page.locator("main a[href^='/learn/']").first).to_be_visible()
        page.goto("/search")
        page.locator("main input[name=q], input[name=q]").last.fill("诈骗")
        page.keyboard.press("Enter")
        # The sample's index is made by a job; what a search finds without script: test_search.py.
        expect(page.locator("h1")).to_be_visible()
        assert page.url.partition("?")[2].startswith("q=")


def test_an_officer_reads_sorts_filters_and_exports(site: Site, browser: Browser) -> None:
    with plain(site, browser, "county") as page:
        page.goto("/")
        page.locator(".answer h3 a").first.click()
        expect(page.locator(".answer-line")).to_be_visible()
        worst = page.locator("tbody th a").first.inner_text()
        page.locator(".sorts a", has_text="按名称").click()
        expect(page.locator(".sorts [aria-current]")).to_have_text("按名称")
        page.locator("tbody th a", has_text=worst).first.click()
        expect(page.locator("h1")).to_contain_text(worst)
        page.locator(".stats a").last.click()
        shown = int(page.locator("[data-total]").get_attribute("data-total") or 0)
        page.locator("select[name=status]").select_option("exempt")
        page.locator("form.filter button").click()
        assert "status=exempt" in page.url
        page.go_back()
        assert shown == int(page.locator("[data-total]").get_attribute("data-total") or 0) > 0
        page.locator(".export summary").click()
        page.locator(".export-entry button").first.click()
        expect(page.locator("h1")).to_be_visible()
        assert "/exports" in page.url


def test_a_report_is_asked_for(site: Site, browser: Browser) -> None:
    with plain(site, browser, "county") as page:
        page.goto("/reports")
        page.locator("main a[href*='/reports/']").first.click()
        expect(page.locator("main table, main .stats, main .state").first).to_be_visible()
