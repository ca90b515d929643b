"""What officers do every week, counted in taps; the sample city as a running academy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.sample_site import Site, sample_site
from tests.browser.taps import Taps

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]

PHONE, DESK = (390, 844), (1440, 900)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


def page_of(site: Site, browser: Browser, who: str, size: tuple[int, int]) -> Page:
    """A page of a sample account on a phone or a desk."""
    opened = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        base_url=site.url,
        is_mobile=size is PHONE,
        has_touch=size is PHONE,
        locale="zh-CN",
    )
    opened.add_cookies([{"name": "academy", "value": site.cookies[who], "url": site.url}])
    return opened.new_page()


def seen_without_scrolling(page: Page, selector: str) -> int:
    """How many elements stand whole on the first screen, above the bar at its bottom."""
    return int(
        page.evaluate(
            """selector => {
              const bar = document.querySelector(".tabbar")?.getBoundingClientRect();
              const bottom = bar?.height ? bar.top : innerHeight;
              const whole = (r) => r.height > 0 && r.top >= 0 && r.bottom <= bottom && r.right <= innerWidth + 1;
              return [...document.querySelectorAll(selector)].filter((e) => whole(e.getBoundingClientRect())).length;
            }""",
            selector,
        )
    )


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_county_officer_sees_how_far_when_and_where_on_the_first_screen(
    site: Site, browser: Browser, size: tuple[int, int]
) -> None:
    page = page_of(site, browser, "county", size)
    page.goto("/")
    assert page.evaluate("scrollY") == 0
    said = page.locator(".answer-line").first.inner_text()
    assert "%" in said and ("赶得上" in said or "赶不上" in said)
    assert seen_without_scrolling(page, ".answer:first-of-type .answer-line") == 1
    places = page.locator(".answer:first-of-type .stuck li").count()
    assert 3 <= places <= 5
    assert seen_without_scrolling(page, ".answer:first-of-type .stuck li") == places
    page.context.close()


def test_the_sheet_of_sections_opens_by_touch_and_closes_by_key(site: Site, browser: Browser) -> None:
    page = page_of(site, browser, "county", PHONE)
    page.goto("/")
    sheet = page.locator("#office-sections")
    assert not sheet.is_visible()
    page.locator(".to-office").tap()
    assert sheet.is_visible()
    assert page.locator("#office-sections .office-title").all_inner_texts() == [
        "学习",
        "领导干部讲坛",
        "人员",
        "审批",
        "系统",
    ]
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    page.locator(".to-office").tap()
    page.get_by_role("link", name="覆盖率").tap()
    page.wait_for_url("**/coverage")
    assert not sheet.is_visible()
    page.context.close()


def test_a_secretary_calls_somebody_in_three_taps(site: Site, browser: Browser) -> None:
    page = page_of(site, browser, "secretary", PHONE)
    page.goto("/")
    taps = Taps(page)
    taps.on(page.get_by_role("link", name=re.compile("还没完成")).last)
    taps.on(page.get_by_role("link", name="打电话").first)
    page.wait_for_url(re.compile(r"/members/\w+/phone"))
    page.evaluate(
        """() => document.addEventListener("click", (event) => {
          const a = event.target.closest("a[href^='tel:']");
          if (a) { event.preventDefault(); document.body.dataset.rings = a.href; }
        })"""
    )
    taps.on(page.locator("a[href^='tel:']"))
    assert re.fullmatch(r"tel:1400\d{7}", page.evaluate("document.body.dataset.rings"))
    assert taps.number <= 3
    page.context.close()


def test_a_secretarys_desk_leads_to_a_number_too(site: Site, browser: Browser) -> None:
    page = page_of(site, browser, "secretary", PHONE)
    page.goto("/")
    taps = Taps(page)
    taps.on(page.get_by_role("link", name="打开支部工作台").first)
    taps.on(page.get_by_role("link", name="打电话").first)
    page.wait_for_url(re.compile(r"/members/\w+/phone"))
    assert page.locator("a[href^='tel:']").is_visible() and taps.number == 2
    page.get_by_role("link", name="返回").tap()
    page.wait_for_url(re.compile(r"/desk/\w+"))
    page.context.close()
