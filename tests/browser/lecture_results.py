"""A lecture once it is given, step by step through the pages: roll, recording, evaluations, contest, note, viewers."""

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.lecture_steps import HANDOUT, MENDED, TITLE, day_text
from tests.browser.life_scene import JUDGES, LECTURER, NAMES, STUDENTS, TERM, City, confirm
from tests.browser.stage import ROOT, lecture, plays

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
CONTEST = "2027 年春季优秀课程评比"


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
    expect(page.locator("main")).to_contain_text("谢谢，已经交上")
    return page


def evaluate(city: City) -> None:
    """The day after: the lecturer's own view, and that of the six who were there."""
    _answer(city, "lecturer", "自评", 4, "例子再多一个。")
    for place, who in enumerate((*STUDENTS, "peer")):
        _answer(city, who, "他评", 5 if place < 3 else 4, PRAISE if who == "third" else "")
    page = city.open("viewer", "/evaluations")
    expect(page.locator("main")).to_contain_text("没有要评的课")
    page = city.page("lecturer")
    page.goto(_results(city))
    expect(page.locator("main")).to_contain_text("他评（学员和同行） 正在进行")
    assert "平均分" not in page.locator("main").inner_text(), "before it is closed nobody sees figures"


def _results(city: City) -> str:
    return f"/faculty/lectures/{city.lecture_id}/results"


def read_results(city: City) -> None:
    """Once the fortnight is over: figures for the lecturer, and the comment after the office has read it."""
    page = city.until_shown("lecturer", _results(city), "离散程度")
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


def nominate(city: City) -> None:
    """The contest of the term: a lecture, and judges of whom one is of the lecturer's unit."""
    office = city.open("office", "/contests")
    office.get_by_label("学期").select_option(label=TERM)
    office.get_by_label("名称").fill(CONTEST)
    for label, value in (("名额", "1"), ("每门课至少几位评委打分", "3"), ("公示几天", "3")):
        office.get_by_label(label).fill(value)
    office.get_by_role("button", name="开始评比").click()
    office.locator("#lecture").select_option(index=0)
    office.get_by_label("推荐理由").fill("用三个村的账讲清了制度。")
    office.get_by_role("button", name="推荐", exact=True).click()
    for who in (*JUDGES, "peer"):
        office.get_by_label("党员编号").fill(city.numbers[who])
        office.get_by_role("button", name="请为评委").click()
    confirm(office, "结束推荐，开始打分", "开始打分")
    expect(office.locator("main")).to_contain_text("已有 0 位评委打分")


def score(city: City) -> None:
    """Each judge scores; the colleague has to abstain; the result is announced, and an objection answered."""
    for points, who in zip((90, 92, 94), JUDGES, strict=True):
        page = _at_contest(city, who)
        for one in page.locator("section input[inputmode=numeric]").all():
            one.fill(str(points))
        page.get_by_role("button", name="打分", exact=True).click()
        expect(page.locator("main")).to_contain_text("已打分")
    barred = _at_contest(city, "peer")
    expect(barred.locator("main")).to_contain_text("讲课人是您单位的，请回避。")
    expect(barred.locator("section input[inputmode=numeric]")).to_have_count(0)
    office = city.page("office")
    office.reload()
    confirm(office, "结束打分，公示结果", "公示结果")
    expect(office.locator("main")).to_contain_text("得分 92.00，3 位评委")
    asked = city.open("supporter", office.url)
    asked.locator("textarea[name=body]").fill("评委里应当有村干部。")
    asked.get_by_role("button", name="提交异议").tap()
    expect(asked.locator("main")).to_contain_text("异议已经提交")
    office.reload()
    office.locator("summary", has_text="处理这条异议").click()
    office.get_by_label("处理意见").fill("评委按规则请，已当面说明。")
    office.get_by_role("button", name="处理", exact=True).click()
    expect(office.locator("main")).to_contain_text("评委按规则请，已当面说明。")
    confirm(office, "公布结果", "公布")
    expect(office.locator("main")).to_contain_text("公示还没有结束")
    city.forgive(409)


def _at_contest(city: City, who: str) -> Page:
    page = city.until_shown(who, "/notifications", f"请为“{CONTEST}”打分。")
    page.get_by_role("button", name=re.compile("打分")).click()
    expect(page.locator("h1")).to_have_text(CONTEST)
    return page


def publish_and_certify(city: City, folder: Path) -> dict[str, Path]:
    """After the days for objections: chosen, and certified by a note; its files by kind."""
    office = city.page("office")
    office.goto("/contests")
    office.get_by_role("link", name=CONTEST).click()
    confirm(office, "公布结果", "公布")
    expect(office.locator("section[id^=n-]", has_text=TITLE)).to_contain_text("入选")
    office.get_by_role("button", name="出具证明").click()
    expect(office.locator("main")).to_contain_text("已出具 1 份证明。")
    made = {}
    for kind, label in (("pdf", "下载 PDF"), ("json", "下载签名数据")):
        with office.expect_download() as waiting_for:
            office.get_by_role("link", name=label).click()
        made[kind] = folder / f"note.{kind}"
        waiting_for.value.save_as(made[kind])
    return made


def check_notes(city: City, files: dict[str, Path], day: dt.date) -> None:
    """Anybody finds out what a file is, on the page and on the command line; an altered copy is none."""
    page = city.on.context().new_page()
    for kind, file in files.items():
        state = _checked(page, file)
        expect(state).to_contain_text("真实有效")
        for shown in (LECTURER, "中共河湾县委员会", TITLE, CONTEST, "92.00", day.isoformat()):
            expect(page.locator("main")).to_contain_text(shown)
        assert _verified(city, file) == (0, "valid")
        altered = file.with_stem("altered")
        data = file.read_bytes()
        altered.write_bytes(data.replace(LECTURER.encode(), NAMES["peer"].encode()))
        assert altered.read_bytes() != data, kind
        expect(_checked(page, altered)).to_contain_text("内容被改过")
        expect(page.locator("main")).not_to_contain_text(CONTEST)
    assert _verified(city, altered) == (1, "altered")
    page.context.close()


def _checked(page: Page, file: Path) -> Locator:
    page.goto("/notes/check")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="核验").click()
    return page.locator("main")


def _verified(city: City, file: Path) -> tuple[int, str]:
    """Exit code and state of `flask faculty verify-note`."""
    line = [sys.executable, "-m", "flask", "--app", "wsgi", "faculty", "verify-note", str(file)]
    done = subprocess.run(line, cwd=ROOT, env=city.on.web.environ, capture_output=True, text=True, check=False)
    found = re.search(r'"state": "(\w+)"', done.stdout)
    return done.returncode, found.group(1) if found else done.stderr


def find_and_watch(city: City) -> None:
    """A member of another county finds a sentence of the lecture, comes to its second, watches and is credited."""
    phone = city.open("viewer", "/")
    phone.locator("form.search input[name=q]").fill(SOUGHT)
    phone.locator("form.search input[name=q]").press("Enter")
    phone.get_by_role("link", name=SOUGHT).first.tap()
    phone.wait_for_url(re.compile(rf"/learn/[a-z0-9]{{16}}\?t={AT_SECOND}$"))
    plays(phone)
    here = phone.evaluate("document.querySelector('video').currentTime")
    assert AT_SECOND - 0.5 <= here <= AT_SECOND + 8, here
    phone.evaluate(
        "() => { const v = document.querySelector('video'); v.currentTime = 0; v.playbackRate = 2; return v.play(); }"
    )
    expect(phone.locator("[data-figure]")).to_contain_text("这节课已学完", timeout=60_000)
    expect(phone.locator("[data-status]")).to_contain_text("已全部记录", timeout=30_000)
    phone.goto("/my/record")
    expect(phone.locator("#learnt").locator("..")).to_contain_text(TITLE)


def stand_together(city: City, day: dt.date) -> None:
    """The lecture's page joins what became of it: lecturer, texts as taught, recording and words."""
    phone = city.open("viewer", f"/lectures/{city.lecture_id}")
    expect(phone.locator("main")).to_contain_text(day_text(day))
    phone.locator("summary", has_text="看讲了什么").tap()
    expect(phone.locator(".transcript li")).to_have_count(len(SAID))
    expect(phone.get_by_role("link", name="看录像")).to_be_visible()
    assert not phone.get_by_role("link", name="教案").count(), "how it is taught is for those who teach"
    phone.get_by_role("link", name="讲义").tap()
    expect(phone.locator("main")).to_contain_text(HANDOUT[0])
    mine = city.open("lecturer", f"/lectures/{city.lecture_id}")
    mine.get_by_role("link", name="教案").click()
    expect(mine.locator("main")).to_contain_text(MENDED)
