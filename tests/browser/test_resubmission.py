"""A form is written for an hour, the session ends meanwhile: signing in leads back to it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from academy.accounts.models import LoginSession
from academy.core.actor import Role
from academy.library.models import Course
from tests.browser.stage import PASSWORD, PHONE, Stage, stage
from tests.support import factories

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("resubmission")) as made:
        yield made


def test_a_form_outlives_its_session(academy: Stage) -> None:
    with academy.runtime.db.begin() as tx:
        who = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        course = factories.course(tx, who)
        course_id, address = course.id, f"/studio/{course.public_id}"
    page = academy.sign_in(academy.with_password(who), PHONE)
    page.goto(address)
    page.get_by_text("修改资料", exact=True).click()
    page.locator("textarea[name=summary]").fill("写了一个小时\n的简介")
    with academy.runtime.db.begin() as tx:
        tx.execute(delete(LoginSession))
    page.locator(f"form[action='{address}']").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("h1")).to_have_text("您填写的内容还在")
    page.get_by_role("link", name="先去登录").click()
    page.fill("input[name=username]", who.username)
    page.locator("main form button[type=submit]").first.click()
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("[data-shown]")).to_contain_text("写了一个小时")
    page.get_by_role("button", name="再发送一次").click()
    expect(page.locator("main")).to_contain_text("已保存")
    with academy.runtime.db.read() as tx:
        assert tx.get_one(Course, course_id).shown.summary == "写了一个小时\n的简介"
    page.goto("/resubmit")
    expect(page.locator("[data-nothing]")).to_be_visible()
    academy.errors.clear()  # the 401 above shows in the console
