"""A city full of odd cases for lists of names, and how long a page says that its list is."""

import random
import re

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.runtime import Runtime
from academy.outreach import reminders
from academy.people.models import Exemption
from academy.trainings import service
from academy.trainings.models import Training
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training

TOTAL = re.compile(r'data-total="(\d+)"')
PAGER = re.compile(r"共 ([0-9,]+) 条")
SAME = r"<dt>{label}</dt><dd>(?:<a [^>]+>)?([0-9,]+)"


def plant(runtime: Runtime, seed: int) -> tuple[City, Training]:
    """Members with accounts, frozen accounts and none; exempt, completed, begun without an account, reminded."""
    lot = random.Random(seed)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        for person in city.people:
            if lot.random() < 0.6:
                account = make.account(tx, person)
                account.state = lot.choice(("active", "active", "frozen", "closed"))
            if lot.random() < 0.15:
                tx.add(
                    Exemption(
                        member_id=person.id, reason="病重", valid_from=at().date(), approved_at=at(),
                    )
                )  # fmt: skip
        tx.flush()
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        for person in city.people:
            for one in lot.sample(city.courses, lot.choice((0, 0, 1, 2, 3))):
                complete(tx, person.id, one.id, at(1))
        make.account(tx, None, (Role.BRANCH_SECRETARY, city.branches[0]))
    with clock.frozen(at(2)), runtime.db.begin() as tx:
        if reminders.preview_reminder(tx, plan, city.branches[1]).reachable:
            reminders.send_reminder(tx, SYSTEM, plan, city.branches[1])
    return city, plan


def length(page: str, label: str) -> int:
    """How many a page says that it lists; where it lists nobody by name, the figure of the same label."""
    for found in (TOTAL.search(page), PAGER.search(page)):
        if found:
            return int(found[1].replace(",", ""))
    if label and (found := re.search(SAME.format(label=re.escape(label)), page)):
        return int(found[1].replace(",", ""))
    return page.count('<th scope="row"') if "<table" in page else 0
