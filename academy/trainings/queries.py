"""Reads: a member's trainings, an organisation's trainings, coverage."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Container

from sqlalchemy import ColumnElement, Integer, case, cast, func, or_, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.learning import api as learning
from academy.library.models import Course
from academy.people import api as people
from academy.people.models import Exemption, Member, Organisation
from academy.talk import api as talk
from academy.trainings import completed_courses, coverage_cells, sql
from academy.trainings.access import MANAGING_ROLES, VIEWING_ROLES
from academy.trainings.course_shares import shares_of_member
from academy.trainings.coverage_cells import Figures
from academy.trainings.models import Enrolment, Standing, Training, TrainingCourse, TrainingState
from academy.trainings.rules import Audience
from academy.trainings.sql import COUNTING_STATES

PAGE = 20
SAMPLE = 8
SEEN = 0.95
"""Share of a clip from which on it counts as seen, as for whole lectures."""


@dataclasses.dataclass(frozen=True)
class DueCourse:
    """A course of a training, and whether this member has completed it."""

    public_id: str
    title: str
    done: bool
    available: bool


@dataclasses.dataclass(frozen=True)
class DueClip:
    """The stretch of a lecture that a training asks to see first, and whether this member has seen it."""

    public_id: str
    title: str
    """Of its course."""
    start_ms: int
    end_ms: int
    is_seen: bool


@dataclasses.dataclass(frozen=True)
class DueTraining:
    """A training of one member: deadline, progress, missing courses."""

    public_id: str
    title: str
    summary: str
    state: str
    standing: str
    opens_on: dt.date
    closes_on: dt.date
    needed: int
    done: int
    permille: int
    completed_on: dt.date | None
    exempt_until: dt.date | None
    exempt_reason: str
    courses: list[DueCourse]
    clip: DueClip | None = None

    @property
    def is_over(self) -> bool:
        return self.state != TrainingState.OPEN or self.closes_on < clock.today()

    @property
    def days_left(self) -> int:
        return (self.closes_on - clock.today()).days

    @property
    def missing(self) -> int:
        """How many more courses are needed."""
        return max(0, self.needed - self.done)


def due_for_member(tx: Tx, member_id: int) -> list[DueTraining]:
    """What a member still has to complete now, the most urgent first; for the home page."""
    return [
        t
        for t in trainings_of_member(tx, member_id)
        if not t.is_over and t.standing == Standing.DUE and t.completed_on is None
    ]


def trainings_of_member(tx: Tx, member_id: int) -> list[DueTraining]:
    """A member's trainings: running ones by their end, then those that are over."""
    rows = tx.execute(
        select(Training, Enrolment)
        .join(Enrolment, Enrolment.training_id == Training.id)
        .where(
            Enrolment.member_id == member_id,
            Enrolment.standing != Standing.OUT,
            Training.state.in_((TrainingState.OPEN, TrainingState.CLOSED)),
        )
    ).all()
    courses: dict[int, list[Course]] = {training.id: [] for training, _ in rows}
    for training_id, course in tx.execute(
        select(TrainingCourse.training_id, Course)
        .join(Course, Course.id == TrainingCourse.course_id)
        .where(TrainingCourse.training_id.in_(courses))
        .order_by(TrainingCourse.training_id, TrainingCourse.position)
    ):
        courses[training_id].append(course)
    exemption = _exemption(tx, member_id)
    completed = completed_courses.courses_by_training(tx, member_id, [training for training, _ in rows])
    shares = shares_of_member(tx, member_id, [training.id for training, _ in rows])
    clips = _clips(tx, member_id, {training.clip_id for training, _ in rows if training.clip_id})
    made = [
        dataclasses.replace(
            _due(
                training,
                enrolment,
                courses[training.id],
                completed[training.id],
                exemption,
                shares.get(training.id, 0),
            ),
            clip=clips.get(training.clip_id or 0),
        )
        for training, enrolment in rows
    ]
    running = sorted((t for t in made if not t.is_over), key=lambda t: (t.completed_on is not None, t.closes_on))
    over = sorted((t for t in made if t.is_over), key=lambda t: t.closes_on, reverse=True)
    return running + over


def _clips(tx: Tx, member_id: int, ids: Collection[int]) -> dict[int, DueClip]:
    if not ids:
        return {}
    found = talk.clips_of_ids(tx, ids)
    stretches = [(one.item, (one.clip.place_start, one.clip.place_end)) for one in found.values()]
    shares = learning.watched_shares(tx, member_id, stretches)
    return {
        clip_id: DueClip(one.clip.public_id, one.title, one.clip.place_start, one.clip.place_end, share >= SEEN)
        for (clip_id, one), share in zip(found.items(), shares, strict=True)
    }


def _exemption(tx: Tx, member_id: int) -> Exemption | None:
    today = people.exempt_on(clock.today())
    query = select(Exemption).where(Exemption.member_id == member_id, today)
    return tx.scalars(query.order_by(Exemption.valid_to.desc())).first()


def _due(
    training: Training,
    enrolment: Enrolment,
    courses: list[Course],
    completed: Container[int],
    exemption: Exemption | None,
    share: int,
) -> DueTraining:
    listed = [DueCourse(c.public_id, c.title, c.id in completed, c.is_published) for c in courses]
    return DueTraining(
        public_id=training.public_id,
        title=training.title,
        summary=training.summary,
        state=training.state,
        standing=enrolment.standing,
        opens_on=training.opens_on,
        closes_on=training.closes_on,
        needed=training.required_count or len(listed),
        done=sum(course.done for course in listed),
        permille=1000 if enrolment.completed_on else share,
        completed_on=enrolment.completed_on,
        exempt_until=exemption.valid_to if exemption and enrolment.standing == Standing.EXEMPT else None,
        exempt_reason=exemption.reason if exemption and enrolment.standing == Standing.EXEMPT else "",
        courses=listed,
    )


@dataclasses.dataclass(frozen=True)
class Overview:
    """A training in a list, with its figures in one node."""

    training: Training
    node: Organisation
    figures: Figures
    mine: bool
    """Whether the reader may change it."""


def trainings_overview(tx: Tx, actor: Actor, node: Organisation, page: int, *, drafts: bool = False) -> Page[Overview]:
    """Trainings that concern a node, running ones first, with that node's figures."""
    above = [int(part) for part in node.path.strip("/").split("/")]
    below = select(Organisation.id).where(people.subtree(node.path))
    states = [TrainingState.OPEN, TrainingState.CLOSED] + ([TrainingState.ARCHIVED] if drafts else [])
    seen: ColumnElement[bool] = Training.state.in_(states)
    if drafts:
        own = select(Organisation.id).where(people.subtrees(actor.paths(*MANAGING_ROLES)))
        seen = or_(
            seen, Training.state.in_((TrainingState.DRAFT, TrainingState.OPENING)) & Training.organisation_id.in_(own)
        )
    order = case(
        (Training.state.in_(("draft", "opening")), 0),
        (Training.state == "open", 1),
        (Training.state == "closed", 2),
        else_=3,
    )
    query = (
        select(Training)
        .where(or_(Training.organisation_id.in_(above), Training.organisation_id.in_(below)), seen)
        .order_by(order, Training.closes_on.desc(), Training.id.desc())
    )
    found = page_of(tx, query, page, PAGE)
    counted = coverage_cells.figures_of(tx, [t.id for t in found.rows], [node.id]) if found.rows else {}
    holders = {
        o.id: o
        for o in tx.scalars(select(Organisation).where(Organisation.id.in_({t.organisation_id for t in found.rows})))
    }
    rows = [
        Overview(
            t,
            node,
            counted.get((t.id, node.id), Figures()),
            actor.may(holders[t.organisation_id].path, *MANAGING_ROLES),
        )
        for t in found.rows
    ]
    return Page(rows, found.total, found.number, found.size)


@dataclasses.dataclass(frozen=True)
class AudiencePreview:
    """Preview of an audience: due, exempt, and a sample of members."""

    fitting: int
    exempt: int
    sample: list[tuple[Member, Organisation]]

    @property
    def due(self) -> int:
        return self.fitting - self.exempt


def preview_audience(tx: Tx, holder: Organisation, audience: Audience, first_day: dt.date) -> AudiencePreview:
    """Count an audience without enrolling."""
    clause = sql.fits(tx, holder, audience, first_day)
    exempt = cast(sql.exempt_on(clock.today()), Integer)
    fitting, excused = tx.execute(select(func.count(), func.sum(exempt)).select_from(Member).where(clause)).one()
    # A systematic sample, the same each time: every n-th member.
    step = max(1, fitting // SAMPLE)
    sample = (
        select(Member, Organisation)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(clause, Member.id % step == 0)
        .order_by(Member.id)
        .limit(SAMPLE)
    )
    return AudiencePreview(fitting, int(excused or 0), [(m, o) for m, o in tx.execute(sample)])


def view_trail(tx: Tx, actor: Actor, node: Organisation) -> list[Organisation]:
    """The nodes from the top of the actor's scope down to this one."""
    return [one for one in people.ancestors_of(tx, node) if actor.is_system or actor.may(one.path, *VIEWING_ROLES)]


def list_positions(tx: Tx) -> list[str]:
    """The positions members hold, for the audience's form."""
    query = select(Member.position).where(Member.position.is_not(None)).group_by(Member.position)
    return [p for p in tx.scalars(query.order_by(func.count().desc()).limit(24)) if p]


def counting_trainings(tx: Tx, public_id: str | None = None) -> list[Training]:
    """Open and closed trainings, whose figures can still change, by row id; with `public_id` only that one."""
    query = select(Training).where(Training.state.in_(COUNTING_STATES)).order_by(Training.id)
    return list(tx.scalars(query.where(Training.public_id == public_id) if public_id else query))
