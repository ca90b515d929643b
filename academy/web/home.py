"""The home page: due trainings, lectures to continue, new courses; for officers also pending tasks."""

import dataclasses
from typing import Any

from flask import Blueprint, render_template

from academy.accounts import privacy_requests
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.i18n import Message, msg, nmsg
from academy.http import SIGNED_IN, actor, menu, page, reading
from academy.http.navigation import link
from academy.learning import queries as progress
from academy.library import queries
from academy.media.models import AssetState
from academy.people.access import KEEPERS
from academy.trainings import access as trainings_access
from academy.trainings import queries as trainings

bp = Blueprint("home", __name__)


@dataclasses.dataclass(frozen=True)
class Task:
    """A pending task of an officer: a sentence and a link."""

    text: Message
    href: str | None
    icon: str
    urgent: bool = False


@bp.get("/")
@page(SIGNED_IN, menu=menu.HOME, search_open=True)
def home() -> str:
    """The home page."""
    who = actor()
    with reading() as tx:
        member = who.member_id
        due = trainings.due_for_member(tx, member) if member else []
        recent = progress.recent(tx, member, 3) if member else []
        newest = queries.published(tx, size=6)
        shown = [card.course.id for card in newest.rows]
        covers = queries.cards_by_id(tx, [row.course.id for row in recent])
        states = progress.course_states(tx, member, shown) if member else {}
        tasks, figures = _tasks(tx, who), _figures(tx, who)
    return render_template(
        "home/home.html",
        due=due,
        recent=recent,
        covers=covers,
        newest=newest,
        states=states,
        tasks=tasks,
        figures=figures,
    )


def _tasks(tx: Tx, who: Actor) -> list[Task]:
    """Pending tasks of this officer; none for a member without roles."""
    found = []
    waiting = queries.review_count(tx, who) if who.has(Role.REVIEWER) else 0
    if waiting:
        found.append(Task(nmsg("%(count)s 门课程等您审阅", waiting, count=waiting), link("review.index"), "check"))
    asked = privacy_requests.waiting_count(tx, who) if who.has(*KEEPERS) else 0
    if asked:
        found.append(
            Task(nmsg("%(count)s 项个人信息要求等您办理", asked, count=asked), link("own_data.waiting"), "person")
        )
    if who.has(Role.TRAINER):
        for line in queries.with_files(tx, who, AssetState.FAILED)[:5]:
            text = msg("《%(title)s》有文件没有处理成功", title=line.item.course.title)
            found.append(Task(text, link("studio.course", public_id=line.item.course.public_id), "alert", urgent=True))
        for course in queries.returned(tx, who):
            text = msg("《%(title)s》被退回，请按意见修改", title=course.title)
            found.append(Task(text, link("studio.course", public_id=course.public_id), "edit"))
    return found


def _figures(tx: Tx, who: Actor) -> list[Any]:
    """Running trainings with the figures of the officer's own node."""
    nodes = trainings_access.roots(tx, who)[:1]
    return [row for node in nodes for row in trainings.overview(tx, who, node, 1).rows if row.training.state == "open"][
        :3
    ]
