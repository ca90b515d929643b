"""Finding what was said, by keyboard and by finger, with and without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from academy.accounts.models import Account
from academy.jobs.api import Job, JobState
from tests.browser.stage import PHONE, Stage, stage, until
from tests.components import search_city as city
from tests.support import factories

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("search")) as made:
        with made.runtime.db.begin() as tx:
            city.lecture(tx, "乡村振兴怎么干", ["先说产业兴旺。", "后来办起了茶叶合作社。"] * 8, by="王大山")
            city.lecture(tx, "乡村治理新办法", ["村里的事大家商量。"], by="李小河")
        yield made


@pytest.fixture
def reader(academy: Stage) -> Account:
    with academy.runtime.db.begin() as tx:
        made = factories.account(tx)
    return academy.with_password(made)


def indexed(academy: Stage) -> bool:
    with academy.runtime.db.read() as tx:
        return bool(
            tx.scalar(
                select(func.count()).where(Job.name.like("on.CoursePublished.search%"), Job.state == JobState.DONE)
            )
            == 2
        )


def test_names_are_offered_and_taken_by_keyboard(academy: Stage, reader: Account) -> None:
    page = academy.sign_in(reader)
    for _ in range(300):
        if indexed(academy):
            break
        page.wait_for_timeout(100)
    page.get_by_role("searchbox", name=re.compile("搜课程")).focus()
    field = page.get_by_role("combobox", name=re.compile("搜课程"))
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("xiangcun")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("ArrowUp")
    chosen = options.first
    expect(chosen).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    field.press("Escape")
    expect(options).to_have_count(0)
    assert field.input_value() == "xiangcun", "Escape closes the list and leaves what was typed"
    field.press_sequentially("z")
    expect(options.first).to_be_visible()
    name = options.first.text_content()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url(re.compile("/search"))
    expect(page.locator("h1")).to_contain_text(str(name))
    assert not academy.errors


def test_a_tap_takes_a_name_and_a_sentence_opens_its_second(academy: Stage, reader: Account) -> None:
    page = academy.sign_in(reader, PHONE, has_touch=True)
    page.goto("/library")
    page.get_by_role("searchbox").tap()
    page.keyboard.type("乡村振")
    page.get_by_role("option", name="乡村振兴怎么干").tap()
    page.wait_for_url(re.compile("/search"))
    page.goto("/search?q=茶叶")
    first = page.locator(".found-said a").first
    expect(first).to_contain_text("0:05")
    assert str(first.get_attribute("href")).endswith("t=5")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    until(page, "!document.querySelector('.names:not([hidden])')")
    assert not academy.errors


def test_without_script_it_is_a_form(academy: Stage, reader: Account) -> None:
    page = academy.sign_in(reader, java_script_enabled=False)
    page.goto("/search")
    page.fill("#site-search", "茶叶")
    page.press("#site-search", "Enter")
    page.wait_for_url(re.compile("q="))
    expect(page.locator("mark").first).to_have_text("茶叶")
