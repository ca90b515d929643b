"""What comes after a lesson: the standing of trainings that ask for its course, and the next lesson."""

import dataclasses

from flask import url_for

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.learning import api as learning
from academy.library import api as library
from academy.library.api import ItemVersion
from academy.trainings import api as trainings
from academy.trainings.api import DueTraining


@dataclasses.dataclass(frozen=True)
class NextLesson:
    """The one thing proposed next: the button's words, and where it leads."""

    verb: Message
    href: str


@dataclasses.dataclass(frozen=True)
class AfterLesson:
    """A lesson behind somebody. `done` is None where nothing is recorded of this person."""

    item: ItemVersion
    done: bool | None
    trainings: list[DueTraining]
    onward: NextLesson | None


def load_after_lesson(tx: Tx, actor: Actor, item: ItemVersion) -> AfterLesson:
    """The trainings that ask for the item's course, and what to do next: the course's next item that is not completed,
    else the first course of those trainings that is not."""
    lessons = [line.item for line in library.course_page(tx, item.course).lines]
    if actor.member_id is None:
        following = _following(lessons, item, set())
        return AfterLesson(item, None, [], _lesson(following) if following else None)
    states = learning.item_states(tx, actor.member_id, lessons)
    finished = {number for number, state in states.items() if state.completed_at}
    asking = [
        training
        for training in trainings.trainings_of_member(tx, actor.member_id)
        if not training.is_over and any(course.public_id == item.course.public_id for course in training.courses)
    ]
    following = _following(lessons, item, finished)
    onward = _lesson(following) if following else _course(tx, actor, asking, item.course.public_id)
    return AfterLesson(item, item.item_id in finished, asking, onward)


def _following(lessons: list[ItemVersion], item: ItemVersion, finished: set[int]) -> ItemVersion | None:
    """The next item after this one that is not completed, else an earlier one."""
    place = next((n for n, lesson in enumerate(lessons) if lesson.item_id == item.item_id), -1)
    return next(
        (lesson for lesson in (*lessons[place + 1 :], *lessons[:place]) if lesson.item_id not in finished), None
    )


def _lesson(item: ItemVersion) -> NextLesson:
    href = url_for("learn.play", item_public_id=item.public_id)
    return NextLesson(msg("接着学：%(title)s", title=item.title), href)


def _course(tx: Tx, actor: Actor, asking: list[DueTraining], present: str) -> NextLesson | None:
    for training in asking:
        for course in training.courses:
            if course.done or not course.available or course.public_id == present:
                continue
            try:
                found = library.access_published_course(tx, actor, course.public_id)
            except NotFound:
                continue  # withdrawn a moment ago
            lines = library.course_page(tx, found).lines
            href = (
                url_for("learn.play", item_public_id=lines[0].item.public_id)
                if len(lines) == 1
                else url_for("library.course", public_id=course.public_id)
            )
            return NextLesson(msg("接着学：%(title)s", title=course.title), href)
    return None
