"""The caption editor by keyboard: unsure lines first, steps back, saved by itself."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from academy.core.actor import Role
from academy.core.errors import Invalid
from academy.media import queries, service
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText
from academy.media.captions.formats import markup
from tests.browser.page_checks import faults
from tests.browser.stage import DESK, PHONE, Stage, stage
from tests.support import factories

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
    with academy.runtime.db.begin() as tx:
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
    with academy.runtime.db.read() as tx:
        assert [c.text for c in queries.cues_of(tx, asset_id)] == ["同志们好今天学习党章", "两学一做", "乡村振兴"]
        script = queries.transcript_of(tx, asset_id)
    assert script is not None and script.origin == "manual"
    for size in (PHONE, DESK):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert faults(page) == []

    page.reload()
    page.locator("summary", has_text="以前的版本").click()
    page.locator(".caption-versions a").click()
    expect(page.locator("del", has_text="乡村振兴")).to_be_visible()
    expect(page.locator("ins", has_text="乡村振性")).to_be_visible()
    page.get_by_role("button", name="恢复这个版本").click()
    expect(page.locator(".caption-rows textarea")).to_have_count(3)
    assert texts(page)[1:] == ["两学一坐", "乡村振性"]
    assert not academy.errors


PIECES = (
    "NOTE 说明", "STYLE\n::cue { color: red }", "REGION\nid:x", "章节一", "1", "", "", "", "NOTE\n两行",
    "00:01.000 --> 00:02.000", "00:00:03.000 --> 00:00:04.000 align:start",
    "01:02:03.500 --> 01:02:04.000",
    "同志们 &amp; 好", "<v 主讲人>你好</v> &lt;video&gt;", "<i>一</i><b>二</b>",
    "<00:01.500>三", "<c.red>四</c>", "5 > 3 &gt; 2",
    "a &notin; b &lt c", "<ruby>学<rt>xue</rt></ruby>",
)  # fmt: skip
READ = """async text => {
  const track = document.createElement('track');
  track.default = true; track.kind = 'subtitles';
  track.src = URL.createObjectURL(new Blob([text], {type: 'text/vtt'}));
  const video = document.createElement('video');
  const done = new Promise((ok, bad) => { track.onload = ok; track.onerror = bad; });
  video.append(track); document.body.append(video); track.track.mode = 'hidden';
  await done;
  const ms = seconds => Math.round(seconds * 1000);
  return [...track.track.cues].map(c => [ms(c.startTime), ms(c.endTime), c.getCueAsHTML().textContent]);
}"""


def test_webvtt_is_read_as_chromium_reads_it(academy: Stage) -> None:
    """Where the format's own rules are kept: what only we read (blank lines in a cue) is left out here."""
    draw = random.Random(5)
    page = academy.context().new_page()
    page.goto("/sign-in")
    compared = 0
    for _ in range(150):
        blocks = [draw.choice(PIECES) for _ in range(draw.randrange(3, 25))]
        text = "WEBVTT\n\n" + "\n".join(blocks) + "\n"
        try:
            parsed = caption_files.parse_captions("a.vtt", text.encode())
        except Invalid:
            assert page.evaluate(READ, text) == [] or "-->" in text
            continue
        if parsed.counts.get("joined") or parsed.trimmed:
            continue
        theirs = [(start, end, markup.plain(words)) for start, end, words in page.evaluate(READ, text)]
        assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == sorted(one for one in theirs if one[2]), text
        compared += 1
    assert compared > 30


FOREIGN = [
    {"status": 200, "content_type": "text/html", "body": "<p>请先登录无线网络"},
    {"status": 200, "content_type": "application/json", "body": '{"ok": true}'},
    {"status": 404, "content_type": "text/html", "body": "nginx"},
    {"status": 403, "content_type": "application/json", "body": '{"title": "blocked"}'},
    {"status": 502, "content_type": "text/html", "body": "bad gateway"},
]


def test_lines_are_kept_until_the_academy_itself_has_them(academy: Stage) -> None:
    """Whatever a proxy answers; and through a closed page, where they are offered again."""
    with academy.runtime.db.begin() as tx:
        who = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        asset = factories.asset(tx, who, state="processing")
        service.replace_cues(tx, asset, LINES, "asr")
        asset_id, address = asset.id, f"/studio/captions/{asset.public_id}"
    page = academy.sign_in(academy.with_password(who))
    answers = list(FOREIGN)

    def answer(route: Route) -> None:
        if route.request.method != "PUT" or not answers:
            route.continue_()
        else:
            route.fulfill(**answers.pop(0))  # type: ignore[arg-type]

    page.route("**/api/v1/media/**", answer)
    page.goto(address)
    page.locator(".caption-rows textarea").nth(2).fill("乡村振兴")
    while answers:
        with page.expect_response("**/api/v1/media/**"):
            page.keyboard.press("Control+s")
        expect(page.locator("[data-state]")).to_have_text("网络断开了，恢复后会自动保存。")
    page.on("dialog", lambda dialog: dialog.accept())
    answers[:] = FOREIGN
    page.reload()
    expect(page.locator("[data-draft]")).to_be_visible()
    page.get_by_role("button", name="放回编辑框").click()
    assert texts(page)[2] == "乡村振兴"
    answers.clear()
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_have_text("已保存", timeout=20_000)
    with academy.runtime.db.read() as tx:
        assert [c.text for c in queries.cues_of(tx, asset_id)][2] == "乡村振兴"
    page.reload()
    expect(page.locator("[data-draft]")).to_be_hidden()
    academy.errors.clear()
