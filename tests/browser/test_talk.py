"""Talk under a lecture in a browser: from a note to an answer at its second, a clip that plays exactly itself, and what
was typed without a network."""

import re
from collections.abc import Iterator
from importlib import resources

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.core.actor import Role
from academy.library.models import ItemVersion
from academy.media import service as media
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset
from academy.talk.models import Clip, Note
from tests.browser.page_checks import AXE
from tests.browser.player_scene import SECONDS, Scene, make_scene
from tests.browser.stage import DESK, PHONE, Stage, stage, until
from tests.support import factories as make
from tests.support import waiting
from tests.support.ledger_makers import learner

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

TOUCH = {"has_touch": True, "is_mobile": True}
WORDS = (
    "请大家坐下听课",
    "账目每个月公开一次",
    "名单贴在村部墙上",
    "工程招标要有三家",
    "有意见当面提出来",
    "散会以后打扫卫生",
)
WIDE = """() => {
  const most = document.documentElement.clientWidth;
  const shown = (e) => getComputedStyle(e).overflowX === "visible";
  const free = (e) => !e || e === document.body || (shown(e) && free(e.parentElement));
  const past = (e) => e.getBoundingClientRect().right > most + 1 && free(e.parentElement);
  const all = [...document.querySelectorAll(".transcript *, .under-talk *")];
  return all.filter(past).map((e) => e.outerHTML.slice(0, 90));
}"""


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("talk")) as made:
        yield made


@pytest.fixture
def scene(academy: Stage) -> Scene:
    made = make_scene(academy)
    say(academy, made, WORDS)
    return made


def say(academy: Stage, scene: Scene, words: tuple[str, ...], at: int = 0) -> None:
    """A caption every four seconds."""
    with academy.runtime.db.begin() as tx:
        item = tx.scalars(select(ItemVersion).where(ItemVersion.item_id == scene.item_id)).one()
        lines = [CueText(at + n * 4000, at + n * 4000 + 4000, text) for n, text in enumerate(words)]
        media.replace_cues(tx, tx.get_one(Asset, item.asset_id), lines, "manual")


def note_of(academy: Stage, scene: Scene) -> Note | None:
    with academy.runtime.db.read() as tx:
        return tx.scalar(select(Note).where(Note.item_id == scene.item_id))


def open_sheet(page: Page, line: int) -> None:
    key = page.locator(".line-more").nth(line)
    key.scroll_into_view_if_needed()
    key.click()
    expect(page.locator("dialog.talk-sheet")).to_be_visible()


def test_from_a_note_to_an_answer_that_follows_its_sentence(academy: Stage, scene: Scene) -> None:
    with academy.runtime.db.begin() as tx:
        course = tx.scalars(select(ItemVersion).where(ItemVersion.item_id == scene.item_id)).one().course
        trainer, other = make.account(tx, None, (Role.TRAINER, course.organisation)), learner(tx)[2]
    academy.with_password(trainer)
    academy.with_password(other)
    member = academy.sign_in(scene.viewer, PHONE, **TOUCH)
    member.goto(f"/learn/{scene.item}")
    keys = member.locator(".line-more")
    expect(keys).to_have_count(len(WORDS))
    expect(keys.nth(2)).to_have_accessible_name("更多 0:08")
    open_sheet(member, 2)
    expect(member.locator("dialog [data-quote]")).to_have_text(WORDS[2])
    member.get_by_role("button", name="记笔记").tap()
    member.locator("#note-body").fill("明天去看名单")
    expect(member.locator("[data-form=note] [data-state]")).to_have_text("已保存")
    member.get_by_role("button", name="保存").tap()
    expect(member.locator("dialog.talk-sheet")).to_be_hidden()
    expect(keys.nth(2)).to_be_focused()
    expect(member.locator("[data-note-list]")).to_contain_text("明天去看名单")
    open_sheet(member, 2)
    member.get_by_role("button", name="提问").tap()
    member.locator("#question").fill("名单多久换一次？")
    member.get_by_role("button", name="提交").tap()
    expect(member.locator("dialog [data-said]")).to_contain_text("老师看过以后")
    desk = academy.sign_in(trainer)
    desk.goto("/questions")
    desk.get_by_role("link", name="名单多久换一次").click()
    desk.get_by_label("回答，大家都看得到").fill("每季度换一次。")
    desk.get_by_role("button", name="回答并公开").click()
    say(academy, scene, ("先讲两句别的", *WORDS[:2], "名单都贴在村部的墙上", *WORDS[3:5]))
    waiting.until(
        lambda: (note_of(academy, scene) or Note(place_start=0)).place_start == 12_000, 60, "the followed note"
    )
    reader = academy.sign_in(other)
    reader.goto(f"/learn/{scene.item}")
    reader.get_by_role("link", name="打开").click()
    line = reader.locator("[data-question]")
    expect(line).to_contain_text("每季度换一次。")
    expect(line).to_contain_text("现在的文字：名单都贴在村部的墙上")
    expect(line.locator("a[data-start]")).to_have_text(re.compile("0:12"))
    assert "明天去看名单" not in reader.content()
    line.locator("a[data-start]").click()
    until(reader, "document.querySelector('video').currentTime >= 12")
    expect(line).to_have_attribute("data-here", "")
    reader.evaluate("document.querySelector('video').pause()")
    member.reload()
    member.get_by_role("link", name="打开").tap()
    expect(member.locator("[data-note]")).to_contain_text("明天去看名单")
    assert not academy.errors


def test_a_clip_plays_from_its_first_sentence_to_the_end_of_its_last(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, PHONE, **TOUCH)
    page.goto(f"/learn/{scene.item}")
    open_sheet(page, 3)
    page.get_by_role("button", name="从这里分享").tap()
    page.locator("#clip-ends").select_option("16000")
    page.get_by_role("button", name="生成地址").tap()
    field = page.locator("[data-address-text]")
    expect(field).to_have_value(re.compile("/clips/[0-9a-z]{16}$"))
    address = field.input_value()
    with academy.runtime.db.read() as tx:
        made = tx.scalars(select(Clip).where(Clip.item_id == scene.item_id)).one()
        assert (made.place_start, made.place_end) == (12_000, 20_000)
    with academy.runtime.db.begin() as tx:
        friend = learner(tx)[2]
    page = academy.sign_in(academy.with_password(friend), PHONE, **TOUCH)
    page.goto(address)
    assert page.locator("[data-text]").all_inner_texts() == list(WORDS[3:5])
    page.evaluate("""() => {
      const v = document.querySelector('video');
      v.muted = true;
      window.seen = [];
      v.addEventListener('timeupdate', () => v.paused || window.seen.push(v.currentTime));
      return v.play();
    }""")
    over = page.locator("[data-clip-over]")
    expect(over).to_be_visible(timeout=60_000)
    first, last, at, paused = page.evaluate(
        "() => { const v = document.querySelector('video');"
        " return [window.seen[0], Math.max(...window.seen), v.currentTime, v.paused]; }"
    )
    assert 12 <= first < 13 and last <= 20.3 and abs(at - 20) < 0.05 and paused
    over.get_by_role("button", name="再看一遍").tap()
    until(page, "document.querySelector('video').currentTime < 14 && !document.querySelector('video').paused")
    expect(over).to_be_hidden()
    page.get_by_role("link", name="看整节课").tap()
    page.wait_for_url(lambda url: f"/learn/{scene.item}" in url and "t=12" in url)
    assert SECONDS > 20 and not academy.errors


def test_what_is_typed_without_a_network_is_kept_and_sent_later(academy: Stage, scene: Scene) -> None:
    page = academy.sign_in(scene.viewer, DESK)
    page.goto(f"/learn/{scene.item}")
    open_sheet(page, 1)
    page.context.set_offline(True)
    page.get_by_role("button", name="记笔记").click()
    page.locator("#note-body").fill("断网时写的")
    expect(page.locator("[data-form=note] [data-state]")).to_contain_text("已存在这台设备上")
    page.keyboard.press("Escape")
    open_sheet(page, 4)
    page.get_by_role("button", name="提问").click()
    page.locator("#question").fill("还没有写完的问题")
    page.close()  # in mid-sentence, without a network
    assert note_of(academy, scene) is None
    context = academy.browser.contexts[-1]
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"/learn/{scene.item}")
    waiting.until(lambda: (note_of(academy, scene) or Note(body="")).body == "断网时写的", 30, "the note that was kept")
    open_sheet(page, 4)
    page.get_by_role("button", name="提问").click()
    expect(page.locator("#question")).to_have_value("还没有写完的问题")
    academy.errors.clear()  # the lost line shows in the console


@pytest.mark.parametrize(
    ("size", "letters", "theme"), [((320, 640), 30, "dark"), ((390, 844), 22, "light"), (DESK, 0, "dark")]
)
def test_list_and_sheet_fit_and_are_accessible(
    academy: Stage, scene: Scene, size: tuple[int, int], letters: int, theme: str
) -> None:
    page = academy.sign_in(scene.viewer, size)
    cookies = {"theme": theme, "elder": "1" if letters else "0", "text": str(letters or 22)}
    page.context.add_cookies(
        [{"name": name, "value": value, "url": academy.address} for name, value in cookies.items()]
    )
    page.goto(f"/learn/{scene.item}")
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text())
    page.get_by_role("link", name="打开").click()
    expect(page.locator("[data-talk-questions]")).to_be_visible()
    assert page.evaluate(AXE) == []
    assert page.evaluate(WIDE) == []
    open_sheet(page, 0)
    assert page.evaluate(AXE) == []
    for act in ("记笔记", "提问", "从这里分享"):
        page.get_by_role("button", name=act, exact=True).click()
        save = page.locator("dialog.talk-sheet form:not([hidden]) button[type=submit]")
        box = save.bounding_box()
        assert box is not None and box["height"] >= (60 if letters else 44)
        assert page.evaluate(AXE) == []
        page.keyboard.press("Escape")
        expect(page.locator(".line-more").first).to_be_focused()
        page.keyboard.press("Enter")
    assert not academy.errors
