"""Every page that somebody can reach by links, on a phone and on a desk: whole, labelled, readable, usable by key.

One page of each endpoint is looked at, with the axe rules of WCAG 2.2 A and AA and a few checks of our own.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select

from academy.accounts.models import Account
from tests.browser.page_checks import AXE, DESK, LOOK, OBSCURED, PHONE, ROLES, axe_script, context, walk
from tests.browser.sample_site import Site, sample_site
from tests.browser.stage import CHROMIUM
from tests.browser.static_requests import USES, StaticRequests
from tests.browser.unlinked_pages import NO_PAGES, unlinked, unseen
from tools import messages

pytestmark = pytest.mark.browser

EXPECTED = {
    "accounts.sign_in",
    "home.home",
    "learn.play",
    "library.course",
    "members.organisation",
    "review.course",
    "studio.course",
    "trainings.coverage",
    "trainings.mine",
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

# What a page says in Chinese, outside of what is marked as Chinese (the other language's own name).
CHINESE = """() => {
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.parentElement.closest("[lang=zh], script, template")) said.push(text.data);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt", "data-label"])
    for (const e of document.querySelectorAll(`[${name}]`)) said.push(e.getAttribute(name));
  for (const e of document.querySelectorAll("[data-words]"))
    said.push(...Object.values(JSON.parse(e.dataset.words)).flat());
  return [...new Set(said.map((text) => text.trim()))].filter((text) => /[\\u3400-\\u9fff]/.test(text));
}"""


def _ours() -> re.Pattern[str]:
    """Every Chinese sentence of the catalogue, with anything in its places; single words may be somebody's data."""
    ids = [one for m in messages.read("en") if m.id for one in ([m.id] if isinstance(m.id, str) else m.id[:1])]
    pieces = [re.split(r"%\(\w+\)s", one) for one in ids]
    worth = [parts for parts in pieces if len(messages.CHINESE.findall("".join(parts))) > 3]
    return re.compile("|".join(".+".join(map(re.escape, parts)) for parts in worth))


OURS = _ours()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sample_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_script()


def every_page(site: Site, page: Page, who: str, seen: set[str | None]) -> Iterator[str]:
    """What links lead to, then what none leads to; each is open when its address comes."""
    yield from walk(site, page, who, seen)
    for _name, address in unlinked(site, who, seen):
        answer = page.goto(site.url + address)
        assert answer and answer.status == 200, address
        seen.add(site.endpoint(address))
        yield address


def problems(site: Site, opened: BrowserContext, axe: str, least: int, who: str, seen: set[str | None]) -> list[str]:
    """What is wrong with the pages that `who` can reach: by axe, by our own look, by the browser's console."""
    page = opened.new_page()
    found: list[str] = []
    page.on("console", lambda entry: found.append(entry.text) if entry.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    requests = StaticRequests(page)
    wrong: list[str] = []
    for address in every_page(site, page, who, seen):
        page.evaluate("scrollTo(0, 0)")  # what a bar at the edge covers in passing is no fault
        page.evaluate(axe)
        found += [*page.evaluate(LOOK, least), *page.evaluate(AXE), *page.evaluate(OBSCURED), *requests.wrong()]
        wrong += [f"{who} {address}: {what}" for what in found]
        found.clear()
    return wrong


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "dark-desk"])
def test_pages_are_whole_and_accessible(
    site: Site, browser: Browser, axe: str, size: tuple[int, int], theme: str
) -> None:
    """Each page in light and in dark, narrow and wide; in every form on every screen: `make screenshots`."""
    seen: set[str | None] = set(NO_PAGES)
    wrong: list[str] = []
    for who in ROLES:
        seen.discard("home.home")  # everybody's own
        with context(site, browser, who, size, theme=theme) as opened:
            wrong += problems(site, opened, axe, 44, who, seen)
    assert "\n".join(wrong) == ""
    assert seen >= EXPECTED, "a page that nobody reaches by links"
    assert unseen(site, seen) == [], "pages that nobody looked at: see tests/browser/unlinked_pages.py"


OFFICERS = ("city", "trainer", "reviewer", "auditor", "security", "secretary", "system")


def test_the_largest_print_fits_every_page_of_officers(site: Site, browser: Browser, axe: str) -> None:
    """Letters of 30 px on a phone, on one page of each endpoint that an office leads to."""
    seen: set[str | None] = set(NO_PAGES)
    wrong: list[str] = []
    for who in OFFICERS:
        with context(site, browser, who, PHONE, elder="1", text="30") as opened:
            wrong += problems(site, opened, axe, 60, who, seen)
    assert "\n".join(wrong) == ""
    assert len(seen) > 40


def ink(page: Page, html: str) -> int:
    """How much black a piece of a page leaves on paper, printed as browsers do: without backgrounds."""
    page.evaluate("html => { document.body.innerHTML = html; document.body.style.zoom = 4; }", html)
    document = pdfium.PdfDocument(page.pdf(print_background=False))
    picture = document[0].render(scale=1, grayscale=True).to_pil()
    document.close()
    return sum((255 - level) * count for level, count in enumerate(picture.histogram())) // 255


FULL_AND_EMPTY = {
    "dots": (
        '<span class="dots"><i class="on"></i><i class="on"></i></span>',
        '<span class="dots"><i></i><i></i></span>',
    ),
    "progress": ('<progress max="10" value="10"></progress>', '<progress max="10" value="0"></progress>'),
    "bar": (
        '<svg class="bar" viewBox="0 0 1000 8"><rect class="bar-back" width="1000" height="8"/>'
        '<rect class="bar-fill" width="1000" height="8"/></svg>',
        '<svg class="bar" viewBox="0 0 1000 8"><rect class="bar-back" width="1000" height="8"/></svg>',
    ),
}


@pytest.mark.parametrize("kind", list(FULL_AND_EMPTY))
def test_paper_shows_who_has_studied(site: Site, browser: Browser, kind: str) -> None:
    """Whatever says by its fill how far somebody is, says it on paper too."""
    with context(site, browser, "city", DESK) as opened:
        page = opened.new_page()
        page.goto(site.url + "/coverage")
        full, empty = (ink(page, html) for html in FULL_AND_EMPTY[kind])
    assert full > 1.5 * empty + 50, (full, empty)


@pytest.mark.parametrize("text", ["22", "30"])
def test_large_print_fits_the_phone(site: Site, browser: Browser, axe: str, text: str) -> None:
    with context(site, browser, "member", PHONE, elder="1", text=text) as opened:
        assert not problems(site, opened, axe, 60, "member", set(NO_PAGES))
        page = opened.new_page()
        page.goto(site.url)
        size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert abs(size - int(text)) < 0.1


def test_english_fits_too(site: Site, browser: Browser, axe: str) -> None:
    with context(site, browser, "city", PHONE, lang="en") as opened:
        assert not problems(site, opened, axe, 44, "city", set(NO_PAGES))


@pytest.mark.parametrize("who", ["member", "city", "trainer", "system"])
def test_english_pages_say_no_sentence_of_ours_in_chinese(site: Site, browser: Browser, who: str) -> None:
    """Courses and names are written as people wrote them; what the academy says itself is translated."""
    found = set()
    with site.app.extensions["academy"].db.read() as tx:
        names = set(tx.scalars(select(Account.display_name)))
    with context(site, browser, who, PHONE, lang="en") as opened:
        page = opened.new_page()
        seen: set[str | None] = set(NO_PAGES)
        for address in walk(site, page, who, seen):
            found |= {(site.endpoint(address), text) for text in page.evaluate(CHINESE) if OURS.fullmatch(text)}
    assert len(seen) > len(NO_PAGES) + 3
    assert {(address, text) for address, text in found if text not in names} == set()


def test_every_library_has_its_use(site: Site) -> None:
    fetched = {path.name for path in (Path(site.app.static_folder or "") / "vendor").glob("*.js")}
    assert fetched == set(USES), "package.json names what no page asks for, or the other way round"


NUMBERED = """(list) => [...document.querySelectorAll(list + " > li")].map((one) => {
  const { listStyleType, paddingInlineStart } = getComputedStyle(one.parentElement);
  return listStyleType + " " + (parseFloat(paddingInlineStart) > 10);
})"""


def test_steps_are_numbered_with_room_for_their_numbers(site: Site, browser: Browser) -> None:
    with context(site, browser, "secretary", PHONE) as opened:
        page = opened.new_page()
        page.goto(site.url + "/help/member")
        assert set(page.evaluate(NUMBERED, ".help-steps")) == {"decimal true"}
        page.goto(site.url + "/desk")
        page.locator("details.confirm summary", has_text="激活条").click()
        page.locator("details.confirm[open] button", has_text="生成激活条").click()
        page.locator(".slip-steps").first.wait_for()
        assert set(page.evaluate(NUMBERED, ".slip-steps")) == {"decimal true"}


def test_keys_reach_the_content_first(site: Site, browser: Browser) -> None:
    with context(site, browser, "member", DESK) as opened:
        page = opened.new_page()
        page.goto(site.url + "/display")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_menu_opens_and_closes_by_key(site: Site, browser: Browser) -> None:
    with context(site, browser, "member", DESK) as opened:
        page = opened.new_page()
        page.goto(site.url + "/display")
        page.locator(".menu summary").focus()
        page.keyboard.press("Enter")
        assert page.locator(".menu-body").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator(".menu-body").is_visible()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_page_that_takes_long_says_that_it_is_coming(site: Site, browser: Browser) -> None:
    with context(site, browser, "member", PHONE) as opened:
        page = opened.new_page()
        page.goto(site.url + "/me/data")
        signs = page.locator(".under-way")
        assert not signs.is_visible()
        with page.expect_download():
            page.get_by_role("link", name="下载全部信息").click()
        assert not signs.is_visible(), "a download leaves the page where it is"
        # An answer that leaves the browser where it is: while one is awaited, nobody can look at the page.
        page.route(re.compile("/display"), lambda route: route.fulfill(status=204))
        page.locator("a[href^='/display']").last.evaluate("a => a.click()")
        signs.wait_for(state="visible", timeout=5000)
        words = page.locator(".under-way span")
        assert words.evaluate("e => getComputedStyle(e).opacity") == "0", "only when it takes a second"
        page.wait_for_timeout(1500)
        assert words.evaluate("e => getComputedStyle(e).opacity") == "1"
        page.unroute(re.compile("/display"))
        page.goto(site.url + "/display")
        assert not signs.is_visible()
