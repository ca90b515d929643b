"""A public screen comes in by itself once the phone has said yes, with scripts and without."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.accounts.models import ScreenLogin
from tests.browser.stage import DESK, PHONE, stage
from tests.support import factories

pytestmark = pytest.mark.browser


def test_a_screen_needs_no_script_and_no_password(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        with at.runtime.db.begin() as tx:
            owner = factories.account(tx, factories.member(tx, factories.organisation(tx, level="city")))
        phone = at.sign_in(at.with_password(owner), PHONE)
        for scripts in (True, False):
            screen = at.context(DESK, java_script_enabled=scripts).new_page()
            screen.goto("/sign-in/screen")
            screen.locator("main form button").click()
            number = screen.locator(".screen-number").inner_text()
            with at.runtime.db.read() as tx:
                code = tx.scalars(select(ScreenLogin.code).order_by(ScreenLogin.id.desc()).limit(1)).one()
            phone.goto(f"/screen/{code}")
            phone.locator(f"button[value='{number}']").click()
            phone.locator("h1", has_text="大屏已登录").wait_for()
            screen.wait_for_url(re.compile(r"/library$"))
            assert screen.locator("text=退出大屏").is_visible()
            assert owner.display_name not in screen.content()
        assert at.errors == []
