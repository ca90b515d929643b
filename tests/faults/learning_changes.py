"""Random changes of courses, people and corrections after people have studied: whatever they make of the ledger, the
completions are those that it implies, without anybody watching another second.

One life is a course of lectures of a minute each, in a city with two trainings of it, and things that happen to it. A
clerk works out by hand, after each of them, what everybody's ledger implies. The clerk knows what was watched, what is
on the shelf, what was struck, and nothing else of the product.
"""

import contextlib
import datetime as dt
import random
from collections.abc import Callable, Iterator

from sqlalchemy import func, select

from academy import components
from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import AcademyError
from academy.core.runtime import Runtime
from academy.learning import corrections, recuts, repair, rules
from academy.learning.heartbeats import Heartbeat
from academy.learning.models import Completion, CreditHour, WatchLedger
from academy.learning.service import open_lease
from academy.library.api import (
    add_item,
    approve_course,
    edit_course,
    publish_course,
    remove_item,
    rename_item,
    replace_item,
    republish_course,
    revise_course,
    submit_course,
    withdraw_course,
)
from academy.library.kinds import CourseState, VersionState
from academy.library.models import Course, CourseVersion, ItemVersion
from academy.library.versions import edited
from academy.media.models import Asset
from academy.people import exemptions, mergers
from academy.people.api import add_member, change_status, move_organisation, transfer_member
from academy.people.models import Exemption, Member, Organisation
from academy.trainings import recount
from academy.trainings import service as trainings
from academy.trainings.models import Training
from academy.trainings.rules import Audience
from tests.support import factories as make
from tests.support import shelf
from tests.support.coverage_city import training as planned
from tests.support.shortcuts import drain, grant_exemption, record_heartbeat

START = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
MINUTE_MS = 60_000
STEPS = 40
Version = tuple[int, int]
"""Member and version of the course."""


class Life:
    """A city of four branches and six members, a course of three lectures, and what happens to them."""

    def __init__(self, runtime: Runtime, dice: random.Random) -> None:
        self.runtime, self.dice, self.now = runtime, dice, START
        self.expected: dict[Version, dt.datetime] = {}
        self.struck: dict[int, dt.datetime] = {}
        self.done: dict[tuple[int, int, int], dt.datetime] = {}
        self.shelved: tuple[object, dt.datetime] = (None, START)
        """What completes the course on the shelf, and since when."""
        with clock.frozen(START), runtime.db.begin() as tx:
            city = make.organisation(tx, level="city")
            self.city = city.id
            self.towns = [make.organisation(tx, city, level="town").id for _ in range(2)]
            self.branches = [make.organisation(tx, tx.get_one(Organisation, town)).id for town in self.towns * 2]
            people = [make.member(tx, tx.get_one(Organisation, dice.choice(self.branches))) for _ in range(6)]
            self.people = [person.id for person in people]
            trainer = make.account(tx, None, (Role.TRAINER, city), (Role.REVIEWER, city))
            reviewer = make.account(tx, None, (Role.REVIEWER, city))
            self.trainer = trainer.id
            self.author, self.reviewer = make.actor_of(tx, trainer), make.actor_of(tx, reviewer)
            course = make.published_course(tx, trainer, reviewer, items=3)
            self.course = course.id
            self.officers = [
                Actor(account_id=make.account(tx).id, scopes=(Scope(Role.NODE_ADMINISTRATOR, city.id, city.path),))
                for _ in range(2)
            ]
            first = planned(tx, city, [course], audience=Audience(), closes_on=START.date() + dt.timedelta(days=90))
            trainings.open_training(tx, SYSTEM, first)

    # What may happen; each is one transaction of the product's own verbs.

    def study(self, tx: Tx) -> None:
        """Somebody watches a lecture or all of them, most often nearly to the end."""
        course = self._course(tx)
        if course.state != CourseState.PUBLISHED:
            return
        items = self._items(tx, course)
        person = self.dice.choice(self.people)
        for item in self.dice.sample(items, self.dice.choice([1, len(items), len(items)])):
            self.now += dt.timedelta(minutes=5)
            with clock.frozen(self.now):
                self.watch(tx, person, item, self.dice.choice([1.0, 1.0, 1.0, 0.9, 0.7, 0.5]))

    def revise(self, tx: Tx) -> None:
        """A revision takes the course's place, with one or two things changed in it."""
        course = self._course(tx)
        if course.state != CourseState.PUBLISHED:
            return
        revise_course(tx, self.author, course)
        for _ in range(self.dice.choice([1, 1, 2])):
            self._change(tx, course)
        self.release(tx, course)

    def rewrite(self, tx: Tx) -> None:
        """The course leaves the shelf, and is changed in its place; it may stay away for a while."""
        course = self._course(tx)
        if course.state == CourseState.PUBLISHED:
            withdraw_course(tx, self.author, course)
        if self.dice.random() < 0.5:
            self._change(tx, course)

    def come_back(self, tx: Tx) -> None:
        """A course that is away comes back as it was, or as it was rewritten."""
        course = self._course(tx)
        if course.state == CourseState.WITHDRAWN:
            republish_course(tx, self.reviewer, course)
        elif course.state != CourseState.PUBLISHED:
            self.release(tx, course)

    def carry_over(self, tx: Tx) -> None:
        """A lecture whose file was replaced: most of it stayed."""
        course = self._course(tx)
        replaced = [item for item in self._items(tx, course) if item.number > 1]
        if course.state == CourseState.PUBLISHED and replaced:
            item = self.dice.choice(replaced)
            recuts.carry_over_credit(tx, SYSTEM, item, item.number - 1, [(0, int(MINUTE_MS * 0.96), 0)])

    def correct(self, tx: Tx) -> None:
        """A completion is struck or registered by two officers."""
        person = tx.get_one(Member, self.dice.choice([key[0] for key in self.expected] or self.people))
        kind = self.dice.choice(["strike", "strike", "register"])
        course = self._course(tx)
        if course.state != CourseState.PUBLISHED:
            return
        day = clock.today() if kind == "register" else None
        made = corrections.propose_correction(
            tx, self.officers[0], person, course, kind=kind, reason="签到表第 2 页", studied_on=day
        )
        corrections.approve_correction(tx, self.officers[1], made)
        if kind == "strike":
            self.struck[person.id] = self.now
            self.expected = {key: at for key, at in self.expected.items() if key[0] != person.id}
        else:
            noon = dt.datetime.combine(clock.today(), dt.time(12), clock.CITY)
            self.expected[person.id, course.shown.content_number] = min(self.now, noon.astimezone(dt.UTC))

    def move(self, tx: Tx) -> None:
        """A transfer."""
        where = tx.get_one(Organisation, self.dice.choice(self.branches))
        transfer_member(tx, SYSTEM, self._person(tx), where)

    def leave_or_return(self, tx: Tx) -> None:
        """Somebody leaves, or comes back."""
        person = self._person(tx)
        change_status(tx, SYSTEM, person, "active" if person.status == "left" else "left")

    def join(self, tx: Tx) -> None:
        """Somebody joins."""
        where = tx.get_one(Organisation, self.dice.choice(self.branches))
        number = f"N{len(self.people)}-{self.course}"
        self.people.append(add_member(tx, SYSTEM, self.runtime.sealer, where, number=number, name="新来的").id)

    def exempt(self, tx: Tx) -> None:
        """An exemption begins, for some days, or is revoked."""
        person = self._person(tx)
        held = tx.scalars(
            select(Exemption).where(Exemption.member_id == person.id, Exemption.revoked_at.is_(None))
        ).first()
        if held is not None:
            exemptions.revoke_exemption(tx, self.officers[0], held)
            return
        until = self.dice.choice([None, clock.today() + dt.timedelta(days=2)])
        dates = {"valid_from": clock.today(), "valid_to": until}
        grant_exemption(tx, person, reason="年老体弱", **dates)  # type: ignore[arg-type]

    def merge(self, tx: Tx) -> None:
        """A branch takes another over, or that is undone."""
        gone, into = (tx.get_one(Organisation, one) for one in self.dice.sample(self.branches, 2))
        if mergers.merger_of(tx, gone) is not None:
            mergers.undo_merger(tx, SYSTEM, gone)
        else:
            mergers.merge_organisation(tx, SYSTEM, gone, into)

    def rehang(self, tx: Tx) -> None:
        """A branch hangs under another town."""
        branch = tx.get_one(Organisation, self.dice.choice(self.branches))
        move_organisation(tx, SYSTEM, branch, tx.get_one(Organisation, self.dice.choice(self.towns)))

    def open_another(self, tx: Tx) -> None:
        """A training of the course as it is now."""
        course = self._course(tx)
        if course.state == CourseState.PUBLISHED:
            day = clock.today()
            plan = planned(
                tx,
                tx.get_one(Organisation, self.city),
                [course],
                opens_on=day,
                closes_on=day + dt.timedelta(days=self.dice.choice([3, 60])),
            )
            trainings.open_training(tx, SYSTEM, plan)

    # Parts of it.

    def watch(self, tx: Tx, person: int, item: ItemVersion, share: float) -> None:
        """A member watches a share of a lecture that began so long ago, by one beat."""
        with clock.frozen(clock.now() - dt.timedelta(minutes=1)):
            lease = open_lease(tx, Actor(member_id=person), item, device_key="phone", take_over=True)
        spans = ((0, int(MINUTE_MS * share)),)
        record_heartbeat(tx, self.runtime.settings, Heartbeat(lease.grant, 1, spans, None, clock.now_ms()))
        tx.expire_all()

    def _change(self, tx: Tx, course: Course) -> None:
        version = edited(course)
        items = version.items
        item = self.dice.choice(items)
        change = self.dice.choice(["remove", "remove", "optional", "required", "add", "replace", "less", "more"])
        if change == "remove" and len(items) > 1:
            remove_item(tx, self.author, course, item)
        elif change in ("optional", "required"):
            required = change == "required"
            rename_item(tx, self.author, course, item, title=item.title, required=required)
        elif change in ("add", "replace"):
            asset = make.asset(tx, tx.get_one(Account, self.trainer))
            if change == "add":
                add_item(tx, self.author, course, kind="video", title="加讲", asset=asset)
            else:
                replace_item(tx, self.author, course, item, asset=asset)
        elif change in ("less", "more"):
            fields = {"title": version.title, "category": "theory", "summary": version.summary, "lecturer": "马青山"}
            permille = self.dice.choice([500, 700]) if change == "less" else 950
            edit_course(tx, self.author, course, threshold_permille=permille, **fields)  # type: ignore[arg-type]
        tx.expire_all()

    def release(self, tx: Tx, course: Course) -> None:
        """All the way to the shelf; a course must ask for something."""
        items = edited(course).items
        if not any(item.required for item in items):
            rename_item(tx, self.author, course, items[0], title=items[0].title, required=True)
        if edited(course).state in (VersionState.DRAFT, VersionState.RETURNED):
            submit_course(tx, self.author, course)
        approve_course(tx, self.reviewer, course)
        publish_course(tx, self.reviewer, course)

    def _course(self, tx: Tx) -> Course:
        return tx.get_one(Course, self.course)

    def _person(self, tx: Tx) -> Member:
        return tx.get_one(Member, self.dice.choice(self.people))

    @staticmethod
    def _items(tx: Tx, course: Course) -> list[ItemVersion]:
        """As members see them."""
        return shelf.items(tx, course)

    def acts(self) -> list[Callable[[Tx], None]]:
        """What may happen next, the frequent things more often."""
        people = [self.move, self.leave_or_return, self.join, self.exempt, self.merge, self.rehang]
        courses = [self.revise, self.revise, self.rewrite, self.come_back, self.come_back, self.carry_over]
        return [*[self.study] * 8, *courses, *people, self.correct, self.correct, self.open_another]

    # The clerk.

    def work_out(self, tx: Tx) -> None:
        """What the ledgers imply at this moment, added to what they implied before."""
        course = self._course(tx)
        if course.state != CourseState.PUBLISHED:
            return
        items = self._items(tx, course)
        ledgers = tx.execute(
            select(WatchLedger.member_id, WatchLedger.item_id, WatchLedger.item_version, WatchLedger.spans,
                   WatchLedger.updated_ms).where(WatchLedger.item_id.in_([item.item_id for item in items]))
        ).all()  # fmt: skip
        lengths = {item.item_id: tx.get_one(Asset, item.asset_id).duration_ms or 0 for item in items}
        versions = {item.item_id: item.number for item in items}
        for member, item, version, spans, updated_ms in ledgers:
            held = rules.length(rules.unpack_spans(spans))
            if version == versions[item] and 1000 * held >= lengths[item] * course.shown.threshold_permille:
                self.done.setdefault((member, item, version), dt.datetime.fromtimestamp(updated_ms / 1000, dt.UTC))
        required = [(item.item_id, item.number) for item in items if item.required]
        asked = (required, course.shown.content_number, course.shown.threshold_permille)
        if asked != self.shelved[0]:
            self.shelved = (asked, self.now)
        for member in self.people:
            last = [self.done.get((member, *one)) for one in required]
            if all(last) and required:
                newest = max(at for at in last if at is not None)
                if member not in self.struck or newest > self.struck[member]:
                    self.expected.setdefault((member, course.shown.content_number), max(newest, self.shelved[1]))

    def differences(self, *, coverage: bool = True) -> Iterator[str]:
        """What is not as the clerk worked it out."""
        with self.runtime.db.read(snapshot=True) as tx:
            course = self._course(tx)
            rows = tx.scalars(select(Completion).where(Completion.course_id == self.course))
            found = {(row.member_id, row.course_version): row.completed_at for row in rows}
            for key in sorted(found.keys() | self.expected.keys()):
                if found.get(key) != self.expected.get(key):
                    yield f"member and version {key}: {found.get(key)}, implied {self.expected.get(key)}"
            hours = dict(
                tx.execute(
                    select(CreditHour.member_id, func.sum(CreditHour.minutes))
                    .where(CreditHour.member_id.in_(self.people))
                    .group_by(CreditHour.member_id)
                ).all()
            )  # fmt: skip
            for member in self.people:
                # Credit follows the length, so versions differ: what counts is one that this member completed.
                completed = {number for who, number in self.expected if who == member}
                query = select(CourseVersion.credit_minutes).where(
                    CourseVersion.course_id == course.id, CourseVersion.content_number.in_(completed)
                )
                wanted = set(tx.scalars(query)) if completed else {0}
                if hours.get(member, 0) not in wanted:
                    yield f"member {member}: {hours.get(member, 0)} minutes, implied {wanted}"
            if coverage:
                for training in tx.scalars(select(Training).where(Training.organisation_id == self.city)):
                    yield from (str(one) for one in recount.recount_differences(tx, training))
        yield from (f"missing {found}" for found in repair.ledger_differences(self.runtime.db))


def run(runtime: Runtime, dice: random.Random, steps: int = STEPS) -> tuple[Life, list[str]]:
    """One life; what was not as the ledger implied, after any step. The jobs that were asked for run after each."""
    components.import_all()
    life, wrong = Life(runtime, dice), list[str]()
    for number in range(steps):
        life.now += dt.timedelta(hours=dice.choice([1, 1, 5, 30]))
        act = dice.choice(life.acts())
        with clock.frozen(life.now), contextlib.suppress(AcademyError), runtime.db.begin() as tx:
            act(tx)
        with clock.frozen(life.now):
            if number % 4 == 3:
                _midnight(runtime)
            drain(runtime)
            with runtime.db.read() as tx:
                life.work_out(tx)
            wrong += [f"step {number}, {act.__name__}: {one}" for one in life.differences(coverage=number % 4 == 3)]
            if wrong:
                return life, wrong
    return life, wrong


def _midnight(runtime: Runtime) -> None:
    """What the calendar does of itself each night: exemptions end, trainings close."""
    with runtime.db.begin() as tx:
        trainings.begin_day(tx)


def run_many(runtime: Runtime, lives: int, seed: int) -> dict[str, int]:
    """Some lives; each one's differences are printed."""
    implied = struck = differences = 0
    for number in range(lives):
        life, wrong = run(runtime, random.Random(f"{seed}/{number}"))
        implied, struck, differences = implied + len(life.expected), struck + len(life.struck), differences + len(wrong)
        for one in wrong[:10]:
            print(f"seed {seed} life {number} {one}", flush=True)
    return {"lives": lives, "implied": implied, "struck": struck, "differences": differences}
