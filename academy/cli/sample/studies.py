"""Three trainings at different stages, and what members have studied, unevenly distributed.

Watch records are inserted in bulk as the rows that watching would write; the trainings are then opened by their own
service, which counts those rows. So no figure is made up here.
"""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, literal, select, text

from academy.cli.sample.courses import Shelved
from academy.cli.sample.people import City, table_of
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Base, Tx
from academy.learning import api as learning
from academy.learning.models import Completion, CourseStart, CreditHour, ItemCompletion, WatchLedger
from academy.people.models import Exemption, Member, Organisation
from academy.trainings import api as trainings
from academy.trainings.api import TrainingPlan

CHUNK = 20_000


@dataclasses.dataclass(frozen=True)
class Campaign:
    """A training of the sample: its courses, window, and progress."""

    title: str
    summary: str
    courses: tuple[int, ...]
    opens: int
    """Days from today."""
    closes: int
    drive: float
    """Share of a branch's eventual study that is done by now."""
    stage: str = "open"


CAMPAIGNS = (
    Campaign("夏季党员集中轮训", "三门课，全市党员参加。", (0, 1, 8), -205, -85, 1.32, "archived"),
    Campaign("安全生产与防诈骗专题学习", "三门课，请在截止前学完。", (3, 5, 6), -40, 3, 1.05),
    Campaign("冬季党员集中轮训", "四门课，利用农闲时间学习。", (2, 4, 7, 9), -21, 45, 0.62),
)


@dataclasses.dataclass
class _Rows:
    """Rows waiting to be inserted, by table."""

    tx: Tx
    waiting: dict[Any, list[dict[str, Any]]]

    def add(self, model: Any, **values: Any) -> None:
        rows = self.waiting.setdefault(model, [])
        rows.append(values)
        if len(rows) >= CHUNK:
            self.flush(model)

    def flush(self, *models: Any) -> None:
        for model in models or tuple(self.waiting):
            rows = self.waiting.pop(model, [])
            if rows:
                self.tx.execute(insert(table_of(model)), rows)


def make_studies(
    tx: Tx, city: City, courses: list[Shelved], keep_free: set[int], lot: random.Random, report: Callable[[str], None]
) -> None:
    """Insert study records, then open the trainings over them."""
    rows = _Rows(tx, {})
    people = _people(tx, city)
    for campaign in CAMPAIGNS:
        studied = [courses[n] for n in campaign.courses]
        for member_id, zeal in people:
            free = member_id in keep_free and campaign.stage == "open"
            _study(rows, member_id, 0.0 if free else zeal, campaign, studied, lot)
    for member_id in sorted(keep_free):
        _begin(rows, member_id, courses[CAMPAIGNS[-1].courses[0]], clock.now() - dt.timedelta(hours=lot.randint(3, 60)))
    rows.flush()
    for course in courses:
        if course.item_id is not None:
            _follow(tx, course)
    # The planner has no statistics of these rows yet; without them it scans them once for every member.
    tx.execute(text("ANALYZE"))
    report("what members have studied")
    for campaign in CAMPAIGNS:
        _hold(tx, city, campaign, [courses[n].id for n in campaign.courses])
    report(f"{len(CAMPAIGNS)} trainings")


def _people(tx: Tx, city: City) -> list[tuple[int, float]]:
    """Members with their study activity: the branch's, less for members who are away, little for exempt ones."""
    zeal = {branch.id: branch.zeal for branch in city.branches}
    exempt = set(tx.scalars(select(Exemption.member_id)))
    found = tx.execute(select(Member.id, Member.organisation_id, Member.status).order_by(Member.id))
    return [
        (id_, zeal[home] * (0.7 if status == "floating" else 1.0) * (0.15 if id_ in exempt else 1.0))
        for id_, home, status in found
    ]


def _study(
    rows: _Rows, member_id: int, zeal: float, campaign: Campaign, courses: list[Shelved], lot: random.Random
) -> None:
    chance, draw = min(0.985, zeal * campaign.drive), lot.random()
    if draw < chance:
        done = len(courses)
    elif draw < chance + 0.16 * (zeal > 0):
        done = lot.randrange(0, len(courses))
    else:
        return
    days = sorted(_day(campaign, lot) for _ in range(len(courses)))
    for course, day in zip(courses[:done], days, strict=False):
        _finish(rows, member_id, course, _moment(day, lot))
    if done < len(courses):
        _begin(rows, member_id, courses[done], _moment(days[done], lot), lot.uniform(0.05, 0.9))


def _day(campaign: Campaign, lot: random.Random) -> dt.date:
    """Days of study: more in the first days and before the end than in between."""
    last = min(campaign.closes, 0)
    where = lot.betavariate(0.8, 1.1) if campaign.closes > 0 else lot.betavariate(1.4, 0.9)
    return clock.today() + dt.timedelta(days=campaign.opens + int(where * max(1, last - campaign.opens)))


def _moment(day: dt.date, lot: random.Random) -> dt.datetime:
    at = dt.datetime.combine(day, dt.time(6), clock.CITY) + dt.timedelta(seconds=lot.randrange(16 * 3600))
    return min(at.astimezone(dt.UTC), clock.now() - dt.timedelta(minutes=lot.randint(1, 240)))


def _finish(rows: _Rows, member_id: int, course: Shelved, at: dt.datetime) -> None:
    assert course.item_id is not None  # a training requires items that can be watched or listened to
    key = {"member_id": member_id, "item_id": course.item_id, "item_version": 1}
    ms = int(at.timestamp() * 1000)
    spans = learning.pack_spans([(0, course.length_ms)])
    rows.add(
        WatchLedger,
        **key,
        spans=spans,
        covered=course.length_ms,
        position=course.length_ms,
        updated_ms=ms,
        completed_ms=ms,
    )
    rows.add(Completion, member_id=member_id, course_id=course.id, course_version=1, completed_at=at)


def _follow(tx: Tx, course: Shelved) -> None:
    """Rows derived from completions, copied in bulk: quicker than a row at a time."""
    done = table_of(Completion)
    here = done.c.course_id == course.id
    at = done.c.completed_at
    copies: list[tuple[type[Base], dict[str, Any]]] = [
        (CourseStart, {"course_id": done.c.course_id, "started_at": at}),
        (
            ItemCompletion,
            {
                "item_id": literal(course.item_id),
                "item_version": literal(1),
                "course_id": done.c.course_id,
                "completed_at": at,
            },
        ),
        (
            CreditHour,
            {
                "minutes": literal(course.credit_minutes),
                "rule": literal("course.completed"),
                "source": literal(f"course:{course.public_id}"),
                "earned_at": at,
            },
        ),
    ]
    for model, values in copies:
        query = select(done.c.member_id, *values.values()).where(here)
        tx.execute(insert(table_of(model)).from_select(["member_id", *values], query))


def _begin(rows: _Rows, member_id: int, course: Shelved, at: dt.datetime, share: float = 0.42) -> None:
    watched = int(course.length_ms * share)
    rows.add(
        WatchLedger,
        member_id=member_id,
        item_id=course.item_id,
        item_version=1,
        spans=learning.pack_spans([(0, watched)]),
        covered=watched,
        position=watched,
        updated_ms=int(at.timestamp() * 1000),
        completed_ms=None,
    )
    rows.add(CourseStart, member_id=member_id, course_id=course.id, started_at=at)


def _hold(tx: Tx, city: City, campaign: Campaign, courses: list[int]) -> None:
    today = clock.today()
    opens, closes = today + dt.timedelta(days=campaign.opens), today + dt.timedelta(days=campaign.closes)
    plan = TrainingPlan(campaign.title, opens, closes, courses, summary=campaign.summary)
    with clock.frozen(_morning(opens)):
        training = trainings.create_training(tx, SYSTEM, tx.get_one(Organisation, city.root.id), plan)
        trainings.open_training(tx, SYSTEM, training)
    if campaign.stage == "archived":
        with clock.frozen(_morning(closes + dt.timedelta(days=1))):
            trainings.close_training(tx, SYSTEM, training)
            trainings.archive_training(tx, SYSTEM, training)


def _morning(day: dt.date) -> dt.datetime:
    return clock.day_bounds(day)[0] + dt.timedelta(hours=8)
