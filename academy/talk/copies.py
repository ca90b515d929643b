"""What is held of a person, for the copy of their own data."""

from typing import Any

from sqlalchemy import func, select

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.library.models import Course, CourseItem
from academy.talk.models import Favourite, Note, Question
from academy.talk.rules import MOST_NOTES


def count_own_talk(tx: Tx, actor: Actor) -> dict[str, int]:
    """Number of notes, favourites and questions of a person; three counts."""
    return {
        name: tx.scalar(select(func.count()).where(model.account_id == actor.account_id)) or 0
        for name, model in (("notes", Note), ("favourites", Favourite), ("questions", Question))
    }


def copy_talk(tx: Tx, actor: Actor) -> dict[str, Any]:
    """A person's notes, favourites and questions as JSON values; places in milliseconds or pages."""
    notes = tx.execute(
        select(Note, Course)
        .join(CourseItem, CourseItem.id == Note.item_id)
        .join(Course, Course.id == CourseItem.course_id)
        .where(Note.account_id == actor.account_id)
        .order_by(Note.id)
        .limit(MOST_NOTES)
    )
    favourites = tx.execute(
        select(Course, Favourite.created_at)
        .join(Favourite, Favourite.course_id == Course.id)
        .where(Favourite.account_id == actor.account_id)
        .order_by(Favourite.created_at)
    )
    questions = tx.execute(
        select(Question, Course)
        .join(Course, Course.id == Question.course_id)
        .where(Question.account_id == actor.account_id)
        .order_by(Question.id)
        .limit(MOST_NOTES)
    )
    return {
        "notes": [
            _place(row, course)
            | {"text": row.body, "at": row.created_at.isoformat(), "saved": row.updated_at.isoformat()}
            for row, course in notes
        ],
        "favourites": [{"course": course.title, "at": at.isoformat()} for course, at in favourites],
        "questions": [
            _place(row, course)
            | {
                "text": row.body,
                "state": row.state,
                "answer": row.answer,
                "refusal": row.refusal,
                "comment": row.comment,
                "at": row.created_at.isoformat(),
            }
            for row, course in questions
        ],
    }


def _place(row: Note | Question, course: Course) -> dict[str, Any]:
    return {
        "course": course.title,
        "unit": row.unit,
        "from": row.place_start,
        "to": row.place_end,
        "quote": row.quote,
        "place": row.place,
    }
