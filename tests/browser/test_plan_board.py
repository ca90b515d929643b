"""The planning board by pointer, by key, and without script on a phone: each reads the price before anything changes.

And the page behind a lecturer's link. Real web and worker processes.
"""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.faculty import plans
from academy.faculty.answer_links import answer_path
from academy.faculty.models import Assignment, LecturerConsent, LecturerSubject, TermPlan, TopicRequest
from academy.library import api as library
from tests.browser.stage import DESK, PHONE, Stage, stage
from tests.browser.taps import Keys
from tests.support import factories as make
from tests.support import faculty as makers
from tests.support import waiting

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]

TITLES = ("村集体的账怎么公开", "网格员一天干什么", "茶叶怎么卖出省")


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("academy")) as made:
        yield made


@pytest.fixture(scope="module")
def office(academy: Stage) -> Account:
    """The school's office; a term to come is planned."""
    with academy.runtime.db.begin() as tx:
        city = make.organisation(tx, level="city", name="清江市委")
        county = make.organisation(tx, city, level="county", name="河湾县委")
        office = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city))
        first = clock.today() + dt.timedelta(days=20)
        term = makers.term(tx, first, first + dt.timedelta(weeks=8))
        for number, (title, category) in enumerate(zip(TITLES, library.list_categories(tx), strict=False)):
            lecturer = makers.lecturer(tx, county, name=("周正", "吴敏", "郑重")[number])
            tx.add(LecturerSubject(lecturer_id=lecturer.id, category_id=category.id))
            tx.add(LecturerConsent(lecturer_id=lecturer.id, kind="teach", given_on=clock.today()))
            fields = {"title": title, "category_id": category.id, "proposed_by": office.id}
            tx.add(TopicRequest(key=f"k{number}", state="shortlisted", **fields))
        tx.flush()
        plans.begin_plan(tx, SYSTEM, term)
    waiting.until(lambda: len(days(academy)) == len(TITLES), 60, "the planner")
    return academy.with_password(office)


def days(academy: Stage) -> dict[str, dt.date]:
    """Topic → evening of the plan."""
    with academy.runtime.db.read() as tx:
        return {row.request.title: row.day for row in tx.scalars(select(Assignment))}


def board(academy: Stage) -> str:
    with academy.runtime.db.read() as tx:
        return f"/faculty/plans/{tx.scalars(select(TermPlan.public_id)).one()}"


def empty_evening(page: Page) -> str:
    """An evening on which nothing is planned."""
    return page.locator("li[data-plan-evening]:not([data-plan-card])").first.get_attribute("data-plan-evening") or ""


def test_a_topic_is_dragged_to_an_evening_at_a_price_read_first(academy: Stage, office: Account) -> None:
    page = academy.sign_in(office, DESK)
    page.goto(board(academy))
    before, day = days(academy), empty_evening(page)
    held = page.locator("[data-plan-card]").filter(has_text=TITLES[0])
    handle = held.locator("[data-plan-handle]")
    handle.scroll_into_view_if_needed()
    at, target = handle.bounding_box(), page.locator(f"li[data-plan-evening='{day}']")
    assert at is not None
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + 60, at["y"] + 60, steps=4)
    expect(page.locator(".plan-held")).to_have_text(TITLES[0])
    target.scroll_into_view_if_needed()
    there = target.bounding_box()
    assert there is not None
    page.mouse.move(there["x"] + 40, there["y"] + there["height"] / 2, steps=6)
    expect(target).to_have_attribute("data-plan-over", "")
    page.mouse.up()
    page.wait_for_url(re.compile("#rulings$"))
    ruling = page.locator("section[aria-labelledby=rulings] li").filter(has_text=TITLES[0])
    button = ruling.get_by_role("button", name="确认，重新排")
    expect(button).to_be_visible()
    expect(ruling).to_contain_text(re.compile("代价|则|换"))
    assert days(academy) == before, "the drop itself changes nothing"
    button.click()
    waiting.until(lambda: days(academy).get(TITLES[0], dt.date.min).isoformat() == day, 60, "the planner")
    expect(page.locator(f"li[data-plan-evening='{day}']")).to_contain_text(TITLES[0])
    assert academy.errors == []
    page.context.close()


def test_the_same_wholly_by_key(academy: Stage, office: Account) -> None:
    page = academy.sign_in(office, DESK)
    page.goto(board(academy))
    keys, day = Keys(page), empty_evening(page)
    held = page.locator("[data-plan-card]").filter(has_text=TITLES[1])
    keys.on(held.get_by_text("换人、换晚上或不排"))
    keys.come_to(held.locator("select[name=day]"))
    options = held.locator("select[name=day] option").evaluate_all("all => all.map(one => one.value)")
    for _ in range(options.index(day)):
        page.keyboard.press("ArrowDown")
    assert held.locator("select[name=day]").input_value() == day
    keys.on(held.get_by_role("button", name="看看代价", exact=True))
    page.wait_for_url(re.compile("#rulings$"))
    button = page.locator("section[aria-labelledby=rulings] li").filter(has_text=TITLES[1])
    expect(button.get_by_role("button", name="确认，重新排")).to_be_visible()
    keys.on(button.get_by_role("button", name="确认，重新排"))
    waiting.until(lambda: days(academy).get(TITLES[1], dt.date.min).isoformat() == day, 60, "the planner")
    page.context.close()


def test_the_same_on_a_phone_without_script(academy: Stage, office: Account) -> None:
    page = academy.sign_in(office, PHONE, java_script_enabled=False)
    page.goto(board(academy))
    assert page.locator("[data-plan-handle]:visible").count() == 0
    held, day = page.locator("[data-plan-card]").filter(has_text=TITLES[2]), empty_evening(page)
    held.get_by_text("换人、换晚上或不排").click()
    held.locator("select[name=day]").select_option(day)
    held.get_by_role("button", name="看看代价", exact=True).click()
    ruling = page.locator("section[aria-labelledby=rulings] li").filter(has_text=TITLES[2])

    def priced() -> bool:
        page.reload()
        return ruling.get_by_role("button", name="确认，重新排").count() > 0

    waiting.until(priced, 60, "the price")
    ruling.get_by_role("button", name="确认，重新排").click()
    waiting.until(lambda: days(academy).get(TITLES[2], dt.date.min).isoformat() == day, 60, "the planner")
    page.context.close()


def test_a_lecturer_answers_from_a_phone_without_script(academy: Stage, office: Account) -> None:
    page = academy.sign_in(office, DESK)
    page.goto(board(academy))
    page.locator(".plan-steps summary").filter(has_text="请老师").click()
    page.get_by_role("button", name="请勾上的老师").click()
    page.wait_for_load_state()
    with academy.runtime.db.read() as tx:
        link = answer_path(academy.runtime.settings, tx.scalars(select(Assignment)).first() or Assignment())
    phone = academy.context(PHONE, java_script_enabled=False).new_page()
    phone.goto(link)
    assert phone.locator("main a").count() == 0, "the page leads nowhere else"
    phone.get_by_role("button", name="这个晚上我来讲").click()
    expect(phone.locator("main")).to_contain_text("您答应了")
    phone.get_by_text("我来讲，换一个晚上").click()
    phone.locator("label.choice").first.click()
    phone.get_by_role("button", name="就这个晚上").click()
    expect(phone.locator("main")).to_contain_text("等学校排定")
    phone.get_by_text("这次来不了").click()
    phone.get_by_label("原因").fill("那周出差")
    phone.get_by_role("button", name="来不了，请学校另请老师").click()
    expect(phone.locator("main")).to_contain_text("学校会另请老师")
    phone.context.close()
    page.context.close()
