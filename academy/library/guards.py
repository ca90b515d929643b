"""Keeps published versions of courses as they are: the models call these before they write."""

from typing import Any

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.orm import object_session

_VERSIONS = table("course_versions", column("id"), column("published_at"))


class PublishedContent(RuntimeError):
    """Code tried to change a published version. A programming error: services change drafts only."""


def keep_version(_mapper: object, _connection: Connection, row: Any) -> None:
    """Refuse any change of a published version but that of its state."""
    state = inspect(row)
    published = state.attrs.published_at.history
    before = published.deleted or published.unchanged
    if before and before[0] is not None:
        names = [one.key for one in state.mapper.column_attrs if one.key != "state"]
        changed = [name for name in names if state.attrs[name].history.has_changes()]
        if changed:
            raise PublishedContent(f"course_versions {row.id}: {', '.join(changed)}")


def keep_list(_mapper: object, connection: Connection, row: Any) -> None:
    """Refuse to add an item to a published version, or to take one away."""
    query = select(_VERSIONS.c.published_at).where(_VERSIONS.c.id == row.course_version_id)
    if connection.scalar(query) is not None:
        raise PublishedContent(f"item_versions of {row.course_version_id}")


def keep_item(mapper: object, connection: Connection, row: Any) -> None:
    """Refuse any change of an item of a published version."""
    session = object_session(row)
    if session is not None and session.is_modified(row, include_collections=False):
        keep_list(mapper, connection, row)
