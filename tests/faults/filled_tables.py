"""Rows for every table as it is at any revision: for tests of migrations."""

import datetime as dt
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.ddl import sort_tables

THEN = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
GIVEN: dict[str, object] = {
    "reviews.reviewer_id": 2,
    "corrections.decided_by": 2,
    "roster_imports.account_id": 1,
    "recuts.to_version": 2,
    "content_proposals.reviewer_id": None,
    "cues.end_ms": 2,
    "published_figures.size": 2,
    # Before 0026 these had no rule; what it refuses stood in no row.
    "accounts.state": "active",
    "asset_parts.state": "done",
    "asset_steps.state": "done",
    "asset_steps.step": "hash",
    "assets.kind": "video",
    "assets.state": "ready",
    "complaints.state": "open",
    "complaints.subject": "other",
    "completions.evidence": "watched",
    "course_items.kind": "video",
    "courses.state": "published",
    "course_versions.state": "published",
    "course_versions.published_at": THEN,
    "data_requests.kind": "correct",
    "data_requests.state": "open",
    "enrolment_spells.standing": "due",
    "exports.kind": "period",
    "hearings.state": "done",
    "jobs.state": "done",
    "member_terms.kind": "secretary",
    "members.gender": "female",
    "organisations.kind": "branch",
    "organisations.level": "branch",
    "refusals.reason": "too_fast",
    "reminders.kind": "members",
    "restrictions.kind": "frozen",
    "reviews.decision": "approved",
    "role_grants.role": "trainer",
    "roster_imports.kind": "members",
    "roster_imports.state": "applied",
    "trainings.state": "draft",
    "transcripts.origin": "manual",
    "uploads.purpose": "video",
    "enrolment_spells.valid_to": THEN.date() + dt.timedelta(1),
    "availability_windows.to_minute": 2,
    "clips.place_end": 2,
    "contests.least_judges": 3,
    "class_applications.state": "applied",
    "lectern_turns.state": "planned",
    "training_classes.closing_report": None,
    "evaluation_forms.scale": 5,
    "lecture_teachers.substitute_for_id": None,
    "lecturer_posts.valid_to": None,
    "programme_lectures.class_id": None,
    "programme_lectures.instead_of_id": None,
    "assignments.state": "draft",
    "assignments.answer_way": None,
    "material_rules.valid_to": None,
    "material_versions.state": "draft",
    "material_versions.carried_from_id": None,
    "material_versions.closed_at": None,
    "material_versions.reviewer_id": None,
    "plan_rulings.day": None,
    "plan_rulings.price": None,
    "plan_rulings.state": "asked",
    "topic_requests.merged_into_id": None,
    "topic_requests.state": "open",
    "notes.place_end": 2,
    "playback_leases.is_kept": False,
    "questions.decided_by": None,
    "questions.place_end": 2,
    "questions.refusal": None,
    "questions.state": "waiting",
    "review_comments.reviewer_id": 2,
}
"""What a rule across columns asks for."""
PAIRS = {"accounts", "organisations", "members"}


def fill(connection: sa.Connection) -> dict[str, int]:
    """Rows in every table that has none: two of what two others refer to, else one; how many there are in each."""
    known = sa.MetaData()
    known.reflect(connection)
    inspector = sa.inspect(connection)
    # A course and its versions refer to each other: what may be empty is filled in afterwards.
    ordered = sort_tables(known.tables.values(), skip_fn=lambda key: bool(key.parent.nullable))
    tables = [table for table in ordered if table.name != "alembic_version"]
    for table in tables:
        if connection.scalar(sa.select(sa.func.count()).select_from(table)):
            continue
        allowed = _allowed(inspector.get_check_constraints(table.name))
        for row in (1, 2) if table.name in PAIRS else (1,):
            values = {column.name: _value(column, row, allowed) for column in table.columns}
            connection.execute(sa.insert(table), {name: value for name, value in values.items() if value is not _LEFT})
    if "course_versions" in known.tables:
        connection.execute(sa.text("UPDATE courses SET published_version_id = id, published_at = created_at"))
    return {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables}


_LEFT = object()


def _allowed(checks: Any) -> dict[str, str]:
    """The first value that a rule lists for a column."""
    found = {}
    for check in checks:
        text = check["sqltext"].replace('"', "")
        for column, value in re.findall(
            r"\(*(\w+)\)*(?:::\w+(?: \w+)*)?\s*(?:IN \(|= ANY \(+ARRAY\[)\(*'([^']*)'", text
        ):
            found.setdefault(column, value)
    return found


def _value(column: sa.Column[Any], row: int, allowed: dict[str, str]) -> object:
    key = f"{column.table.name}.{column.name}"
    if key in GIVEN:
        # None in a column of JSON would be the JSON value.
        is_null = GIVEN[key] is None and isinstance(column.type, sa.JSON)
        return sa.null() if is_null else GIVEN[key]
    if column.name in allowed:
        return allowed[column.name]
    if column.foreign_keys:
        (key_of,) = column.foreign_keys
        if key_of.column.table is column.table:
            return None
        return row if column.primary_key or column.unique else (None if column.nullable else 1)
    if column.nullable:
        return None
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Integer):
        return row if column.primary_key or not column.name.startswith("size") else 0
    if isinstance(column.type, sa.DateTime):
        return THEN
    if isinstance(column.type, sa.Date):
        return THEN.date()
    if isinstance(column.type, sa.LargeBinary):
        return b"x"
    if isinstance(column.type, sa.JSON):
        return {}
    return f"{row}"


def insert(connection: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Rows into a table as it is at this revision; what is not said is filled in."""
    known = sa.MetaData()
    known.reflect(connection, only=[table])
    found = known.tables[table]
    allowed = _allowed(sa.inspect(connection).get_check_constraints(table))
    for row in rows:
        values = {column.name: _value(column, row.get("id", 1), allowed) for column in found.columns}
        connection.execute(sa.insert(found), values | row)
    if connection.dialect.name == "postgresql" and "id" in found.columns:
        # Rows that were given their ids: the next one comes after them.
        newest = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
        connection.execute(sa.text(newest))
