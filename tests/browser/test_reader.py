"""A document on a phone: pages turned by button, swipe and key, zoomed, read large, and credited."""

from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.learning.models import Completion, WatchLedger
from academy.library.models import CourseItem, ItemVersion
from academy.media.models import Asset, AssetState, DocumentPage
from tests.browser.stage import PHONE, Stage, stage, until
from tests.support import shelf, waiting
from tests.support.ledger_makers import learner
from tests.support.ledger_makers import lecture as course_of
from tests.support.shortcuts import adopt_file

pytestmark = pytest.mark.browser

SWIPE = """(dx) => {
  const sheet = document.querySelector("[data-sheet]");
  const touch = (x) => new Touch({ identifier: 1, target: sheet, clientX: x, clientY: 300 });
  sheet.dispatchEvent(new TouchEvent("touchstart", { touches: [touch(200)], changedTouches: [touch(200)] }));
  sheet.dispatchEvent(new TouchEvent("touchend", { touches: [], changedTouches: [touch(200 + dx)] }));
}"""


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("reader")) as made:
        yield made


@pytest.fixture
def scene(academy: Stage) -> tuple[Account, str, int]:
    """A course whose only lesson is a document of two pages."""
    leaves = [Image.new("RGB", (620, 877), "white") for _ in range(2)]
    for number, leaf in enumerate(leaves, 1):
        ImageDraw.Draw(leaf).text((60, 60), f"page {number}", fill="black")
    path = academy.folder / "讲义.pdf"
    leaves[0].save(path, save_all=True, append_images=leaves[1:])
    with academy.runtime.db.begin() as tx:
        _, actor, viewer = learner(tx)
        item = course_of(tx, viewer).shown.items[0]
        asset_id = adopt_file(tx, actor, path, path.name, "document").id
        shelf.change_item(tx, item.item_id, kind="document", asset_id=asset_id, title="讲义")
        made = (viewer, item.public_id, item.item_id)
    waiting.until(lambda: _state(academy, asset_id) == AssetState.READY, 120, "the drawn pages")
    with academy.runtime.db.begin() as tx:
        tx.get_one(DocumentPage, (asset_id, 1)).text = "第一页说的话"
    academy.with_password(viewer)
    return made


def _state(academy: Stage, asset_id: int) -> str:
    with academy.runtime.db.read() as tx:
        return tx.get_one(Asset, asset_id).state


def covered(academy: Stage, item_id: int) -> int:
    with academy.runtime.db.read() as tx:
        return tx.scalar(select(WatchLedger.covered).where(WatchLedger.item_id == item_id)) or 0


def test_a_document_is_read_on_a_phone_and_counted_page_by_page(
    academy: Stage, scene: tuple[Account, str, int]
) -> None:
    viewer, item, item_id = scene
    page = academy.sign_in(viewer, PHONE, has_touch=True)
    page.goto(f"/learn/{item}")
    first, second = page.locator("#page-1"), page.locator("#page-2")
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    page.get_by_role("button", name="看文字").click()
    expect(first.get_by_text("第一页说的话")).to_be_visible()
    expect(first.locator("img")).to_be_hidden()
    page.get_by_role("button", name="看原样").click()
    page.get_by_role("button", name="放大").click()
    assert page.evaluate("document.querySelector('#page-1 img').getBoundingClientRect().width") > PHONE[0]
    page.get_by_role("button", name="缩小").click()

    # Back and forth quicker than anybody reads: nothing is said to be read.
    page.evaluate(SWIPE, -150)
    expect(second).to_be_visible()
    page.evaluate(SWIPE, 150)
    expect(first).to_be_visible()
    assert covered(academy, item_id) == 0

    until(page, "document.querySelector('[data-figure]').textContent.includes('1 页')")
    assert covered(academy, item_id) >= 1
    with academy.runtime.db.read() as tx:
        course_id = tx.get_one(CourseItem, item_id).course_id
        assert tx.scalar(select(Completion).where(Completion.course_id == course_id)) is None
    page.keyboard.press("ArrowRight")
    expect(second).to_be_visible()
    assert page.url.endswith("?page=2")
    expect(page.locator("[data-figure]")).to_have_text("全文已读完", timeout=30_000)
    waiting.until(lambda: covered(academy, item_id) == 2, 10, "the credit of both pages")
    expect(page.get_by_role("link", name="下一步")).to_have_attribute("href", f"/learn/{item}/after")
    with academy.runtime.db.read() as tx:
        assert tx.scalar(select(Completion).where(Completion.course_id == course_id)) is not None
    page.goto(f"/learn/{item}")
    expect(page.get_by_text("学完这节课")).to_be_visible()
    assert not academy.errors


def test_a_hit_of_the_search_opens_its_page_wherever_one_stopped(
    academy: Stage, scene: tuple[Account, str, int]
) -> None:
    viewer, item, item_id = scene
    page = academy.sign_in(viewer, PHONE)
    page.goto(f"/learn/{item}")
    until(page, "document.querySelector('[data-figure]').textContent.includes('1 页')")
    assert covered(academy, item_id) >= 1
    page.goto("/")
    page.goto(f"/learn/{item}#page-2")
    expect(page.locator("#page-2")).to_be_visible()
    expect(page.locator("#page-1")).to_be_hidden()


def elder(page: Page, academy: Stage, letters: int) -> None:
    kept = [{"name": "elder", "value": "1", "url": academy.address}]
    page.context.add_cookies([*kept, {"name": "text", "value": str(letters), "url": academy.address}])


@pytest.mark.parametrize(("size", "letters"), [((360, 640), 22), ((390, 844), 30)])
def test_the_elderly_get_text_first_a_page_a_screen_and_keys_that_fit(
    academy: Stage, scene: tuple[Account, str, int], size: tuple[int, int], letters: int
) -> None:
    viewer, item, _ = scene
    page = academy.sign_in(viewer, size, has_touch=True, is_mobile=True)
    elder(page, academy, letters)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"/learn/{item}")
    words = page.locator("#page-1 [data-page-words]")
    expect(words).to_have_text("第一页说的话")
    assert abs(words.evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)") - letters) < 1
    page.wait_for_load_state("networkidle")
    assert not [url for url in fetched if "/m/" in url], "the picture waits until somebody asks for it"
    expect(page.locator(".tabbar")).to_have_count(0)
    for key in page.locator(".reader-bar .button:not([hidden]), .reader-place").all():
        box = key.bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1], box
        assert key.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1"), "its letters fit"
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.get_by_role("button", name="下一页").tap()
    # A page without words is shown as it is.
    expect(page.locator("#page-2 img")).to_be_visible()
    assert not academy.errors


WIDTH = "document.querySelector('#page-1 img').getBoundingClientRect().width"
PINCH = """([from, to]) => {
  const sheet = document.querySelector("[data-sheet]");
  const touch = (identifier, x) => new Touch({ identifier, target: sheet, clientX: x, clientY: 300 });
  const two = (apart) => [touch(1, 195 - apart / 2), touch(2, 195 + apart / 2)];
  const fire = (kind, touches) => sheet.dispatchEvent(
    new TouchEvent(kind, { touches, changedTouches: touches, cancelable: true, bubbles: true }));
  fire("touchstart", two(from));
  fire("touchmove", two(to));
  fire("touchend", []);
}"""


def test_a_picture_is_small_and_enlarged_by_two_fingers_or_two_taps(
    academy: Stage, scene: tuple[Account, str, int]
) -> None:
    viewer, item, _ = scene
    page = academy.sign_in(viewer, PHONE, has_touch=True)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"/learn/{item}")
    until(page, "document.querySelector('#page-1 img').complete")
    page.wait_for_load_state("networkidle")
    assert [url.rpartition("/")[2] for url in fetched if "/m/" in url] == ["001.webp", "002.webp"]
    assert page.evaluate(WIDTH) == PHONE[0]
    page.evaluate(PINCH, [100, 250])
    assert abs(page.evaluate(WIDTH) - 2.5 * PHONE[0]) < 2
    until(page, "document.querySelector('#page-1 img').currentSrc.endsWith('001.jpg')")
    page.evaluate(PINCH, [250, 50])
    assert page.evaluate(WIDTH) == PHONE[0]
    for _ in range(2):
        page.touchscreen.tap(300, 400)
    until(page, f"{WIDTH} === {2 * PHONE[0]}")
    assert page.evaluate("document.querySelector('[data-sheet]').scrollLeft") > 200, "where the finger is"
    for _ in range(2):
        page.touchscreen.tap(300, 400)
    until(page, f"{WIDTH} === {PHONE[0]}")
    expect(page.locator("#page-1")).to_be_visible()
    assert not academy.errors


def test_the_first_page_is_there_within_four_seconds_on_a_weak_line(
    academy: Stage, scene: tuple[Account, str, int]
) -> None:
    viewer, item, _ = scene
    for letters in (22, 0):
        page = academy.sign_in(viewer, (360, 640), has_touch=True, is_mobile=True)
        if letters:
            elder(page, academy, letters)
        page.goto("about:blank")
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        limits = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
        line.send("Network.emulateNetworkConditions", limits)
        page.goto(f"/learn/{item}", wait_until="commit")
        there = "document.querySelector('#page-1 [data-page-words]')" if letters else SHOWN
        until(page, f"Boolean({there})")
        assert page.evaluate("performance.now()") <= 4_000
    assert not academy.errors


SHOWN = "document.querySelector('#page-1 img')?.complete && document.querySelector('#page-1 img').naturalWidth"


def test_without_script_every_page_is_there(academy: Stage, scene: tuple[Account, str, int]) -> None:
    viewer, item, _ = scene
    page = academy.sign_in(viewer, PHONE, java_script_enabled=False)
    page.goto(f"/learn/{item}")
    expect(page.locator("#page-1 img")).to_be_visible()
    page.locator("#page-2 img").scroll_into_view_if_needed()
    expect(page.locator("#page-2 img")).to_be_visible()
    expect(page.get_by_role("button", name="下一页")).to_be_hidden()


@pytest.fixture
def long_scene(academy: Stage, scene: tuple[Account, str, int]) -> tuple[Account, str, int]:
    """The same document with 40 pages of words; their pictures are not there."""
    viewer, item, item_id = scene
    with academy.runtime.db.begin() as tx:
        asset_id = tx.scalars(select(ItemVersion.asset_id).where(ItemVersion.item_id == item_id)).one()
        assert asset_id is not None
        asset = tx.get_one(Asset, asset_id)
        asset.pages = 40
        for number in range(2, 41):
            leaf = tx.get(DocumentPage, (asset_id, number)) or DocumentPage(asset_id=asset_id, number=number)
            leaf.width, leaf.height, leaf.text = 620, 877, f"这是第{number}页的话"
            tx.add(leaf)
    return viewer, item, item_id


def test_pages_of_a_long_document_come_as_they_are_turned_to(
    academy: Stage, long_scene: tuple[Account, str, int]
) -> None:
    viewer, item, item_id = long_scene
    page = academy.sign_in(viewer, PHONE, has_touch=True, is_mobile=True)
    elder(page, academy, 22)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/pages/" in request.url else None)
    page.goto(f"/learn/{item}?page=7")
    expect(page.locator(".document-pages > li.here")).to_contain_text("这是第7页的话")
    assert page.locator(".document-pages > li").count() == 40 and not fetched
    page.get_by_role("button", name="下一页").tap()
    expect(page.locator("#page-8")).to_contain_text("这是第8页的话")
    until(page, "!document.querySelector('#page-9').dataset.later && document.querySelector('#page-9').textContent")
    assert len(fetched) == 1, "the next ones are there before one turns to them"

    # A page that does not come is not read; it comes when there is a network again, or somebody presses the button.
    cut: list[str] = []
    page.route("**/pages/*", lambda route: _cut(route, cut))
    page.keyboard.press("End")
    expect(page.locator("#page-40")).to_contain_text("网络不通")
    before = covered(academy, item_id)
    page.wait_for_timeout(6_000)
    assert cut and covered(academy, item_id) == before
    page.unroute("**/pages/*")
    page.get_by_role("button", name="再试一次").tap()
    expect(page.locator("#page-40")).to_contain_text("这是第40页的话")
    assert page.url.endswith("?page=40")
    waiting.until(lambda: covered(academy, item_id) > before, 30, "the credit of the last page")


def _cut(route: Route, seen: list[str]) -> None:
    seen.append(route.request.url)
    route.abort("internetdisconnected")
