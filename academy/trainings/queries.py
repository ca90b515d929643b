"""Reads: what a member has to do, what an office holds, what coverage is."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.db import Tx
from academy.core.pages import Page, page_of
from academy.library.models import Course, CourseState
from academy.members import queries as members
from academy.members.models import Exemption, Member, Organisation, OrganisationSpell
from academy.trainings import sql, tally, verify
from academy.trainings.access import MANAGE, VIEW
from academy.trainings.models import Enrolment, Standing, Training, TrainingCourse, TrainingState
from academy.trainings.rules import Audience
from academy.trainings.studied import studied
from academy.trainings.tally import Figures

PAGE = 20
SAMPLE = 8


@dataclasses.dataclass(frozen=True)
class DueCourse:
    """A course that a training asks for, and whether this member has completed it."""

    public_id: str
    title: str
    done: bool
    available: bool


@dataclasses.dataclass(frozen=True)
class DueTraining:
    """A training of one member: what, till when, how far, what is missing."""

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

    @property
    def is_over(self) -> bool:
        return self.state != TrainingState.OPEN or self.closes_on < clock.today()

    @property
    def days_left(self) -> int:
        return (self.closes_on - clock.today()).days

    @property
    def missing(self) -> int:
        """How many more courses complete it."""
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
    courses: dict[int, list[Any]] = {training.id: [] for training, _ in rows}
    for found in tx.execute(
        select(TrainingCourse.training_id, TrainingCourse.position, Course)
        .join(Course, Course.id == TrainingCourse.course_id)
        .where(TrainingCourse.training_id.in_(courses))
        .order_by(TrainingCourse.training_id, TrainingCourse.position)
    ):
        courses[found[0]].append(found)
    exemption = _exemption(tx, member_id)
    shares = {training.id: studied(tx, training.id, [member_id]).get(member_id, 0) for training, _ in rows}
    made = [
        _due(training, enrolment, courses[training.id], exemption, shares[training.id]) for training, enrolment in rows
    ]
    running = sorted((t for t in made if not t.is_over), key=lambda t: (t.completed_on is not None, t.closes_on))
    over = sorted((t for t in made if t.is_over), key=lambda t: t.closes_on, reverse=True)
    return running + over


def _exemption(tx: Tx, member_id: int) -> Exemption | None:
    today = members.exempt_on(clock.today())
    query = select(Exemption).where(Exemption.member_id == member_id, today)
    return tx.scalars(query.order_by(Exemption.valid_to.desc())).first()


def _due(
    training: Training, enrolment: Enrolment, courses: list[Any], exemption: Exemption | None, share: int
) -> DueTraining:
    listed = [
        DueCourse(c.public_id, c.title, bool(enrolment.done >> position & 1), c.state == CourseState.PUBLISHED)
        for _, position, c in courses
    ]
    return DueTraining(
        public_id=training.public_id,
        title=training.title,
        summary=training.summary,
        state=training.state,
        standing=enrolment.standing,
        opens_on=training.opens_on,
        closes_on=training.closes_on,
        needed=training.required_count or len(listed),
        done=enrolment.done.bit_count(),
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


def overview(tx: Tx, actor: Actor, node: Organisation, page: int, *, drafts: bool = False) -> Page[Overview]:
    """Trainings that concern a node, running ones first, with that node's figures."""
    above = [int(part) for part in node.path.strip("/").split("/")]
    below = select(Organisation.id).where(members.subtree(node.path))
    states = [TrainingState.OPEN, TrainingState.CLOSED] + ([TrainingState.ARCHIVED] if drafts else [])
    seen: ColumnElement[bool] = Training.state.in_(states)
    if drafts:
        own = select(Organisation.id).where(members.subtrees(actor.paths(*MANAGE)))
        seen = or_(seen, (Training.state == TrainingState.DRAFT) & Training.organisation_id.in_(own))
    order = case(
        (Training.state == "draft", 0), (Training.state == "open", 1), (Training.state == "closed", 2), else_=3
    )
    query = (
        select(Training)
        .where(or_(Training.organisation_id.in_(above), Training.organisation_id.in_(below)), seen)
        .order_by(order, Training.closes_on.desc(), Training.id.desc())
    )
    found = page_of(tx, query, page, PAGE)
    counted = tally.figures(tx, [t.id for t in found.rows], [node.id]) if found.rows else {}
    holders = {
        o.id: o
        for o in tx.scalars(select(Organisation).where(Organisation.id.in_({t.organisation_id for t in found.rows})))
    }
    rows = [
        Overview(t, node, counted.get((t.id, node.id), Figures()), actor.may(holders[t.organisation_id].path, *MANAGE))
        for t in found.rows
    ]
    return Page(rows, found.total, found.number, found.size)


@dataclasses.dataclass(frozen=True)
class Preview:
    """Who would be due: how many, how many of them exempt, and some of them."""

    fitting: int
    exempt: int
    sample: list[tuple[Member, Organisation]]

    @property
    def due(self) -> int:
        return self.fitting - self.exempt


def preview(tx: Tx, holder: Organisation, audience: Audience, first_day: dt.date) -> Preview:
    """Count an audience before anybody is enrolled."""
    clause = sql.fits(tx, holder, audience, first_day)
    exempt = cast(sql.exempt_on(clock.today()), Integer)
    fitting, excused = tx.execute(select(func.count(), func.sum(exempt)).select_from(Member).where(clause)).one()
    # A spread over the whole audience, the same each time: every n-th member.
    step = max(1, fitting // SAMPLE)
    sample = (
        select(Member, Organisation)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(clause, Member.id % step == 0)
        .order_by(Member.id)
        .limit(SAMPLE)
    )
    return Preview(fitting, int(excused or 0), [(m, o) for m, o in tx.execute(sample)])


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of a coverage table: a node below, or the members of the node itself."""

    organisation_id: int
    public_id: str | None
    name: str
    level: str
    figures: Figures


@dataclasses.dataclass(frozen=True)
class Coverage:
    """A coverage page: the node's figures, its children, its direct members, as of when."""

    training: Training
    node: Organisation
    day: dt.date | None
    counted_at: dt.datetime
    figures: Figures
    lines: list[Line]
    direct: Figures
    courses: list[Course]
    needed: int

    @property
    def reconciles(self) -> bool:
        """Whether children and direct members make up the whole, as they must."""
        total = self.direct
        for line in self.lines:
            total = total + line.figures
        return (total.due, total.exempt, total.reached, total.completed) == (
            self.figures.due,
            self.figures.exempt,
            self.figures.reached,
            self.figures.completed,
        )


SORTS = ("name", "due", "exempt", "reached", "completed", "share")


def coverage(
    tx: Tx, training: Training, node: Organisation, day: dt.date | None = None, sort: str = "", *, falling: bool = False
) -> Coverage:
    """The figures of a node and of what hangs below it, now or at the end of a past day.

    The number of queries does not depend on how many nodes or members there are.
    """
    names = _children(tx, node, day)
    ids = [node.id, *(line.organisation_id for line in names)]
    counted = tally.figures(tx, [training.id], ids, day)
    lines = [
        dataclasses.replace(line, figures=counted.get((training.id, line.organisation_id), Figures())) for line in names
    ]
    lines = [line for line in lines if line.figures.due or line.figures.exempt]
    return Coverage(
        training=training,
        node=node,
        day=day,
        counted_at=clock.now(),
        figures=counted.get((training.id, node.id), Figures()),
        lines=_sorted(lines, sort, falling),
        direct=direct_figures(tx, training, node.id, day),
        courses=sql.courses_of(tx, training),
        needed=sql.needed(tx, training),
    )


def _children(tx: Tx, node: Organisation, day: dt.date | None) -> list[Line]:
    if day is None:
        query = select(Organisation.id, Organisation.public_id, Organisation.name, Organisation.level).where(
            Organisation.parent_id == node.id
        )
    else:
        spell = OrganisationSpell
        query = (
            select(Organisation.id, Organisation.public_id, spell.name, Organisation.level)
            .join(spell, spell.organisation_id == Organisation.id)
            .where(
                spell.parent_id == node.id, spell.valid_from <= day, or_(spell.valid_to.is_(None), spell.valid_to > day)
            )
        )
    return [Line(*row, Figures()) for row in tx.execute(query.order_by(Organisation.code))]


def _sorted(lines: list[Line], sort: str, falling: bool) -> list[Line]:
    keys: dict[str, Any] = {
        "name": lambda line: line.name,
        "due": lambda line: line.figures.due,
        "exempt": lambda line: line.figures.exempt,
        "reached": lambda line: line.figures.share_reached or 0,
        "completed": lambda line: line.figures.completed,
        "share": lambda line: line.figures.share_completed or 0,
    }
    return sorted(lines, key=keys[sort], reverse=falling) if sort in keys else lines


def direct_figures(tx: Tx, training: Training, organisation_id: int, day: dt.date | None) -> Figures:
    """Figures of the members who belong to a node itself, counted from their rows."""
    pieces = verify.pieces(training.id).alias()
    end = day or dt.date.max
    here = [pieces.c.organisation_id == organisation_id, pieces.c.start <= end]
    here.append(or_(pieces.c.stop.is_(None), pieces.c.stop > end))
    due = pieces.c.standing == "due"

    def count(*conditions: Any) -> Any:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    row = tx.execute(
        select(
            count(due),
            count(pieces.c.standing == "exempt"),
            count(due, pieces.c.reached_on <= end),
            count(due, pieces.c.completed_on <= end),
        ).where(*here)
    ).one()
    found = Figures(int(row[0]), int(row[1]), int(row[2]), int(row[3]))
    if found.due:
        days = sql.course_days(training).subquery()
        for course, number in tx.execute(
            select(days.c.course_id, func.count())
            .join(pieces, pieces.c.member_id == days.c.member_id)
            .where(*here, due, days.c.day <= end)
            .group_by(days.c.course_id)
        ):
            found.courses[course] = number
    return found


def trail(tx: Tx, actor: Actor, node: Organisation) -> list[Organisation]:
    """The nodes from the top of the actor's view down to this one."""
    return [one for one in members.ancestors(tx, node) if actor.is_system or actor.may(one.path, *VIEW)]


def published_courses(tx: Tx, chosen: Sequence[int] = ()) -> list[Course]:
    """What a training can ask for: everything on the shelves, and what was chosen before."""
    query = select(Course).where(or_(Course.state == CourseState.PUBLISHED, Course.id.in_(chosen)))
    return list(tx.scalars(query.order_by(Course.published_at.desc(), Course.id).limit(300)))


def positions(tx: Tx) -> list[str]:
    """The positions members hold, for the audience's form."""
    query = select(Member.position).where(Member.position.is_not(None)).group_by(Member.position)
    return [p for p in tx.scalars(query.order_by(func.count().desc()).limit(24)) if p]
