"""Which courses of trainings members have completed: read from their completions, stored nowhere else (ADR 0062)."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import bindparam, select

from academy.core import clock
from academy.core.database import Tx
from academy.learning.models import Completion
from academy.trainings import sql
from academy.trainings.models import Training, TrainingCourse

CHUNK = 2000

# Built once: building a statement costs more than running it. A member's completions are clustered by their key, so
# this reads one short range for each course.
_COUNTED = (
    select(TrainingCourse.training_id, Completion.course_id, Completion.course_version, Completion.completed_at)
    .join(Completion, Completion.course_id == TrainingCourse.course_id)
    .where(
        TrainingCourse.training_id.in_(bindparam("trainings", expanding=True)),
        Completion.member_id == bindparam("member"),
        Completion.course_version >= TrainingCourse.version,
    )
)


def counted_completions(
    tx: Tx, member_id: int, cutoffs: Mapping[int, dt.datetime]
) -> Iterator[tuple[int, int, int, dt.date]]:
    """One member's completions that count in some trainings (row ids with their cut-offs): training, course, version,
    day."""
    given = {"trainings": list(cutoffs), "member": member_id}
    for training, course, version, at in tx.connection().execute(_COUNTED, given):
        if at < cutoffs[training]:
            yield training, course, version, clock.to_city(at).date()


def courses_by_training(tx: Tx, member_id: int, trainings: Sequence[Training]) -> dict[int, set[int]]:
    """Courses (row ids) that one member has completed in each of these trainings."""
    found: dict[int, set[int]] = {training.id: set() for training in trainings}
    if found:
        for training, course, _, _ in counted_completions(tx, member_id, {t.id: sql.cutoff(t) for t in trainings}):
            found[training].add(course)
    return found


def courses_by_member(
    tx: Tx, training: Training, members: Sequence[int], day: dt.date | None = None
) -> dict[int, frozenset[int]]:
    """Courses (row ids) of a training that each of these members completed by the end of a day (None: by now)."""
    found: dict[int, set[int]] = {}
    for start in range(0, len(members), CHUNK):
        for member, course, on in tx.execute(sql.course_days(training, members[start : start + CHUNK])):
            if day is None or on <= day:
                found.setdefault(member, set()).add(course)
    return {member: frozenset(courses) for member, courses in found.items()}
