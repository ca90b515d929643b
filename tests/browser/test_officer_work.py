"""A training and a roster, from the home page on, counted in taps; with real web and worker processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from academy.accounts.models import Account
from academy.core.actor import Role
from academy.people.models import Member
from tests.browser.stage import PHONE, Stage, stage
from tests.browser.taps import Taps
from tests.support import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]

BRANCH = "HW0101"


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("academy")) as made:
        yield made


@pytest.fixture(scope="module")
def officer(academy: Stage) -> Account:
    """The administrator of a county with one branch and two courses on the shelf."""
    with academy.runtime.db.begin() as tx:
        city = make.organisation(tx, level="city", name="清江市委")
        county = make.organisation(tx, city, level="county", name="河湾县委")
        make.organisation(tx, county, name="柳树村党支部").code = BRANCH
        trainer, reviewer = (make.account(tx, None, (role, city)) for role in (Role.TRAINER, Role.REVIEWER))
        for title in ("移风易俗进农家", "把老人照顾好"):
            make.published_course(tx, trainer, reviewer, title=title)
        made = make.account(tx, None, (Role.NODE_ADMINISTRATOR, county), (Role.ROSTER_OFFICER, county))
    return academy.with_password(made)


def test_a_training_is_drafted_in_ten_taps(academy: Stage, officer: Account) -> None:
    page = academy.sign_in(officer, PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    taps = Taps(page)
    taps.on(page.locator(".to-office"))
    taps.on(page.locator("#office-sections").get_by_role("link", name="培训管理"))
    taps.on(page.get_by_role("link", name="新建培训").first)
    taps.type(page.get_by_label("名称"), "基层党员春训")
    taps.on(page.get_by_label("找课程"))
    taps.on(page.get_by_role("option", name="移风易俗进农家"))
    taps.on(page.get_by_role("option", name="把老人照顾好"))
    taps.on(page.get_by_role("button", name="保存").last)
    expect(page.locator("h1")).to_have_text("基层党员春训")
    expect(page.locator("main")).to_contain_text("草稿")
    assert taps.number <= 10
    assert academy.errors == []


def roster(mended: bool) -> bytes:
    """Fifty rows; five of them lack their organisation's code until they are mended."""
    rows = ["编号,姓名,组织代码"]
    rows += [f"R{n:04d},党员{n:02d},{BRANCH if mended or n % 10 else '没有'}" for n in range(1, 51)]
    return "\r\n".join(rows).encode()


def test_a_roster_with_five_bad_rows_is_mended_and_sent_in_eight_taps(academy: Stage, officer: Account) -> None:
    page = academy.sign_in(officer)
    page.goto("/")
    taps = Taps(page)
    taps.on(page.locator("#office-sections").get_by_role("link", name="花名册"))
    taps.choose(page.locator("#file"), "三月名册.csv", roster(mended=False))
    taps.on(page.get_by_role("button", name="上传并检查"))
    expect(page.locator("main")).to_contain_text("下载需要修改的行", timeout=60_000)
    with page.expect_download() as waiting:
        taps.on(page.get_by_role("link", name="下载 CSV"))
    bad = Path(waiting.value.path()).read_text("utf-8-sig")
    assert len(bad.strip().splitlines()) == 6
    taps.choose(page.locator("#file"), "改好的行.csv", bad.replace("没有,", f"{BRANCH},").encode())
    taps.on(page.get_by_role("button", name="传回改好的行"))
    opened = page.locator("details.confirm > summary", has_text="导入")
    expect(opened).to_be_visible(timeout=60_000)
    taps.on(opened)
    taps.on(page.get_by_role("button", name="确定导入"))
    expect(page.locator("main")).to_contain_text("全部导入", timeout=60_000)
    assert taps.number <= 8
    with academy.runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Member)) == 50
