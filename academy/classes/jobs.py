"""Background jobs of classes: members are notified of what happened to their place or their class."""

from academy.classes.events import ClassNews
from academy.classes.kinds import ClassNewsKind
from academy.classes.models import TrainingClass
from academy.classes.news import class_link, news_text
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.notifications import api as notifications


@jobs.handles(ClassNews, lane=jobs.BRIEF)
def notify_of_class(context: JobContext, event: ClassNews) -> None:
    """Notify the members whom the event names, each once."""
    with context.db.read() as tx:
        row = tx.get_one(TrainingClass, event.class_id)
        body, link = news_text(row, ClassNewsKind(event.news)), class_link(row)
    key = f"class.{event.news}:{event.class_id}:{event.at_ms}"
    members = event.member_ids
    notifications.notify_in_batches(context.db, key=key, body=body, link=link, members=members, kind="class.place")
