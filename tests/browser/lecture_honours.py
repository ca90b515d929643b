"""What becomes of a lecture later, step by step through the pages: the contest, the note, who finds and watches it."""

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.lecture_results import AT_SECOND, SAID, SOUGHT
from tests.browser.lecture_steps import HANDOUT, MENDED, TITLE, day_text
from tests.browser.life_scene import JUDGES, LECTURER, NAMES, TERM, City, confirm
from tests.browser.page_checks import faults
from tests.browser.stage import ROOT, plays

CONTEST = "2027 年春季优秀课程评比"


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


def see_the_whole_life(city: City, day: dt.date) -> None:
    """One page for the office: each station with its day and what shows it."""
    page = city.open("office", f"/faculty/lectures/{city.lecture_id}")
    page.get_by_role("link", name="看这次课的全程").click()
    stations = {
        "asked": (TITLE, "2 人点了这一题"),
        "matched": ("乡村振兴", "看配餐"),
        "invited": (f"请{LECTURER}讲", "自己点链接答复"),
        "reviewed": ("教案 第 1 版", "已退回", "教案 第 2 版", "讲课用的就是这一版", "讲义 第 1 版"),
        "there": ("到课 6 人", "2027 年第 3 号签到表", day_text(day)),
        "recorded": ("录像上架了",),
        "reached": ("1 人开始学", "1 人学完", "中共东岭县委员会"),
        "judged": ("应评 6 人，已评 6 人", "应评 5 人，已评 5 人", "4.6"),
        "chosen": (CONTEST, "入选", f"{LECTURER}的评比结果证明", "有效"),
    }
    for station, shown in stations.items():
        section = page.locator(f"section[aria-labelledby={station}]")
        for words in shown:
            expect(section).to_contain_text(words)
    assert faults(page) == [], "the fullest page of its kind: the walk through the sample city looks at the first only"
