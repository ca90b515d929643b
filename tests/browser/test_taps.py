"""Journeys of a villager, with every tap counted: from the slip to a recorded lecture, and on with another phone."""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import select

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.learning.models import WatchLedger
from academy.media.models import Asset, AssetState
from academy.people.models import Member
from academy.trainings import service as trainings
from academy.trainings.service import TrainingPlan
from tests.browser.stage import PASSWORD, PHONE, Stage, lecture, stage, until
from tests.support import shelf, waiting
from tests.support.ledger_makers import learner
from tests.support.ledger_makers import lecture as course_of
from tests.support.shortcuts import adopt_file

pytestmark = [pytest.mark.browser, pytest.mark.needs("ffmpeg")]

SECONDS = 24
NUMBERS = itertools.count(20260017)
ON_PHONE = {"has_touch": True, "is_mobile": True}
MUTED = "() => { document.querySelector('video').muted = true; }"


@dataclass
class Phone:
    """A phone whose taps are counted. Typing follows a tap into the field, as people do it."""

    page: Page
    taps: list[str] = field(default_factory=list)

    def tap(self, target: Locator) -> None:
        """One tap on what is there."""
        expect(target).to_be_visible()
        self.taps.append(target.inner_text() or "…")
        target.tap()

    def type(self, target: Locator, text: str) -> None:
        """A tap into the field, then its keys."""
        self.tap(target)
        target.press_sequentially(text)


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("taps"), consent=True) as made:
        yield made


@pytest.fixture(scope="module")
def film(academy: Stage, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A film that the worker encoded."""
    with academy.runtime.db.begin() as tx:
        _, actor, _ = learner(tx)
        path = lecture(tmp_path_factory.mktemp("film"), SECONDS)
        made = adopt_file(tx, actor, path, path.name, "video").id
    waiting.until(lambda: _state(academy, made) == AssetState.READY, 180, "the encoded film")
    return made


def _state(academy: Stage, asset_id: int) -> str:
    with academy.runtime.db.read() as tx:
        return tx.get_one(Asset, asset_id).state


@pytest.fixture
def slip(academy: Stage, film: int) -> str:
    """What stands in the QR code of a member's slip; a training asks for the lecture."""
    with academy.runtime.db.begin() as tx:
        person, _, owner = learner(tx)
        course = course_of(tx, owner)
        shelf.change_item(tx, course.shown.items[0].item_id, asset_id=film)
        today = clock.today()
        plan = TrainingPlan("春训", today, today + dt.timedelta(days=20), [course.id])
        training = trainings.create_training(tx, SYSTEM, person.organisation, plan)
        owner.member_id = None  # who made the lecture is somebody else
        person.number = str(next(NUMBERS))
        tx.flush()
        trainings.open_training(tx, SYSTEM, training)
        code = accounts.issue_activation_code(tx, SYSTEM, person)
        return accounts.activation_link(f"{academy.address}/activate", person.number, code)


def on_slip(slip: str) -> tuple[str, str]:
    """Number and code."""
    kept = parse_qs(urlsplit(slip).fragment)
    return kept["n"][0], kept["c"][0]


def covered_ms(academy: Stage, slip: str) -> int:
    with academy.runtime.db.read() as tx:
        person = tx.scalars(select(Member).where(Member.number == on_slip(slip)[0])).one()
        return tx.scalar(select(WatchLedger.covered).where(WatchLedger.member_id == person.id)) or 0


def activate(academy: Stage, slip: str) -> tuple[Phone, list[str]]:
    """Scan the slip and choose a password; returns the phone on its home page, and every address it asked for."""
    asked: list[str] = []
    phone = Phone(academy.context(PHONE, **ON_PHONE).new_page())

    def note(request: Request) -> None:
        asked.append(request.url)
        asked.extend(f"{name}: {value}" for name, value in request.headers.items())

    phone.page.on("request", note)
    phone.page.goto(slip)  # the camera opens it: that is no tap in the academy
    phone.type(phone.page.get_by_label("新密码"), PASSWORD)
    phone.tap(phone.page.get_by_role("button", name="激活并登录"))
    phone.tap(phone.page.get_by_role("button", name="同意，继续"))
    phone.page.wait_for_url("**/")
    return phone, asked


def play(phone: Phone, verb: str) -> None:
    """From the home page into the lecture."""
    phone.tap(phone.page.locator(".hero").get_by_role("link", name=verb))
    if verb == "开始学习":  # of a course that is new to its viewer the page comes first
        phone.page.wait_for_url("**/library/*")
        phone.tap(phone.page.locator("main").get_by_role("link", name=verb))
    expect(phone.page.locator("[data-toggle]")).to_be_visible()
    phone.page.evaluate(MUTED)
    phone.tap(phone.page.locator("[data-toggle]"))
    until(phone.page, "document.querySelector('video').currentTime > 0.3")


def test_from_the_slip_to_a_recorded_lecture_in_nine_taps(academy: Stage, slip: str) -> None:
    phone, asked = activate(academy, slip)
    _, code = on_slip(slip)
    assert asked and [line for line in asked if code in line] == [], "the code is in no address and no header"
    play(phone, "开始学习")
    phone.page.evaluate("() => { document.querySelector('video').playbackRate = 2; }")
    expect(phone.page.locator("body")).to_contain_text("已学完", timeout=90_000)
    waiting.until(lambda: covered_ms(academy, slip) >= (SECONDS - 1) * 1000, 30, "the recorded lecture")
    assert len(phone.taps) <= 9, phone.taps
    assert academy.errors == []


def test_on_with_another_phone_in_two_taps(academy: Stage, slip: str) -> None:
    first, _ = activate(academy, slip)
    play(first, "开始学习")
    until(first.page, "document.querySelector('video').currentTime > 6")
    first.page.locator("[data-toggle]").tap()
    waiting.until(lambda: covered_ms(academy, slip) >= 5_000, 30, "what was watched")
    cookies = first.page.context.cookies()
    first.page.close()
    second = academy.context(PHONE, **ON_PHONE)
    second.add_cookies(cookies)  # signed in before
    phone = Phone(second.new_page())
    phone.page.goto("/")
    play(phone, "继续学习")
    assert phone.page.evaluate("document.querySelector('video').currentTime") > 4
    assert len(phone.taps) <= 2, phone.taps


def test_the_password_is_shown_on_request(academy: Stage, slip: str) -> None:
    page = academy.context(PHONE, **ON_PHONE).new_page()
    page.goto(slip)
    password = page.get_by_label("新密码")
    password.fill(PASSWORD)
    assert "#" not in page.url and password.get_attribute("type") == "password"
    page.get_by_role("button", name="显示密码").tap()
    assert password.get_attribute("type") == "text" and password.input_value() == PASSWORD
    page.get_by_role("button", name="隐藏密码").tap()
    assert password.get_attribute("type") == "password"


def test_without_script_a_slip_is_typed(academy: Stage, slip: str) -> None:
    page = academy.context(PHONE, java_script_enabled=False, **ON_PHONE).new_page()
    page.goto(slip)
    number, code = on_slip(slip)
    page.get_by_label("党员编号").fill(number)
    page.get_by_role("button", name="下一步").tap()
    page.get_by_label("激活码").fill(f"{code[:4]} {code[4:8]} {code[8:]}")
    page.get_by_role("button", name="下一步").tap()
    page.get_by_label("新密码", exact=True).fill(PASSWORD)
    page.get_by_label("再填一次新密码").fill(PASSWORD)
    page.get_by_role("button", name="激活并登录").tap()
    expect(page.get_by_role("button", name="同意，继续")).to_be_visible()
