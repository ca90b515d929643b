"""A lecture on the phone, in flight mode: kept, watched, the browser killed, the server killed, two phones, another
person, a newer release. In Chromium, with a real film and a real worker."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.learning import rules
from academy.learning.models import PlaybackLease
from academy.library.api import withdraw_course
from academy.library.models import Course, CourseItem
from academy.media.keeping.kept_files import kept_sizes
from academy.media.models import Asset
from tests.browser.page_checks import faults
from tests.browser.player_scene import Scene, add_words, covered_ms, make_scene
from tests.browser.stage import CHROMIUM, CHROMIUM_FLAGS, PHONE, Stage, sign_in, stage, until
from tests.support import factories, waiting

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

# Twice as fast as spoken, which is the most that counts: the tests take half the time.
PLAY = "() => { const v = document.querySelector('video'); v.muted = true; v.playbackRate = 2; return v.play(); }"
CONTROLLED = "async () => Boolean((await navigator.serviceWorker.ready).active)"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("offline")) as made:
        yield made


@pytest.fixture
def scene(academy: Stage) -> Scene:
    """A lecture with words that can be kept, and somebody who will."""
    made = make_scene(academy)
    add_words(academy, made)
    waiting.until(lambda: "sound" in _sizes(academy, made), 60, "the files to be kept")
    return made


def _sizes(academy: Stage, scene: Scene) -> dict[str, int]:
    with academy.runtime.db.read() as tx:
        course = tx.get_one(CourseItem, scene.item_id).course
        asset = tx.get_one(Asset, next(item.asset_id for item in course.shown.items if item.item_id == scene.item_id))
        return kept_sizes(asset)


def keep(page: Page, scene: Scene, form: str = "sound") -> None:
    """Put the lecture onto this phone, from the lecture's own page."""
    page.goto(f"/learn/{scene.item}")
    page.locator("[data-keep-link]").click()
    page.locator(f"input[name=form][value={form}]").check()
    page.locator("[data-begin]").click()
    expect(page.locator("[data-done]")).to_be_visible()
    assert page.evaluate(CONTROLLED)


def watch_to_the_end(page: Page) -> None:
    page.evaluate(PLAY)
    until(page, "document.querySelector('video').ended", 40)


def length_ms(academy: Stage, scene: Scene) -> int:
    with academy.runtime.db.read() as tx:
        return tx.scalars(select(PlaybackLease.extent).where(PlaybackLease.item_id == scene.item_id)).first() or 0


def killed(folder: Path) -> None:
    """Kill the browser that uses this folder, without a chance to save anything."""
    mine = f"--user-data-dir={folder}"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if mine in line:
            os.kill(int(entry.name), signal.SIGKILL)


def phone(academy: Stage, folder: Path) -> BrowserContext:
    """A browser with a disk: it is the same one after it has been killed."""
    width, height = PHONE
    made = academy.browser.browser_type.launch_persistent_context(
        folder,
        executable_path=CHROMIUM,
        args=CHROMIUM_FLAGS,
        viewport={"width": width, "height": height},
        base_url=academy.address,
        locale="zh-CN",
    )
    made.set_default_timeout(60_000)
    return made


def test_watched_in_flight_mode_it_is_credited_exactly_after_browser_and_server_were_killed(
    academy: Stage, scene: Scene, tmp_path: Path
) -> None:
    context = phone(academy, tmp_path)
    sign_in(context.new_page(), scene.viewer)
    context.close()  # the browser writes its cookies to the disk now; else within half a minute
    context = phone(academy, tmp_path)
    page = context.new_page()
    keep(page, scene)
    context.set_offline(True)
    page.goto("/library")  # whatever is asked for
    expect(page.locator("[data-no-network]")).to_be_visible()
    assert faults(page) == []
    page.locator("[data-line-open]").click()
    expect(page.locator("[data-play-title]")).to_have_text("第1讲")
    assert faults(page) == []
    watch_to_the_end(page)
    expect(page.locator(".player-slide")).to_be_visible()
    expect(page.locator("[data-end-title]")).to_have_text("已学完")
    expect(page.locator("[data-end-said]")).to_contain_text("记录还没有送到")
    assert covered_ms(academy, scene) == 0
    killed(tmp_path)
    academy.web.kill()
    context = phone(academy, tmp_path)
    page = context.new_page()
    page.goto("/offline")  # the network is there, the server is not
    expect(page.locator("[data-line-open]")).to_be_visible()
    assert covered_ms(academy, scene) == 0
    academy.web.start()
    waiting.until(lambda: covered_ms(academy, scene) == length_ms(academy, scene), 30, "all of it, and no more")
    page.goto("/my/record")
    expect(page.locator("#learnt")).to_be_visible()
    context.close()


def test_twice_on_two_phones_it_counts_once_and_the_film_shows(academy: Stage, scene: Scene) -> None:
    phones = [academy.sign_in(scene.viewer, PHONE) for _ in range(2)]
    for page in phones:
        keep(page, scene, "film")
        page.context.set_offline(True)
        page.goto(f"/offline?play={scene.item}")
    played: list[tuple[int, int]] = []
    for page, seconds in zip(phones, (6, 4), strict=True):
        page.evaluate(PLAY)
        until(page, f"document.querySelector('video').currentTime >= {seconds}")
        page.evaluate("document.querySelector('video').pause()")
        assert page.evaluate("document.querySelector('video').videoWidth") > 0
        waiting.until(lambda: page.evaluate(QUEUED), 10, "the record on the phone")  # noqa: B023 - in this round
        played += [(start, end) for start, end in page.evaluate(QUEUED)]
    exactly = rules.length(rules.close((), played, length_ms(academy, scene)))
    for page in phones:
        page.context.set_offline(False)
        page.goto("/offline")
        waiting.until(lambda: not page.evaluate(QUEUED), 30, "the report")  # noqa: B023 - in this round
    assert covered_ms(academy, scene) == exactly
    academy.errors.clear()


def test_signing_out_deletes_it_and_so_does_another_person(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    keep(page, scene)
    page.goto("/my/record")
    page.locator("main form[action='/sign-out'] button").first.click()
    page.wait_for_url("**/sign-in")
    page.goto("/offline")
    expect(page.locator("[data-empty]")).to_be_visible()
    sign_in(page, scene.viewer)
    keep(page, scene)
    page.context.clear_cookies()  # the session has ended by itself
    page.goto("/offline")
    expect(page.locator("[data-locked]")).to_be_visible()
    expect(page.locator("[data-line-open]")).to_have_count(0)
    other = stranger(academy)
    sign_in(page, other)
    page.goto("/offline")
    expect(page.locator("[data-empty]")).to_be_visible()
    academy.errors.clear()


def stranger(academy: Stage) -> Account:
    with academy.runtime.db.begin() as tx:
        made = factories.account(tx, factories.member(tx, factories.organisation(tx)))
    return academy.with_password(made)


def test_a_withdrawn_lecture_goes_at_the_next_contact(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    keep(page, scene)
    with academy.runtime.db.begin() as tx:
        course = tx.get_one(Course, tx.get_one(CourseItem, scene.item_id).course_id)
        withdraw_course(tx, factories.actor_of(tx, tx.get_one(Account, course.created_by)), course, reason="过时")
    page.goto("/offline")
    expect(page.locator("[data-line-state]")).to_contain_text("下架")
    expect(page.locator("[data-line-open]")).to_be_hidden()
    assert page.evaluate(PIECES) == 0
    page.locator("[data-line-remove]").click()
    expect(page.locator("[data-empty]")).to_be_visible()
    academy.errors.clear()


QUEUED = """() => new Promise((done) => {
  const open = indexedDB.open("academy-beats");
  open.onsuccess = () => {
    const all = open.result.transaction("beats").objectStore("beats").getAll();
    all.onsuccess = () => { open.result.close(); done(all.result.flatMap((record) => record.spans)); };
  };
})"""
PIECES = """() => new Promise((done) => {
  const open = indexedDB.open("academy-kept");
  open.onsuccess = () => {
    const count = open.result.transaction("pieces").objectStore("pieces").count();
    count.onsuccess = () => { open.result.close(); done(count.result); };
  };
})"""


def test_an_interrupted_download_goes_on_and_can_be_stopped(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    page.goto(f"/my/offline/{scene.item}")
    page.route("**/kept/*.webp", lambda route: route.abort())
    page.locator("[data-begin]").click()
    expect(page.locator("[data-fetch]")).to_be_visible()
    page.locator("[data-stop]").click()
    expect(page.locator("[data-begin-text]")).to_have_text("接着存")
    page.unroute("**/kept/*.webp")
    page.goto("/offline")
    expect(page.locator("[data-line-state]")).to_contain_text("存了一部分")
    page.locator("[data-line-more]").click()
    expect(page.locator("[data-line-open]")).to_be_visible()
    expect(page.locator("[data-space]")).to_contain_text("MB")
    page.locator("[data-all]").click()
    page.locator("[data-ask-all] button[value=yes]").click()
    expect(page.locator("[data-empty]")).to_be_visible()
    academy.errors.clear()


def test_a_newer_release_replaces_the_page_by_one_key_and_a_switch_removes_the_worker(
    academy: Stage, scene: Scene
) -> None:
    page = academy.sign_in(scene.viewer, PHONE)
    keep(page, scene)
    page.goto("/offline")
    before = page.evaluate(VERSIONS)
    academy.web.kill()
    academy.web.start(ACADEMY_CITY_NAME="云溪市新版")
    page.goto("/")  # as ever, from the server; the worker is the old one
    bar = page.locator("[data-update]")
    expect(bar).to_be_visible(timeout=30_000)
    with page.expect_navigation():
        bar.locator("button").click()
    until(page, "navigator.serviceWorker.controller !== null")
    after = page.evaluate(VERSIONS)
    assert len(after) == 1 and after != before
    page.context.set_offline(True)
    page.goto("/offline")
    expect(page.locator(".brand")).to_contain_text("云溪市新版")
    expect(page.locator("[data-line-open]")).to_be_visible()
    page.context.set_offline(False)
    academy.web.kill()
    academy.web.start(ACADEMY_OFFLINE="0")
    page.goto("/")
    waiting.until(lambda: page.evaluate(REGISTRATIONS) == 0, 30, "the worker is gone")
    academy.web.kill()
    academy.web.start()
    academy.errors.clear()


VERSIONS = "async () => (await caches.keys()).sort()"
REGISTRATIONS = "async () => (await navigator.serviceWorker.getRegistrations()).length"
