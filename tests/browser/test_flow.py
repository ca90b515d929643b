"""The academy's whole work, end to end, as people do it: roster in, a lecture in, learning, figures out.

Everything is real: web and worker processes, uploads, encoding, index, Chromium playing the video.
"""

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Role
from academy.people.models import Organisation
from tests.browser.stage import PASSWORD, PHONE, Stage, lecture, plays, stage
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

SECONDS = 24
SAID = [
    "各位乡亲，今天讲移风易俗。",
    "红白喜事不大操大办。",
    "村民自治靠大家商量。",
    "村规民约写进土地复垦的事。",
    "不攀比，不浪费。",
    "党员要带头做到。",
    "老人的事大家帮。",
    "今天就讲到这里。",
]
SOUGHT, AT_SECOND = "土地复垦", 9
LEARNER, COLLEAGUE, NEIGHBOUR = ("P2001", "田守成"), ("P2002", "马青山"), ("P2003", "陆远征")


@dataclass
class City:
    """A city with a county, a town and two branches, and its officers. Nobody is in the roster yet."""

    town: Organisation
    branch: Organisation
    other: Organisation
    administrator: Account
    trainer: Account
    reviewer: Account


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("academy")) as made:
        yield made


@pytest.fixture(scope="module")
def city(academy: Stage) -> City:
    with academy.runtime.db.begin() as tx:
        top = factories.organisation(tx, level="city", name="清江市委")
        county = factories.organisation(tx, top, level="county", name="河湾县委")
        town = factories.organisation(tx, county, level="town", name="柳林镇党委")
        branch = factories.organisation(tx, town, name="柳树村党支部")
        other = factories.organisation(tx, town, name="桥头村党支部")
        made = City(
            town,
            branch,
            other,
            factories.account(tx, None, (Role.NODE_ADMINISTRATOR, top), (Role.ROSTER_OFFICER, top)),
            factories.account(tx, None, (Role.TRAINER, county)),
            factories.account(tx, None, (Role.REVIEWER, top)),
        )
    for officer in (made.administrator, made.trainer, made.reviewer):
        academy.with_password(officer)
    return made


def roster(city: City) -> bytes:
    """A roster as a county sends it: a spreadsheet's CSV in the encoding of its Windows."""
    rows = [("编号", "姓名", "组织代码", "性别", "入党日期")]
    for (number, name), branch in ((LEARNER, city.branch), (COLLEAGUE, city.branch), (NEIGHBOUR, city.other)):
        rows.append((number, name, branch.code, "男", "1985-07-01"))
    return "\r\n".join(",".join(row) for row in rows).encode("gb18030")


def subtitles() -> bytes:
    """One line every three seconds."""
    lines = [f"{n + 1}\n00:00:{n * 3:02},000 --> 00:00:{n * 3 + 3:02},000\n{text}\n" for n, text in enumerate(SAID)]
    return "\n".join(lines).encode()


def test_from_roster_to_export(academy: Stage, city: City, tmp_path: Path) -> None:
    office = academy.sign_in(city.administrator)
    import_roster(office, city)
    code = issue_code(office, LEARNER)

    studio = academy.sign_in(city.trainer)
    course = make_course(studio, lecture(tmp_path, SECONDS))
    desk = academy.sign_in(city.reviewer)
    expect_no_way_to_approve_ones_own(studio, course)
    assert [line for line in academy.errors if "404" not in line] == []
    academy.errors.clear()  # the browser notes that closed door; nothing else may be missing
    review(desk, studio, course)

    open_training(office)
    phone = academy.context(PHONE, has_touch=True, is_mobile=True).new_page()
    activate(phone, LEARNER, code)
    due_on_the_first_page(phone)
    find_what_was_said(phone)
    watch_to_the_end(phone)

    coverage_rises_from_the_branch_to_the_city(office, city)
    export_holds_the_same_names(office)
    assert academy.errors == []


def import_roster(page: Page, city: City) -> None:
    """A bad file is refused with the bad row; the good one is looked at, then taken whole."""
    page.goto("/rosters")
    bad = roster(city) + "\r\nP2004,石磊,没有这个代码,男,1990-01-01".encode("gb18030")
    send_roster(page, "坏的名册.csv", bad)
    expect(page.locator("main")).to_contain_text("没有这个代码", timeout=30_000)
    page.goto("/rosters")
    send_roster(page, "三月名册.csv", roster(city))
    page.locator("details.confirm > summary", has_text="导入").first.click(timeout=30_000)
    page.get_by_role("button", name="确定导入").click()
    expect(page.locator("main")).to_contain_text("全部导入", timeout=30_000)


def send_roster(page: Page, name: str, data: bytes) -> None:
    page.get_by_label("哪个组织的花名册").select_option(index=0)
    page.set_input_files("main input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="上传并检查").click()


def issue_code(page: Page, who: tuple[str, str]) -> str:
    """The branch finds its member and hands out a code."""
    page.goto("/organisations")
    page.get_by_label("姓名、编号或完整手机号").fill(who[0])
    page.get_by_label("姓名、编号或完整手机号").press("Enter")
    page.get_by_role("link", name=who[1]).first.click()
    page.get_by_role("button", name="发激活码").click()
    return page.locator("p.code").inner_text().replace(" ", "")


def make_course(page: Page, video: Path) -> str:
    """An empty form, a video over the resumable upload, captions, and what is missing said in words."""
    page.goto("/studio/new")
    page.get_by_label("标题").fill("移风易俗进农家")
    page.get_by_label("分类").select_option(label="乡村振兴")
    page.get_by_label("简介").fill("从三个村的做法讲起。")
    page.locator("#lecturer").fill("田禾")
    page.get_by_label("单位和职务").fill("柳林镇党委书记")
    page.get_by_label("主讲人是单位“一把手”").check()
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url(re.compile(r"/studio/[a-z0-9]{16}$"))
    address = page.url
    expect(page.locator("#next")).to_contain_text("至少上传一个课件")
    page.locator("#drop-files").set_input_files(video)
    expect(page.locator(".items > li")).to_have_count(1, timeout=60_000)
    expect(page.locator("#next")).to_contain_text("还在处理")
    # The page itself says when the encoding is done: nobody reloads here.
    expect(page.locator(".item-row")).to_contain_text("可以播放", timeout=180_000)
    page.locator("summary", has_text="上传字幕").click()
    page.set_input_files("input[name=captions]", {"name": "字幕.srt", "mimeType": "", "buffer": subtitles()})
    page.get_by_role("button", name="导入字幕").click()
    expect(page.locator("#caption-list")).to_contain_text(f"字幕 {len(SAID)} 条")
    page.get_by_role("button", name="提交审阅").click()
    expect(page.locator("main")).to_contain_text("等待审阅")
    return address.rsplit("/", 1)[-1]


def expect_no_way_to_approve_ones_own(page: Page, course: str) -> None:
    """The trainer holds no reviewer's office: the desk is not there."""
    assert page.goto(f"/review/{course}") is not None
    expect(page.locator("main")).to_contain_text("没有找到")


def review(desk: Page, studio: Page, course: str) -> None:
    """Watched, sent back with a comment, mended, approved by the second pair of eyes."""
    desk.goto("/review")
    desk.get_by_role("link", name="移风易俗进农家").click()
    plays(desk)
    desk.get_by_label("意见").fill("简介里请写明是哪三个村。")
    desk.get_by_role("button", name="退回修改").click()
    studio.goto(f"/studio/{course}")
    expect(studio.locator("main")).to_contain_text("请写明是哪三个村")
    studio.get_by_text("修改资料").click()
    studio.get_by_label("简介").fill("从柳树、桥头、河口三个村的做法讲起。")
    studio.get_by_role("button", name="保存").last.click()
    studio.get_by_role("button", name="提交审阅").click()
    desk.goto("/review")
    desk.get_by_role("link", name="移风易俗进农家").click()
    desk.get_by_role("button", name="通过并发布").click()
    expect(desk.locator("main")).to_contain_text("已通过并发布")


def open_training(page: Page) -> None:
    """A training of the whole city with the new course in it."""
    page.goto("/trainings")
    page.get_by_role("link", name="新建培训").first.click()
    today = clock.today()
    page.get_by_label("名称").fill("基层党员春训")
    page.get_by_label("开始日期").fill(today.isoformat())
    page.get_by_label("结束日期").fill((today + dt.timedelta(days=30)).isoformat())
    page.get_by_label("找课程").fill("移风易俗")
    page.get_by_role("option", name="移风易俗进农家").click()
    page.get_by_role("button", name="保存").last.click()
    page.locator("details.confirm > summary", has_text="开始培训").click()
    page.get_by_role("button", name="确定开始").click()
    expect(page.locator("main .stats").first).to_contain_text("3")


def activate(page: Page, who: tuple[str, str], code: str) -> None:
    """The first time: number, code, a password of one's own."""
    page.goto("/activate")
    page.locator("#number").fill(who[0])
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("激活码").fill(code)
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("新密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="激活并登录").click()
    page.wait_for_url(lambda url: "/activate" not in url)


def due_on_the_first_page(page: Page) -> None:
    page.goto("/")
    expect(page.locator("main")).to_contain_text("基层党员春训")
    proposed = page.get_by_role("region", name="移风易俗进农家")
    expect(proposed.get_by_role("link", name="开始学习")).to_be_visible()


def find_what_was_said(page: Page) -> None:
    """A word that stands in no title, only in what the lecturer said; the tap leads to that second."""
    page.goto("/")
    page.locator("form.search input[name=q]").fill(SOUGHT)
    page.locator("form.search input[name=q]").press("Enter")
    expect(page.locator("main")).to_contain_text("找到 1 门课程")
    page.get_by_role("link", name=SOUGHT).first.click()
    page.wait_for_url(re.compile(rf"/learn/[a-z0-9]{{16}}\?t={AT_SECOND}$"))
    plays(page)
    here = page.evaluate("document.querySelector('video').currentTime")
    assert AT_SECOND - 0.5 <= here <= AT_SECOND + 8, here


def watch_to_the_end(page: Page) -> None:
    """From the beginning at double speed; what was skipped before does not count as seen."""
    page.evaluate(
        "() => { const v = document.querySelector('video'); v.currentTime = 0; v.playbackRate = 2; return v.play(); }"
    )
    expect(page.locator("[data-figure]")).to_contain_text("这节课已学完", timeout=60_000)
    expect(page.locator("[data-status]")).to_contain_text("已全部记录", timeout=30_000)
    page.goto("/")
    expect(page.locator("main")).to_contain_text("目前没有要完成的培训")


def coverage_rises_from_the_branch_to_the_city(page: Page, city: City) -> None:
    """One of two in the branch, one of three in the town and in the city, down to the name."""
    page.goto("/coverage")
    page.get_by_role("link", name="基层党员春训").first.click()
    for node, done, due in (("清江市委", 1, 3), ("河湾县委", 1, 3), ("柳林镇党委", 1, 3), ("柳树村党支部", 1, 2)):
        expect(page.get_by_role("heading", level=1)).to_have_text(node)
        figures = page.locator("dl.figures .stat dd:not(.hint)").all_inner_texts()
        assert figures[0].strip() == str(due), (node, figures)
        assert figures[2].strip() == f"{round(done / due * 100)}%", (node, figures)
        below = {"清江市委": "河湾县委", "河湾县委": "柳林镇党委", "柳林镇党委": "柳树村党支部"}.get(node)
        if below:
            page.locator("table").get_by_role("link", name=below, exact=True).first.click()
    row = page.locator("tr", has_text=LEARNER[1])
    expect(row).to_contain_text("已完成")


def export_holds_the_same_names(page: Page) -> None:
    """The branch's list as a sheet: the same people, the same states."""
    page.locator("details.export > summary").click()
    page.get_by_role("button", name="名单（XLSX）").click()
    link = page.get_by_role("link", name=re.compile(r"\.xlsx$")).first
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        link.click()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(Path(waiting.value.path()).read_bytes())).get_sheet_by_index(0)
    rows = [[str(cell) for cell in row] for row in sheet.to_python()]
    of = {name: next(row for row in rows if name in row) for _, name in (LEARNER, COLLEAGUE)}
    assert any("完成" in cell for cell in of[LEARNER[1]]), rows
    assert not any(cell == "已完成" for cell in of[COLLEAGUE[1]]), rows
    assert not any(NEIGHBOUR[1] in row for row in rows), "only the branch's own"
