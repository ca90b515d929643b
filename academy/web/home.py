"""The home page: due trainings, lectures to continue, new courses; for officers first the state of their trainings and
what waits for them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from flask import Blueprint, render_template, request

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.i18n import Message, msg, nmsg
from academy.faculty import api as faculty
from academy.http import SIGNED_IN, actor, menu, page, reading
from academy.http.navigation import link
from academy.learning import api as learning
from academy.learning.api import Recent
from academy.library import api as library
from academy.library.api import CourseCard, ItemKind, ItemVersion
from academy.media.api import AssetState
from academy.talk import api as talk
from academy.trainings import api as trainings
from academy.trainings.api import DueTraining
from academy.web import help, officer_desk

bp = Blueprint("home", __name__)
SHELF = 4


@dataclasses.dataclass(frozen=True)
class Task:
    """A pending task of an officer: a sentence and a link."""

    text: Message
    href: str | None
    icon: str
    urgent: bool = False


@dataclasses.dataclass(frozen=True)
class NextUp:
    """The one thing that the page proposes: a course, why, and what the button says and leads to."""

    card: CourseCard
    why: Message
    verb: Message
    item: ItemVersion | None = None
    permille: int = 0
    left: Message | None = None


URGENT_DAYS = 3
"""From so many days before its end on, a training goes before a lecture that was begun outside it."""


@bp.get("/")
@page(SIGNED_IN, menu=menu.HOME, search_open=True)
def home() -> str:
    """The home page."""
    who = actor()
    with reading() as tx:
        member = who.member_id
        due = trainings.due_for_member(tx, member) if member else []
        recent = learning.recently_begun(tx, member, 5) if member else []
        leading = library.list_published(tx, leaders=True, size=SHELF)
        shown = {card.course.id for card in leading.rows}
        newest = [card for card in library.list_published(tx, size=2 * SHELF).rows if card.course.id not in shown][
            :SHELF
        ]
        wanted = [course.public_id for training in due for course in training.courses]
        covers = library.course_cards(tx, [row.course.id for row in recent])
        proposed = library.cards_by_public_id(tx, wanted)
        kept = talk.favourite_cards(tx, who, size=SHELF)
        cards = (*newest, *leading.rows, *covers.values(), *kept.rows)
        states = learning.course_states(tx, member, {card.course.id for card in cards}) if member else {}
        asked = member is not None and not recent and help.LEFT not in request.cookies
        is_new = asked and not learning.record_years(tx, member or 0)
        tasks, answers = _tasks(tx, who), officer_desk.answers(tx, who)
        teaching = faculty.next_lecture(tx, who, clock.today())
    return render_template(
        "home/home.html",
        first_visit=help.FIRST_VISIT if is_new else (),
        due=due,
        recent=recent,
        covers=covers,
        next_up=next_up(due, recent, covers, proposed),
        leading=leading,
        newest=newest,
        kept=kept,
        states=states,
        tasks=tasks,
        teaching=teaching,
        answers=[(one, officer_desk.curve_of(one)) for one in answers],
    )


def next_up(
    due: Sequence[DueTraining],
    recent: Sequence[Recent],
    begun: Mapping[int, CourseCard],
    proposed: Mapping[str, CourseCard],
) -> NextUp | None:
    """What to learn now: what was begun, unless a training ends in days and that is not part of it.

    `begun` are cards by the courses' ids, `proposed` those of trainings by their public ids.
    """
    urgent = [training for training in due if training.days_left <= URGENT_DAYS]
    for row in recent:
        inside = not urgent or any(row.course.public_id == course.public_id for course in urgent[0].courses)
        if inside and row.course.id in begun:
            minutes = math.ceil(max(0, row.extent - row.position) / 60_000)
            left = nmsg("还剩 %(n)s 分钟", minutes, n=minutes) if row.item.kind != ItemKind.DOCUMENT else None
            return NextUp(begun[row.course.id], msg("接着学"), msg("继续学习"), row.item, row.permille, left)
    for training in due:
        for course in training.courses:
            if course.available and not course.done and course.public_id in proposed:
                return NextUp(
                    proposed[course.public_id], msg("《%(title)s》要学的课", title=training.title), msg("开始学习")
                )
    return None


def _tasks(tx: Tx, who: Actor) -> list[Task]:
    """What a trainer has to mend; none for others."""
    found = []
    if who.has(Role.TRAINER):
        for line in library.items_by_file_state(tx, who, AssetState.FAILED)[:5]:
            text = msg("《%(title)s》有文件没有处理成功", title=line.item.course.title)
            found.append(Task(text, link("studio.course", public_id=line.item.course.public_id), "alert", urgent=True))
        for course in library.returned_courses(tx, who):
            text = msg("《%(title)s》被退回，请按意见修改", title=course.title)
            found.append(Task(text, link("studio.course", public_id=course.public_id), "edit"))
    return found
