"""The player as one screen: keys that are seen, captions beside the slide, nothing fetched before play, and the end."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.core import clock
from academy.learning.models import PlaybackLease, WatchLedger
from academy.library.models import ItemVersion
from tests.browser.player_scene import Scene, add_words, covered_ms, make_scene
from tests.browser.stage import DESK, Stage, load, stage, until

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

TOUCH = {"has_touch": True, "is_mobile": True}
# Every key of the row: its box, and whether its letters fit into it.
KEYS = """[...document.querySelectorAll("[data-controls] > button")].filter((e) => e.offsetWidth).map((e) => {
  const [box, text] = [e.getBoundingClientRect(), e.querySelector("span:last-child")];
  const words = document.createRange();
  words.selectNodeContents(text);
  const letters = words.getBoundingClientRect();
  const over = Math.max(box.left - letters.left, letters.right - box.right);
  const { top, bottom, left, right } = box;
  return { name: text.textContent, top, bottom, left, right, over, size: parseFloat(getComputedStyle(text).fontSize) };
})"""
BOX = """(name) => {
  const { top, bottom, left, right } = document.querySelector(name).getBoundingClientRect();
  return [top, bottom, left, right];
}"""
SHIFTS = """window.shift = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
WHOLE = "() => { const v = document.querySelector('video'); v.muted = true; v.playbackRate = 2; return v.play(); }"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("one-screen")) as made:
        yield made


@pytest.fixture
def scene(academy: Stage) -> Scene:
    return make_scene(academy)


def elder(page: Page, academy: Stage, letters: int) -> None:
    """长辈版 with letters of so many pixels."""
    kept = [{"name": "elder", "value": "1", "url": academy.address}]
    page.context.add_cookies([*kept, {"name": "text", "value": str(letters), "url": academy.address}])


@pytest.mark.parametrize(("size", "letters"), [((360, 640), 22), ((390, 844), 30), ((360, 640), 0), ((390, 844), 0)])
def test_every_key_is_seen_in_one_row_under_the_picture(
    academy: Stage, scene: Scene, size: tuple[int, int], letters: int
) -> None:
    add_words(academy, scene, "一句很长的话，要占好几行才写得下，也不可以挡住幻灯片上的字，句号在第{n}行")
    page = academy.sign_in(scene.viewer, size, **TOUCH)
    if letters:
        elder(page, academy, letters)
    page.add_init_script(SHIFTS)
    page.goto(f"/learn/{scene.item}")
    until(page, "document.querySelector('[data-player]').hasAttribute('data-own')")
    keys = page.evaluate(KEYS)
    assert [key["name"] for key in keys] == ["后退", "播放", "前进", "字幕", "全屏", "更多"]
    assert len({round(key["top"]) for key in keys}) == 1, "one row"
    for key in keys:
        assert key["bottom"] <= size[1] and key["left"] >= 0 and key["right"] <= size[0], key
        assert key["over"] <= 1, key
        assert not letters or abs(key["size"] - letters) < 1, key
    expect(page.locator(".tabbar")).to_have_count(0)
    expect(page.locator(".top")).to_be_hidden()
    title = page.locator("h1").evaluate(
        "(e) => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)"
    )
    assert title < 1.2, "one line"
    page.wait_for_load_state("networkidle")
    load(page)
    page.evaluate("document.querySelector('video').currentTime = 5")
    expect(page.locator("[data-said]")).to_contain_text("句号在第1行")
    picture, said = page.evaluate(BOX, "video"), page.evaluate(BOX, "[data-said]")
    assert said[0] >= picture[1] and keys[0]["top"] >= picture[1], "nothing lies on the picture"
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("window.shift") < 0.05
    assert not academy.errors


def test_a_phone_held_sideways_is_filled_and_captions_stand_beside(academy: Stage, scene: Scene) -> None:
    add_words(academy, scene)
    page = academy.sign_in(scene.viewer, (844, 390), **TOUCH)
    page.goto(f"/learn/{scene.item}")
    until(page, "document.querySelector('[data-stage]').hasAttribute('data-filling')")
    assert page.evaluate(BOX, "[data-stage]") == [0, 390, 0, 844]
    load(page)
    page.evaluate("document.querySelector('video').currentTime = 5")
    expect(page.locator("[data-said]")).to_have_text("第1句")
    picture, said = page.evaluate(BOX, "video"), page.evaluate(BOX, ".player-caption")
    assert said[2] >= picture[3] - 1, "beside the picture"
    assert picture[1] - picture[0] == 390
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, "!document.querySelector('[data-stage]').hasAttribute('data-filling')")
    assert not academy.errors


def test_nothing_of_the_film_is_fetched_before_play(academy: Stage, scene: Scene) -> None:
    add_words(academy, scene)
    page = academy.sign_in(scene.viewer, (360, 640), **TOUCH)
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    kinds: dict[str, str] = {}
    weights: dict[str, int] = {}
    wire.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["response"]["url"]}))
    wire.on(
        "Network.loadingFinished",
        lambda told: (
            weights.update({kinds[told["requestId"]]: int(told["encodedDataLength"])})
            if told["requestId"] in kinds
            else None
        ),
    )
    page.goto(f"/learn/{scene.item}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    media = [url for url in weights if "/m/" in url]
    assert [url.rpartition("/")[2] for url in media] in (["poster.jpg"], ["card.webp"])
    assert not [url for url in weights if "/vendor/" in url]
    before = sum(weight for url, weight in weights.items() if "/m/" not in url)
    page.locator("[data-toggle]").tap()
    until(page, "document.querySelector('video').currentTime > 0.5", 60)
    played = sum(weight for url, weight in weights.items() if "/m/" not in url)
    assert before <= 50_000 and played <= 170_000, (before, played)
    assert [url for url in weights if url.endswith(".m4s")]
    expect(page.locator("[data-said]")).to_have_text("第0句")
    assert not academy.errors


def test_at_the_end_a_panel_says_what_is_done_and_what_comes_next(academy: Stage) -> None:
    scene = make_scene(academy, items=2)
    page = academy.sign_in(scene.viewer, (360, 640), **TOUCH)
    elder(page, academy, 22)
    page.goto(f"/learn/{scene.item}")
    page.evaluate(WHOLE)
    panel = page.locator("[data-end]")
    expect(panel).to_be_hidden()
    expect(panel).to_be_visible(timeout=60_000)
    expect(panel.get_by_role("heading")).to_have_text("已学完")
    expect(panel).to_contain_text("已记录")
    box = panel.bounding_box()
    assert box is not None and (box["width"], box["height"]) == (360, 640), "the whole screen"
    following = panel.locator("a.after-next")
    expect(following).to_have_count(1)
    expect(following).to_contain_text("接着学")
    shown = following.bounding_box()
    assert shown is not None and shown["y"] + shown["height"] <= 640 and shown["height"] >= 60
    expect(panel.get_by_role("link", name="回到课程")).to_be_visible()
    assert covered_ms(academy, scene) >= 23_000
    following.tap()
    page.wait_for_url(lambda url: "/learn/" in url and scene.item not in url)
    assert not academy.errors


def test_an_end_that_is_not_recorded_yet_says_so_and_what_was_skipped_is_offered(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, (390, 844), **TOUCH)
    page.goto(f"/learn/{scene.item}")
    load(page)
    page.route("**/api/v1/progress/heartbeats", lambda route: route.abort())
    page.evaluate("() => { const v = document.querySelector('video'); v.currentTime = 20; return v.play(); }")
    panel = page.locator("[data-end]")
    expect(panel).to_be_visible(timeout=60_000)
    expect(panel.get_by_role("heading")).to_have_text("放完了")
    expect(panel).to_contain_text("记录还没有送到")
    page.unroute("**/api/v1/progress/heartbeats")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(panel.locator("[data-end-said]")).to_have_text("已记录。")
    panel.get_by_role("button", name="看没看过的部分").tap()
    expect(panel).to_be_hidden()
    until(page, "!document.querySelector('video').paused && document.querySelector('video').currentTime < 15")
    academy.errors.clear()  # the lost line shows in the console


def test_a_device_that_was_silent_for_ninety_seconds_is_taken_over_without_a_question(
    academy: Stage, scene: Scene
) -> None:
    first = academy.sign_in(scene.viewer, (390, 844), **TOUCH)
    first.goto(f"/learn/{scene.item}")
    load(first)
    second = academy.sign_in(scene.viewer, DESK)
    second.goto(f"/learn/{scene.item}")
    second.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.play(); }")
    expect(second.locator("dialog[open] [data-ask-text]")).to_have_text(
        re.compile("您的电脑上开着《.+》。要换到这里吗？")
    )
    second.get_by_role("button", name="不换").click()
    with academy.runtime.db.begin() as tx:
        lease = tx.scalars(select(PlaybackLease).where(PlaybackLease.ended_at.is_(None))).all()[-1]
        row = tx.get_one(WatchLedger, (lease.member_id, lease.item_id, lease.item_version))
        lease.started_at = clock.now() - dt.timedelta(seconds=200)
        row.updated_ms = row.last_heartbeat_ms = clock.now_ms() - 91_000
    second.evaluate("() => document.querySelector('video').play()")
    until(second, "document.querySelector('video').currentTime > 1.5")
    expect(second.locator("dialog[open]")).to_have_count(0)
    academy.errors.clear()  # the refusal shows in the console


def test_where_the_line_is_down_play_says_so_and_works_later(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, (360, 640), **TOUCH)
    page.goto(f"/learn/{scene.item}")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.locator("[data-toggle]").tap()
    expect(page.locator("[data-broken]")).to_contain_text("请看看网络通不通")
    until(page, "document.querySelector('video').paused")
    page.context.set_offline(False)
    page.locator("[data-toggle]").tap()
    until(page, "document.querySelector('video').currentTime > 0.5", 60)
    expect(page.locator("[data-broken]")).to_be_hidden()
    academy.errors.clear()  # the lost line shows in the console


def test_without_scripts_the_browser_plays_and_the_way_on_is_a_link(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, (390, 844), java_script_enabled=False)
    page.goto(f"/learn/{scene.item}")
    assert page.locator("video source").get_attribute("src")
    expect(page.locator("[data-controls]")).to_be_hidden()
    page.get_by_role("link", name="看完了，下一步").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("学到这里")
    with academy.runtime.db.read() as tx:
        title = tx.scalars(select(ItemVersion.title).where(ItemVersion.item_id == scene.item_id)).one()
    expect(page.locator("main")).to_contain_text(title)
