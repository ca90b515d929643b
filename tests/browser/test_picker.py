"""The searchable picker by keyboard alone, as the ARIA practices describe a combobox; and by thumb."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.people.models import Organisation
from academy.trainings import api as trainings
from academy.trainings.models import Training
from tests.browser.stage import PHONE, Stage, stage
from tests.support import factories as make

pytestmark = pytest.mark.browser

MANY = 14


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("picker")) as made:
        yield made


@pytest.fixture(scope="module")
def officer(academy: Stage) -> Account:
    with academy.runtime.db.begin() as tx:
        county = make.organisation(tx, level="county", name="河湾县委")
        make.organisation(tx, county, name="柳树村党支部")
        trainer, reviewer = (make.account(tx, None, (role, county)) for role in (Role.TRAINER, Role.REVIEWER))
        for title in [*(f"第{n}讲" for n in range(MANY)), "把老人照顾好", "移风易俗进农家"]:
            make.published_course(tx, trainer, reviewer, title=title)
        made = make.account(tx, None, (Role.NODE_ADMINISTRATOR, county))
    return academy.with_password(made)


def open_form(academy: Stage, page: Page) -> None:
    with academy.runtime.db.read() as tx:
        county = tx.scalars(select(Organisation).where(Organisation.level == "county")).one()
        page.goto(f"/trainings/new/{county.public_id}")


def marked(page: Page) -> str:
    """What the field says is the active option, by its id."""
    field = page.get_by_role("combobox", name="找课程")
    key = field.get_attribute("aria-activedescendant")
    return page.locator(f"#{key} .picker-title").inner_text() if key else ""


def test_a_training_is_put_together_without_a_mouse(academy: Stage, officer: Account) -> None:
    page = academy.sign_in(officer)
    open_form(academy, page)
    page.get_by_label("名称", exact=True).fill("春训")
    field = page.get_by_role("combobox", name="找课程")
    field.focus()
    keys = page.keyboard
    options = page.locator("#courses-list [role=option]")
    expect(options).to_have_count(13)
    expect(field).to_have_attribute("aria-expanded", "true")
    assert marked(page) == "", "the field comes before the list"
    keys.press("ArrowDown")
    assert marked(page) == "移风易俗进农家"
    keys.press("Enter")
    expect(options.first).to_have_attribute("aria-selected", "true")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(options.last).to_have_class("at")
    keys.press("Enter")
    expect(options).to_have_count(MANY + 2)
    assert marked(page) == "第3讲", "what was added is where one goes on"
    keys.press("Escape")
    expect(page.locator("#courses-list")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    keys.type("老人")
    expect(options).to_have_count(1)
    expect(page.locator("[data-picker-note]").first).to_have_text("共 1 项，可以用上下键选择。")
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("Escape")
    keys.press("Escape")
    expect(field).to_have_value("")
    chosen = page.locator("#courses-chosen input")
    expect(chosen).to_have_count(2)
    keys.press("Tab")
    expect(chosen.first).to_be_focused()
    keys.press("Space")
    expect(chosen.first).not_to_be_checked()
    page.get_by_role("button", name="保存").last.press("Enter")
    expect(page.locator("h1")).to_have_text("春训")
    with academy.runtime.db.read() as tx:
        made = tx.scalars(select(Training).where(Training.title == "春训")).one()
        assert [course.title for course in trainings.courses_of(tx, made)] == ["把老人照顾好"]
    assert academy.errors == []


def test_by_thumb_the_list_is_large_enough_and_covers_nothing_for_good(academy: Stage, officer: Account) -> None:
    page = academy.sign_in(officer, PHONE, has_touch=True, is_mobile=True)
    open_form(academy, page)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    page.get_by_label("找课程").tap()
    options = page.locator("#courses-list [role=option]")
    expect(options).to_have_count(13)
    for place in (0, 6, 12):
        box = options.nth(place).bounding_box()
        assert box is not None and box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0]
    options.nth(1).tap()
    expect(page.locator("#courses-chosen input:checked")).to_have_count(1)
    page.get_by_label("名称", exact=True).tap()
    expect(page.locator("#courses-list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert academy.errors == []
