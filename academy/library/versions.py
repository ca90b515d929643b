"""Versions of a course: a draft begun from the published one, its content's number, its place on the shelf."""

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from academy.core.database import Tx
from academy.library import rules
from academy.library.kinds import ItemKind, VersionState
from academy.library.models import Course, CourseVersion, ItemVersion
from academy.media.models import Asset

PARTICULARS = (
    "title",
    "summary",
    "category_id",
    "lecturer_id",
    "cover_asset_id",
    "threshold_permille",
    "credit_minutes",
    "credit_chosen",
)
DEFAULT_CREDIT = 45
"""Minutes, of a draft of which nothing is measured yet."""
ITEM_PARTICULARS = ("item_id", "position", "kind", "title", "asset_id", "number", "required")


def edited(course: Course) -> CourseVersion:
    """The version that its author or a reviewer looks at: the one in work, else the published one."""
    return course.draft or course.shown


def items_with_files(tx: Tx, version: CourseVersion) -> list[ItemVersion]:
    """The items of a version, in order, with their files; one query."""
    query = select(ItemVersion).where(ItemVersion.course_version_id == version.id).order_by(ItemVersion.position)
    return list(tx.scalars(query.options(joinedload(ItemVersion.asset))))


def item_states(items: Sequence[ItemVersion]) -> list[rules.ItemState]:
    """What the rules ask of items."""
    return [
        rules.ItemState(item.title, item.asset.state if item.asset else None, item.kind, item.required)
        for item in items
    ]


def proposed_credit(tx: Tx, version: CourseVersion) -> int | None:
    """Minutes of credit that the length of a version gives; None as long as nothing of it is measured."""
    files = [item.asset for item in items_with_files(tx, version) if item.required and item.asset is not None]
    playing = sum(asset.duration_ms or 0 for asset in files)
    pages = sum(asset.pages or 0 for asset in files)
    return rules.propose_credit(playing, pages) if playing or pages else None


def set_proposed_credit(tx: Tx, draft: CourseVersion) -> None:
    """Give a draft the credit of its length, unless its author chose another."""
    proposed = proposed_credit(tx, draft)
    if not draft.credit_chosen and proposed is not None:
        draft.credit_minutes = proposed


def start_draft(tx: Tx, course: Course) -> CourseVersion:
    """A draft with the content of the published version. The caller holds the course's row lock."""
    base = course.published
    assert base is not None  # the rules let nobody revise what was never published
    last, edits = tx.execute(
        select(func.max(CourseVersion.number), func.max(CourseVersion.edit_number)).where(
            CourseVersion.course_id == course.id
        )
    ).one()
    draft = CourseVersion(
        course=course,
        number=last + 1,
        edit_number=edits + 1,
        content_number=base.content_number,
        **{name: getattr(base, name) for name in PARTICULARS},
    )
    tx.add(draft)
    course.draft = draft
    tx.flush()
    tx.add_all(
        ItemVersion(course_version_id=draft.id, **{name: getattr(item, name) for name in ITEM_PARTICULARS})
        for item in base.items
    )
    tx.flush()
    return draft


def number_content(tx: Tx, course: Course, draft: CourseVersion) -> None:
    """Give the draft's content its number, after any change of its items."""
    tx.flush()
    tx.expire(draft, ["items"])
    base = course.published
    draft.content_number = rules.content_number(
        _listed(draft),
        draft.content_number,
        _listed(base) if base is not None else None,
        base.content_number if base is not None else 0,
    )
    tx.flush()


def _listed(version: CourseVersion) -> list[tuple[int, int, bool]]:
    return [(item.item_id, item.number, item.required) for item in version.items]


def put_on_shelf(tx: Tx, course: Course, at: dt.datetime) -> None:
    """Let the draft take the published version's place. The caller holds the course's row lock."""
    draft, base = course.draft, course.published
    assert draft is not None
    same = (
        base is not None
        and base.content_number == draft.content_number
        and base.threshold_permille == draft.threshold_permille
    )
    if base is not None:
        base.state = VersionState.SUPERSEDED
        tx.flush()  # one published version a course
    draft.content_since = (base.content_since if base is not None and same else None) or at
    draft.published_at, draft.state = at, VersionState.PUBLISHED
    course.published, course.draft = draft, None
    course.published_at, course.updated_at, course.withdrawn_at = course.published_at or at, at, None
    tx.flush()


def files_of(tx: Tx, course: Course) -> Sequence[Asset]:
    """The files of all versions of a course: items and covers."""
    mine = select(CourseVersion.id).where(CourseVersion.course_id == course.id)
    items = select(ItemVersion.asset_id).where(ItemVersion.course_version_id.in_(mine))
    covers = select(CourseVersion.cover_asset_id).where(CourseVersion.course_id == course.id)
    return tx.scalars(select(Asset).where(or_(Asset.id.in_(items), Asset.id.in_(covers))).order_by(Asset.id)).all()


def courses_sharing_recordings(tx: Tx, course_ids: Collection[int]) -> set[int]:
    """Row ids of the courses that have, in any version, a film or sound file of these courses; themselves included."""
    plays = ItemVersion.kind.in_((ItemKind.VIDEO, ItemKind.AUDIO))
    files = (
        select(ItemVersion.asset_id)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .where(CourseVersion.course_id.in_(course_ids), plays, ItemVersion.asset_id.is_not(None))
    )
    sharing = (
        select(CourseVersion.course_id)
        .join(ItemVersion, ItemVersion.course_version_id == CourseVersion.id)
        .where(ItemVersion.asset_id.in_(files), plays)
        .distinct()
    )
    return {*course_ids, *tx.scalars(sharing)}
