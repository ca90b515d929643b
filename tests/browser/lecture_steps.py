"""A lecture before it is given, step by step through the pages: asked for, planned, agreed to, written, reviewed."""

import datetime as dt
import re

from playwright.sync_api import Page, expect

from tests.browser.life_scene import LECTURER, PLACE, TERM, City, confirm
from tests.browser.stage import PHONE

TITLE = "村集体的账怎么公开"
SYLLABUS = ("一、为什么要公开：账清了，心才齐。", "二、公开什么：每一笔收支。", "三、怎样公开：上墙、上网、开会。")
MENDED = "二、公开什么：每一笔收支，五百元以上附票据。"
HANDOUT = ("先听三个村的做法。", "再算一本账。")


def ask_and_support(city: City) -> None:
    """One member asks, another one taps; nobody sees who they are."""
    page = city.open("asker", "/topics")
    page.get_by_role("link", name="点一个新题").first.tap()
    page.get_by_label("想听什么题目").fill(TITLE)
    page.locator("label.choice", has_text="乡村振兴").tap()
    page.get_by_label("最想弄清楚的是").fill("我们村的账贴出来没人看得懂。")
    page.get_by_role("button", name="提交").tap()
    expect(page.locator("main")).to_contain_text("每走一步都会发消息给您")
    page = city.open("supporter", "/topics")
    topic = page.locator("li.topic", has_text=TITLE)
    expect(topic).to_contain_text("1 人想听")
    topic.get_by_role("button", name="我也想听").tap()
    expect(page.locator("li.topic", has_text=TITLE)).to_contain_text("2 人想听")
    assert "田守成" not in page.locator("main").inner_text()


def shortlist_and_plan(city: City) -> dt.date:
    """The office shortlists, the planner proposes with its reasons; the evening that it chose."""
    page = city.open("office", "/faculty/topics")
    page.get_by_role("link", name=TITLE).click()
    expect(page.locator(".topic-voices")).to_contain_text("2 人想听")
    page.get_by_role("button", name="入选").click()
    expect(page.locator("main")).to_contain_text("点题的人会收到消息")
    city.until_shown("asker", "/notifications", f"您点的“{TITLE}”入选了")

    page.goto("/faculty/plans")
    page.locator("li", has_text=TERM).get_by_role("button", name="开始排课").click()
    evening = page.locator("li.evening", has_text=TITLE)
    expect(evening).to_contain_text(LECTURER)  # the page itself shows it once the planner is done
    evening.get_by_text("为什么这样排").click()
    reasons = evening.locator(".reasons")
    expect(reasons).to_contain_text("2 人")
    expect(reasons).to_contain_text("乡村振兴")
    page.locator("summary", has_text="地点：未定").click()
    page.get_by_label("在哪里讲").select_option(label=PLACE)
    page.get_by_role("button", name="保存地点").click()
    expect(page.locator("main")).to_contain_text("地点已保存")
    return _day(page.locator("li.evening", has_text=TITLE).locator(".evening-day").inner_text())


def _day(text: str) -> dt.date:
    found = re.search(r"(\d{4})年(\d+)月(\d+)日", text)
    assert found, text
    return dt.date(*map(int, found.groups()))


def day_text(day: dt.date) -> str:
    """A day as pages write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def invite_and_accept(city: City, day: dt.date) -> None:
    """The office copies the words with the link; the leader taps it on a phone that is signed in nowhere."""
    page = city.page("office")
    page.locator("li.evening", has_text=TITLE).get_by_role("link", name="请老师").click()
    page.get_by_role("button", name="请这位老师").click()
    words = page.locator(".invitation-words").inner_text()
    assert LECTURER in words and TITLE in words and day_text(day) in words
    link = re.search(r"http://\S+/a/[0-9A-Za-z_-]{26}", words)
    assert link, words
    phone = city.on.context(PHONE, has_touch=True, is_mobile=True).new_page()
    phone.goto(link.group())
    main = phone.locator("main")
    for shown in (f"{LECTURER}老师，请您讲一课", day_text(day), "周三", "18:00", PLACE, "2 人点了这一题", "教案、讲义"):
        expect(main).to_contain_text(shown)
    phone.get_by_role("button", name="这个晚上我来讲").tap()
    expect(main).to_contain_text("您答应了，学校正在排定")
    page.reload()
    expect(page.locator("main")).to_contain_text("老师自己点链接答复")

    page.get_by_role("link", name=TERM).click()
    confirm(page, "定下来", "定下来")
    expect(page.locator("main")).to_contain_text("课都排进了授课安排")
    phone.reload()
    expect(main).to_contain_text("已经排定。谢谢您！")
    phone.context.close()


def stand_in_the_calendar(city: City, day: dt.date) -> None:
    """Who asked is notified, and whoever opens the forum sees the evening."""
    asked = city.until_shown(
        "supporter", "/notifications", f"您点的“{TITLE}”排上课了：{day_text(day)}，{LECTURER}主讲。"
    )
    asked.get_by_role("button", name=re.compile("排上课了")).tap()
    expect(asked.locator("main")).to_contain_text(f"{day_text(day)} 18:00，{LECTURER}主讲，{PLACE}")
    page = city.open("fourth", "/forum")
    page.get_by_role("link", name="下个月").click()
    cell = page.locator("td", has=page.locator(".month-event", has_text=TITLE))
    expect(cell).to_contain_text(day_text(day))
    for shown in ("18:00", LECTURER, PLACE):
        expect(cell.locator(".month-event")).to_contain_text(shown)


def write_and_review(city: City) -> None:
    """Syllabus and handout go to the reviewer; one comes back with a comment on a passage, is mended and approved."""
    mine = city.page("lecturer")
    for kind, lines in (("教案", SYLLABUS), ("讲义", HANDOUT)):
        mine.goto("/teaching")
        _material(mine, kind)
        mine.get_by_label(kind, exact=True).fill("\n".join(lines))
        mine.get_by_role("button", name="保存并送审").click()
        expect(mine.locator("main")).to_contain_text("第 1 版已经送审")
    desk = city.open("reviewer", "/faculty/material")
    desk.get_by_role("link", name=f"{TITLE} · 讲义").click()
    expect(desk.locator(".passage")).to_have_count(len(HANDOUT))
    desk.get_by_role("button", name="通过", exact=True).click()
    desk.get_by_role("link", name=f"{TITLE} · 教案").click()
    desk.get_by_role("link", name="给第 2 段写批注").click()
    desk.get_by_label("给第 2 段的批注").fill("多少钱以上要附票据？")
    desk.get_by_role("button", name="写在这里").click()
    expect(desk.locator("#p2")).to_contain_text("多少钱以上要附票据？")
    desk.get_by_label("意见").fill("请把数字写进去。")
    desk.get_by_role("button", name="退回修改").click()
    expect(desk.locator("main")).to_contain_text("没有等着审的")

    mine.goto("/teaching")
    _material(mine, "教案")
    expect(mine.locator("main")).to_contain_text("第 1 版被退回")
    expect(mine.locator("main")).to_contain_text("请把数字写进去。")
    remark = mine.locator(".pinned", has_text="多少钱以上要附票据？")
    expect(remark).to_contain_text(SYLLABUS[1])
    remark.locator("summary", has_text="处理好了").click()
    remark.get_by_label("怎样改的").fill("写明五百元以上。")
    remark.get_by_role("button", name="标为处理好").click()
    expect(mine.locator(".pinned", has_text="写明五百元以上。")).to_contain_text("已处理")
    mine.get_by_label("教案", exact=True).fill("\n".join((SYLLABUS[0], MENDED, SYLLABUS[2])))
    mine.get_by_label("改了什么").fill("第二段补了数字。")
    mine.get_by_role("button", name="保存并送审").click()
    expect(mine.locator("main")).to_contain_text("第 2 版已经送审")

    desk.goto("/faculty/material")
    desk.get_by_role("link", name=f"{TITLE} · 教案").click()
    expect(desk.locator("#p2 ins").first).to_contain_text("五百元以上附票据")
    expect(desk.locator("#p2")).to_contain_text("写明五百元以上。")
    desk.get_by_role("button", name="通过", exact=True).click()
    mine.reload()
    expect(mine.locator("main")).to_contain_text("第 2 版通过了审阅，可以按它讲")


def _material(page: Page, kind: str) -> None:
    page.locator("li.card", has_text=TITLE).get_by_role("link", name=kind).click()
