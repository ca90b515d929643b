"""A lecture when it is given and after, step by step through the pages: roll, recording, the three evaluations."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.lecture_steps import TITLE
from tests.browser.life_scene import NAMES, STUDENTS, City
from tests.browser.stage import lecture, plays

SAID = (
    "各位乡亲，今天讲村里的账。",
    "先说为什么要公开。",
    "账清了，心才齐。",
    "鱼塘承包费一分一厘写清楚。",
    "五百元以上附票据。",
    "今天就讲到这里。",
)
SECONDS = 3 * len(SAID)
SOUGHT, AT_SECOND = "鱼塘承包费", 9
BY_CODE, BY_NAME = ("asker", "supporter", "third"), ("fourth", "fifth")
PRAISE = "算账的办法回去就能用。"


def sign_the_roll(city: City) -> None:
    """In the classroom: three by the code on the screen, which is refused once it is another; one not at all."""
    office = city.open("office", "/faculty/lectures")
    office.get_by_role("link", name=TITLE).click()
    office.get_by_role("link", name="到课名单").click()
    office.get_by_role("link", name="投影签到码").click()
    city.lecture_id = lecture_id = office.url.split("/")[-3]
    for who in BY_CODE:
        phone = city.page(who)
        if who == BY_CODE[0]:
            phone.goto(f"/roll/{lecture_id}?code=000000x")
            phone.get_by_role("button", name="签到").tap()
            expect(phone.locator("main")).to_contain_text("签到码已经换了")
            city.forgive(422)
        office.reload()
        phone.goto(f"/roll/{lecture_id}?code={office.locator('.roll-code').inner_text()}")
        phone.get_by_role("button", name="签到").tap()
        expect(phone.locator("main")).to_contain_text("已签到")
    office.reload()
    expect(office.locator("#code")).to_contain_text("已签到 3 人")


def confirm_and_complete_the_roll(city: City) -> None:
    """After it the office confirms that it was held, and enters those without a phone and a colleague by number."""
    office = city.open("office", "/faculty/lectures")
    office.get_by_role("link", name=TITLE).click()
    expect(office.locator("section", has=office.locator("#material"))).to_contain_text("已通过")
    office.get_by_label("编号或存放处").fill("2027 年第 3 号签到表")
    office.get_by_role("button", name="登记已授课").click()
    expect(office.locator("main")).to_contain_text("2027 年第 3 号签到表")
    expect(office.locator("#material").locator("..")).to_contain_text("讲的是第 2 版")
    office.get_by_role("link", name="到课名单").click()
    office.get_by_label("再加学员").fill("\n".join(city.numbers[who] for who in BY_NAME))
    office.get_by_label("再加听课的同行").fill(city.numbers["peer"])
    office.get_by_role("button", name="保存名单").click()
    expect(office.locator("main")).to_contain_text("已登记，到课 6 人。")
    assert office.locator("label.choice", has_text="扫码").count() == len(BY_CODE)
    expect(office.locator("label.choice", has_text="同行")).to_contain_text(NAMES["peer"])


def record_and_publish(city: City, folder: Path) -> None:
    """The trainer makes a course of the recording, with its words; the reviewer watches and publishes it."""
    studio = city.open("trainer", "/studio/recordings")
    studio.locator("li", has_text=TITLE).get_by_role("button", name="做成课程").click()
    expect(studio.locator("main")).to_contain_text("请上传录像，配好字幕再送审")
    studio.locator("#drop-files").set_input_files(lecture(folder, SECONDS))
    expect(studio.locator(".item-row")).to_contain_text("可以播放", timeout=180_000)
    studio.locator("summary", has_text="上传字幕").click()
    lines = [f"{n + 1}\n00:00:{n * 3:02},000 --> 00:00:{n * 3 + 3:02},000\n{text}\n" for n, text in enumerate(SAID)]
    srt = {"name": "字幕.srt", "mimeType": "", "buffer": "\n".join(lines).encode()}
    studio.set_input_files("input[name=captions]", srt)  # type: ignore[arg-type]
    studio.get_by_role("button", name="导入字幕").click()
    expect(studio.locator("#caption-list")).to_contain_text(f"字幕 {len(SAID)} 条")
    studio.get_by_role("button", name="提交审阅").click()
    expect(studio.locator("main")).to_contain_text("等待审阅")
    desk = city.open("reviewer", "/review")
    desk.get_by_role("link", name=TITLE).click()
    plays(desk)
    desk.get_by_role("button", name="通过并发布").click()
    expect(desk.locator("main")).to_contain_text("已通过并发布")
    city.until_shown("supporter", "/notifications", f"您点的“{TITLE}”讲过了，录像在课程里，可以看了。")


def _answer(city: City, who: str, kind: str, mark: int, words: str = "") -> Page:
    """Somebody answers the evaluation of this kind that is open for them."""
    page = city.until_shown(who, "/evaluations", kind)
    page.locator(".card", has_text=kind).get_by_role("link", name="去评价").click()
    for scale in page.locator("fieldset.scale").all():
        scale.locator("label.scale-mark", has_text=str(mark)).click()
    if words:
        page.locator("main textarea").fill(words)
    page.get_by_role("button", name="交上评价").click()
    expect(page.locator("main")).to_contain_text(
        "谢谢，自评已经交上" if kind == "自评" else "谢谢，已经交上。评价不记名"
    )
    return page


def evaluate(city: City) -> None:
    """The day after: the lecturer's own view, and that of the six who were there."""
    _answer(city, "lecturer", "自评", 4, "例子再多一个。")
    for place, who in enumerate((*STUDENTS, "peer")):
        _answer(city, who, "他评", 5 if place < 3 else 4, PRAISE if who == "third" else "")
    page = city.open("viewer", "/evaluations")
    expect(page.locator("main")).to_contain_text("没有要评的课")
    page = city.open("lecturer", "/teaching")
    expect(page.locator("main")).to_contain_text("5 年内应讲 1 次，已讲 1 次。")
    page.goto(_results(city))
    expect(page.locator("main")).to_contain_text("他评（学员和同行） 正在进行")
    assert "平均分" not in page.locator("main").inner_text(), "before it is closed nobody sees figures"


def _results(city: City) -> str:
    return f"/faculty/lectures/{city.lecture_id}/results"


def read_results(city: City) -> None:
    """Once the fortnight is over: figures for the lecturer, and the comment after the office has read it."""
    page = city.until_shown("lecturer", _results(city), "离散程度", without="正在进行")  # each closes by itself
    card = page.locator(".card", has_text="他评（学员和同行）")
    expect(card.locator("tr", has_text="对工作是否有帮助")).to_contain_text("4.5")
    expect(page.locator(".card", has_text="自评").locator("tr", has_text="备课是否充分")).to_contain_text("4")
    assert PRAISE not in page.locator("main").inner_text()
    office = city.open("office", "/faculty/comments")
    office.locator(".card", has_text=PRAISE).get_by_role("button", name="转给讲课人").click()
    expect(office.locator("main")).to_contain_text("已处理")
    page.reload()
    expect(page.locator(".card", has_text="他评（学员和同行）")).to_contain_text(PRAISE)


def follow_up(city: City) -> None:
    """Half a year later the nightly job asks those who were there to learn, and not the colleague."""
    for place, who in enumerate(STUDENTS):
        _answer(city, who, "跟评", 5 if place else 3)
    page = city.open("peer", "/evaluations")
    assert "跟评" not in page.locator("main").inner_text()


def read_follow_up(city: City) -> None:
    """A month after that its figures are shown."""
    page = city.until_shown("lecturer", _results(city), "用上了多少")
    expect(page.locator(".card", has_text="跟评").locator("tr", has_text="用上了多少")).to_contain_text("4.6")
