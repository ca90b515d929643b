"""A city in the week before a term of the leaders' forum, its people, and the clock of its running academy."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page
from sqlalchemy import and_, or_, select

from academy.accounts.models import Account
from academy.classes.models import Classroom, TeachingTerm
from academy.core import clock
from academy.core.actor import Role
from academy.core.database import Tx
from academy.faculty import api as faculty
from academy.faculty.models import LecturerConsent, LecturerSubject, ObligationRule, PoolMembership
from academy.jobs.api import Job, JobState
from academy.library import api as library
from academy.people.models import Organisation
from tests.browser.stage import DESK, PHONE, Stage, stage
from tests.support import factories as make
from tests.support import faculty as school
from tests.support import waiting

MONDAY = dt.datetime(2027, 2, 22, 9, tzinfo=clock.CITY)
"""When the story begins, a week before the term."""
TERM, LECTURER, PLACE = "2027 年春季学期", "周正", "市委党校第一报告厅"
ON_PHONES = ("asker", "supporter", "third", "viewer")
JUDGES = ("judge1", "judge2", "judge3")
NAMES = {
    "lecturer": LECTURER,
    "asker": "田守成",
    "supporter": "马青山",
    "third": "陆远征",
    "fourth": "石磊",
    "fifth": "林秀",
    "peer": "吴敏",
    "judge1": "郑重",
    "judge2": "何清",
    "judge3": "孙平",
    "viewer": "白云飞",
}
STUDENTS = ("asker", "supporter", "third", "fourth", "fifth")


@dataclass
class City:
    """The running academy, its people, and the page that each of them has open."""

    on: Stage
    clock_file: Path
    people: dict[str, Account] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """Who → number in the register."""
    pages: dict[str, Page] = field(default_factory=dict)
    lecture_id: str = ""
    """Public id of the lecture, once it stands in the calendar."""

    def page(self, who: str) -> Page:
        """The page of somebody, who signed in when it was first asked for; phones are phones."""
        if who not in self.pages:
            phone = {"size": PHONE, "has_touch": True, "is_mobile": True}
            options = phone if who in ON_PHONES else {"size": DESK}
            self.pages[who] = self.on.sign_in(self.people[who], **options)
        return self.pages[who]

    def open(self, who: str, address: str) -> Page:
        """Somebody's page, at an address."""
        page = self.page(who)
        page.goto(address)
        return page

    def until_shown(self, who: str, address: str, what: str, without: str = "") -> Page:
        """Somebody's page once it shows a text that a job is to bring about, and another one no more."""
        page = self.page(who)

        def shown() -> bool:
            page.goto(address)
            text = page.locator("main").inner_text()
            return what in text and not (without and without in text)

        waiting.until(shown, 60, f"“{what}” at {address}", every=0.5)
        return page

    def forgive(self, status: int) -> None:
        """The one complaint of the console that an answer with this status was, after it was wanted."""
        complaint = self.on.errors.pop()
        assert str(status) in complaint and not self.on.errors, [*self.on.errors, complaint]

    def move_clock(self, to: dt.datetime) -> None:
        """Have it be this instant in the academy, from where its clock goes on. Work in hand is finished before: a
        job would be taken from a worker that has it for months."""
        waiting.until(lambda: not self._at_work(), 60, f"an idle worker ({self._at_work()})")
        shift_clock(self.clock_file, to)

    def _at_work(self) -> list[str]:
        """Names of the jobs that a worker has, or would take now."""
        now = clock.now() + dt.timedelta(milliseconds=int(self.clock_file.read_text()))
        is_due = and_(Job.state == JobState.QUEUED, Job.run_after <= now)
        with self.on.runtime.db.read() as tx:
            return list(tx.scalars(select(Job.name).where(or_(Job.state == JobState.RUNNING, is_due))))


def shift_clock(file: Path, to: dt.datetime) -> None:
    """Write by how much the clock of the academy's processes differs from ours (tests/faults/late_clock.py)."""
    fresh = file.with_suffix(".new")
    fresh.write_text(str(int((to - clock.now()).total_seconds() * 1000)))
    fresh.replace(file)


@contextmanager
def life_stage(folder: Path) -> Iterator[City]:
    """The academy with the city in it. Sessions outlast the story: nobody signs in twice."""
    file = folder / "shift"
    shift_clock(file, MONDAY)
    environment = {
        "ACADEMY_TEST_SHIFT_FILE": str(file),
        "ACADEMY_SESSION_IDLE_MINUTES": str(60 * 24 * 400),
        "ACADEMY_SESSION_DAYS": "400",
    }
    with stage(folder, app="tests.faults.late_clock:app", environment=environment) as on:
        city = City(on, file)
        with clock.frozen(MONDAY), on.runtime.db.begin() as tx:
            _settle(tx, city)
        for account in city.people.values():
            on.with_password(account)
        yield city


def _settle(tx: Tx, city: City) -> None:
    top = make.organisation(tx, level="city", name="中共清江市委员会")
    county = make.organisation(tx, top, level="county", name="中共河湾县委员会")
    other = make.organisation(tx, top, level="county", name="中共东岭县委员会")
    bureaus = make.organisation(tx, top, level="county", name="市直机关工委")
    for who, name in NAMES.items():
        unit = bureaus if who in JUDGES else other if who == "viewer" else county
        member = make.member(tx, unit, name=name)
        city.numbers[who] = member.number
        city.people[who] = make.account(tx, member)
    offices = {"office": Role.NODE_ADMINISTRATOR, "trainer": Role.TRAINER, "reviewer": Role.REVIEWER}
    city.people |= {who: make.account(tx, None, (role, top)) for who, role in offices.items()}
    tx.add(ObligationRule(level="county_first", years=5, counts_from=school.SINCE, valid_from=school.SINCE))
    tx.add(TeachingTerm(name=TERM, first_day=dt.date(2027, 3, 1), last_day=dt.date(2027, 4, 30)))
    tx.add(Classroom(name=PLACE, seats=300))
    faculty.seed_forms(tx)
    faculty.seed_rules(tx)
    _lecturers(tx, city, county)


def _lecturers(tx: Tx, city: City, county: Organisation) -> None:
    """Two who teach the subject, of whom one owes a lecture."""
    village = library.find_category(tx, "village")
    for name, level in ((LECTURER, "county_first"), ("郝学义", "county")):
        lecturer = school.lecturer(tx, county, level, name=name)
        tx.add(LecturerSubject(lecturer_id=lecturer.id, category_id=village.id))
        kinds = ("teach", "record", "publish")
        tx.add_all(LecturerConsent(lecturer_id=lecturer.id, kind=kind, given_on=clock.today()) for kind in kinds)
        if name == LECTURER:
            pool = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == lecturer.id)).one()
            pool.member_id = city.people["lecturer"].member_id
    tx.flush()


def confirm(where: Page | Locator, asked: str, sure: str) -> None:
    """Press a button that opens a sentence, and the real one below it."""
    where.locator("details.confirm > summary", has_text=asked).click()
    where.locator("details.confirm[open]").get_by_role("button", name=sure, exact=True).click()
