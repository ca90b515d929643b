"""The player on a weak line, on two devices, and for those who want only what they have missed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.library.models import ItemVersion
from academy.media.models import Asset
from academy.media.transcripts import chapters
from tests.browser.player_scene import SECONDS, Scene, add_words, covered_ms, make_scene
from tests.browser.stage import DESK, PHONE, Stage, load, stage, until
from tests.browser.static_requests import StaticRequests

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

PLAY = "() => { const v = document.querySelector('video'); v.muted = true; return v.play(); }"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("player")) as made:
        yield made


@pytest.fixture
def scene(academy: Stage) -> Scene:
    return make_scene(academy)


def watch(page: Page, seconds: float) -> None:
    page.evaluate(PLAY)
    until(page, f"document.querySelector('video').currentTime >= {seconds}")
    page.evaluate("document.querySelector('video').pause()")


def test_each_module_is_fetched_once_and_kept(academy: Stage, scene: Scene) -> None:
    """Preloads, the page's script and imports between modules all mean the same file by the same address."""
    page = academy.sign_in(scene.viewer, PHONE)
    requests = StaticRequests(page)
    page.goto(f"/learn/{scene.item}")
    until(page, "document.querySelector('[data-player]').hasAttribute('data-own')")
    page.wait_for_load_state("networkidle")
    modules = {file for file in requests.asked if file.startswith("/static/js/")}
    assert {"/static/js/player.js", "/static/js/player-ledger.js", "/static/js/answers.js"} <= modules
    assert requests.wrong() == []


def test_what_was_watched_without_a_line_is_sent_on_a_later_visit(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.goto(f"/learn/{scene.item}")
    page.route("**/api/v1/progress/heartbeats", lambda route: route.abort())
    watch(page, 5)
    expect(page.locator("[data-status]")).to_contain_text("待上传")
    assert covered_ms(academy, scene) == 0
    page.goto("about:blank")
    page.unroute("**/api/v1/progress/heartbeats")
    page.goto(f"/learn/{scene.item}")
    expect(page.locator("[data-status]")).to_contain_text("已全部记录")
    assert 4_000 <= covered_ms(academy, scene) <= 8_000
    academy.errors.clear()  # the lost line shows in the console, as it should


def test_the_second_device_is_asked_and_takes_over(academy: Stage, scene: Scene) -> None:
    first = academy.sign_in(scene.viewer, PHONE)
    first.goto(f"/learn/{scene.item}")
    first.evaluate(PLAY)
    until(first, "document.querySelector('video').currentTime > 1")
    second = academy.sign_in(scene.viewer)
    second.goto(f"/learn/{scene.item}")
    second.evaluate("() => { document.querySelector('video').play().catch(() => {}); }")  # the question stops it
    expect(second.locator("dialog[open] [data-ask-text]")).to_be_visible()
    second.locator("[data-ask-yes]").click()
    until(second, "!document.querySelector('video').paused")
    expect(first.locator("dialog[open] [data-ask-text]")).to_be_visible(timeout=30_000)
    until(first, "document.querySelector('video').paused")
    academy.errors.clear()


def test_only_what_is_missing_is_played(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.goto(f"/learn/{scene.item}")
    watch(page, 6)
    expect(page.locator("[data-status]")).to_contain_text("已全部记录")
    page.evaluate("document.querySelector('video').currentTime = 0")
    page.locator("[data-only]").click()
    expect(page.locator("[data-only]")).to_have_attribute("aria-pressed", "true")
    until(page, "document.querySelector('video').currentTime >= 5")
    held = covered_ms(academy, scene)
    assert 5_000 <= held < SECONDS * 1000, held


def test_it_goes_on_where_it_stopped_on_any_device(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.goto(f"/learn/{scene.item}")
    watch(page, 7)
    expect(page.locator("[data-status]")).to_contain_text("已全部记录")
    page.close()
    other = academy.sign_in(scene.viewer)
    other.goto(f"/learn/{scene.item}")
    expect(other.locator("[data-resumed]")).to_contain_text("上次看到")
    until(other, "document.querySelector('video').currentTime > 4")


def add_chapters(academy: Stage, scene: Scene) -> None:
    with academy.runtime.db.begin() as tx:
        item = tx.scalars(select(ItemVersion).where(ItemVersion.item_id == scene.item_id)).one()
        asset = tx.get_one(Asset, item.asset_id)
        chapters.put_chapters(tx, asset, [(0, "开场"), (12_000, "第二部分")])


def test_the_bar_shows_the_place_and_leads_there(academy: Stage, scene: Scene) -> None:
    add_chapters(academy, scene)
    page = academy.sign_in(scene.viewer)
    page.goto(f"/learn/{scene.item}")
    load(page)
    bar = page.locator("[data-seek]")
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(page.locator("[data-preview-title]")).to_have_text("第二部分")
    until(page, "document.querySelector('[data-preview-image]').style.backgroundImage.includes('storyboard.jpg')")
    expect(page.locator("[data-preview-image]")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    until(page, "Math.abs(document.querySelector('video').currentTime - 18) < 1.5")
    assert "第二部分" in (bar.get_attribute("aria-valuetext") or "")
    bar.press("ArrowLeft")
    until(page, "Math.abs(document.querySelector('video').currentTime - 13) < 1.5")
    page.locator("[data-chapters] a", has_text="开场").click()
    until(page, "document.querySelector('video').currentTime < 3")
    expect(page.locator("[data-chapters] a[aria-current]")).to_have_text("0:00开场")
    assert not academy.errors


def opened(academy: Stage, scene: Scene, size: tuple[int, int] = DESK, script: str = "", **options: object) -> Page:
    page = academy.sign_in(scene.viewer, size, **options)
    if script:
        page.add_init_script(script)
    page.goto(f"/learn/{scene.item}")
    load(page)
    page.evaluate("document.querySelector('video').currentTime = 0")
    return page


AT = "document.querySelector('video').currentTime"


def test_one_row_holds_the_player_by_mouse_and_by_keys(academy: Stage, scene: Scene) -> None:
    add_words(academy, scene)
    page = opened(academy, scene)
    row = page.get_by_role("group", name="播放控制")
    assert not page.evaluate("document.querySelector('video').controls"), "the browser's own row is gone"
    expect(page.locator("[data-now]")).to_have_text("0:00")
    row.get_by_role("button", name="前进 10 秒").click()
    until(page, f"Math.abs({AT} - 10) < 0.5")
    expect(page.locator("[data-live]")).to_have_text("到 0:10")
    expect(page.locator("[data-now]")).to_have_text("0:10")
    expect(page.locator("[data-said]")).to_have_text("第2句")
    row.get_by_role("button", name="后退 10 秒").click()
    until(page, f"{AT} < 0.5")
    row.get_by_role("button", name="播放").click()
    until(page, f"{AT} > 0.3")
    expect(row.get_by_role("button", name="暂停")).to_be_visible()
    page.locator("video").click()
    until(page, "document.querySelector('video').paused")
    expect(page.locator("[data-sign]")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press(" ")
    until(page, "!document.querySelector('video').paused")
    page.keyboard.press(" ")
    page.keyboard.press("m")
    expect(page.locator("[data-mute]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("c")
    expect(page.locator("[data-said]")).to_have_text("")
    expect(page.locator("[data-live]")).to_have_text("字幕已关闭")
    at = page.evaluate(AT)
    page.keyboard.press("ArrowRight")
    until(page, f"Math.abs({AT} - {at} - 5) < 0.5")
    page.keyboard.press("?")
    expect(page.locator("dialog[data-help]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[data-help]")).to_be_hidden()
    page.get_by_role("button", name="快捷键").click()
    page.get_by_role("button", name="知道了").click()
    page.wait_for_timeout(100)
    expect(page.locator("html.waiting")).to_have_count(0)  # nothing is being opened
    page.reload()
    expect(page.locator("[data-captions]")).to_have_attribute("aria-pressed", "false")
    assert not academy.errors


def test_the_whole_screen_keeps_row_captions_and_words(academy: Stage, scene: Scene) -> None:
    add_words(academy, scene)
    page = opened(academy, scene)
    page.keyboard.press("f")
    until(page, "document.fullscreenElement?.hasAttribute('data-stage')")
    expect(page.locator("[data-full]")).to_have_text("退出全屏")
    page.locator("[data-words-beside]").click()
    expect(page.locator("[data-stage] [data-transcript] a").first).to_be_visible()
    page.locator("[data-words-beside]").click()
    expect(page.locator(".watch > [data-transcript]")).to_have_count(1)
    page.locator("[data-toggle]").click()
    page.mouse.move(700, 200)
    row = page.locator("[data-under]")
    until(page, "document.querySelector('[data-stage]').hasAttribute('data-idle')", 15)
    expect(row).to_have_css("opacity", "0")
    expect(page.locator("[data-said]")).to_have_text(re.compile(r"第\d句"))
    page.mouse.move(720, 240)
    expect(row).to_have_css("opacity", "1")
    page.locator("[data-full]").click()
    until(page, "document.fullscreenElement === null")
    expect(page.locator("[data-full]")).to_have_text("全屏")
    assert not academy.errors


NONE = "for (const name of ['requestFullscreen', 'webkitRequestFullscreen']) delete Element.prototype[name];"
APPLE = f"""{NONE} Object.defineProperty(HTMLVideoElement.prototype, 'webkitSupportsFullscreen', {{value: true}});
HTMLVideoElement.prototype.webkitEnterFullscreen = function () {{
  window.entered = true; this.dispatchEvent(new Event('webkitbeginfullscreen')); }};"""
SMALL = """[...document.querySelectorAll('[data-controls] button, [data-controls] label, [data-seek]')].filter(
  (e) => e.offsetWidth && Math.min(e.offsetWidth, e.offsetHeight) < 48).map((e) => e.outerHTML)"""
MODE = "document.querySelector('video').textTracks[0].mode"


def test_a_phone_that_fills_the_screen_with_its_own_player(academy: Stage, scene: Scene) -> None:
    add_words(academy, scene)
    page = opened(academy, scene, PHONE, APPLE, has_touch=True, is_mobile=True)
    assert page.evaluate(SMALL) == []
    assert page.evaluate(MODE) == "hidden", "the page writes them"
    page.locator("[data-full]").tap()
    until(page, "window.entered === true")
    assert page.evaluate(MODE) == "showing", "there the phone writes them"
    page.evaluate("document.querySelector('video').dispatchEvent(new Event('webkitendfullscreen'))")
    assert page.evaluate(MODE) == "hidden"
    assert not academy.errors


def test_a_web_view_that_knows_no_full_screen_gives_its_window(academy: Stage, scene: Scene) -> None:
    page = opened(academy, scene, PHONE, NONE, has_touch=True, is_mobile=True)
    page.locator("[data-full]").tap()
    box = page.locator("[data-stage]").bounding_box()
    assert box is not None and (box["width"], box["height"]) == PHONE
    page.locator("[data-toggle]").tap()
    until(page, "document.querySelector('[data-stage]').hasAttribute('data-idle')", 15)
    page.touchscreen.tap(195, 300)
    until(page, "!document.querySelector('[data-stage]').hasAttribute('data-idle')")
    assert not page.evaluate("document.querySelector('video').paused"), "the first touch only shows the row"
    page.touchscreen.tap(195, 300)
    until(page, "document.querySelector('video').paused")
    page.locator("[data-full]").tap()
    expect(page.locator("[data-stage]")).not_to_have_attribute("data-filling", "")
    assert not academy.errors


def test_where_scripts_fail_the_browser_holds_the_player(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.route("**/player-controls.js", lambda route: route.abort())
    page.goto(f"/learn/{scene.item}")
    expect(page.locator("video[controls]")).to_be_visible()
    expect(page.locator("[data-controls]")).to_be_hidden()
    academy.errors.clear()  # the script that did not come


DEAR = "Object.defineProperty(navigator, 'connection', {value: {saveData: true, addEventListener() {}}});"


@pytest.mark.parametrize(("choice", "played"), [("low", "240p"), ("sound", "audio")])
def test_a_dear_line_is_asked_before_the_first_byte(academy: Stage, scene: Scene, choice: str, played: str) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.add_init_script(DEAR)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"/learn/{scene.item}")
    page.locator("[data-toggle]").click()
    asked = page.locator(f"[data-cost] button[data-choice={choice}]")
    expect(asked).to_contain_text(re.compile(r"[\d.]+ MB"))
    page.wait_for_timeout(500)
    assert not [url for url in fetched if ".m3u8" in url or ".m4s" in url]
    page.evaluate("document.querySelector('video').muted = true")
    asked.click()
    until(page, "document.querySelector('video').currentTime > 1")
    segments = [url for url in fetched if url.endswith(".m4s")]
    assert segments and all(f"/{played}/" in url for url in segments)
    assert not academy.errors
