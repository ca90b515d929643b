"""Background jobs of talk: places follow the lecture they are in; refused questions are forgotten."""

import datetime as dt

from academy.core.retention import days_ago, delete_in_batches
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.learning.api import RecutDeclared
from academy.library.api import CoursePublished
from academy.media.api import TranscriptChanged
from academy.talk import places
from academy.talk.kinds import QuestionState
from academy.talk.models import Question


@jobs.handles(TranscriptChanged, lane=jobs.BRIEF)
def follow_captions(context: JobContext, event: TranscriptChanged) -> None:
    """Captions changed: notes, questions and clips of lectures that show them are placed again."""
    with context.db.read() as tx:
        found = [item.item_id for item in places.published_items(tx, asset_id=event.asset_id)]
    for item_id in found:
        places.follow_item(context.db, item_id)


@jobs.handles(CoursePublished, lane=jobs.BRIEF)
def follow_files(context: JobContext, event: CoursePublished) -> None:
    """A course was published: what stands in replaced files is looked for in the present ones."""
    with context.db.read() as tx:
        found = [item.item_id for item in places.published_items(tx, course_id=event.course_id)]
    for item_id in found:
        places.follow_item(context.db, item_id, is_moved=True)


@jobs.handles(RecutDeclared, lane=jobs.BRIEF)
def follow_recut(context: JobContext, event: RecutDeclared) -> None:
    """Somebody declared where the stretches of a replaced film went: the mapping counts more than the words."""
    places.follow_mapping(context.db, event.item_id, event.from_version, event.to_version)


@jobs.nightly("talk.forget", at=dt.time(2, 40))
def forget(context: JobContext) -> None:
    """Delete refused questions past their retention."""
    old = days_ago(context.settings.keep_questions_days)
    delete_in_batches(context.db, Question, Question.state == QuestionState.REFUSED, Question.decided_at < old)
