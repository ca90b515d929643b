"""CHECK constraints for every closed set of values, and foreign keys for every reference.

A state that no transition knows would stay for ever; a reference to nothing cannot be followed. Revision 0026 finds
no row that is wrong, unless somebody wrote it by hand: a reference to an account, a session or a job that is not there
is emptied, and an organisation's sector that nobody listed gets its place in the list. A roster that the operator's
command brought was somebody's with the number 0; now it is nobody's.

Revision ID: 0026
Revises: 0025
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from academy.core.types import Key as KEY

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ASSET = ("video", "audio", "document", "image")
_POST = ("secretary", "deputy", "committee", "other")
_STANDING = ("due", "exempt", "out")
_STATUS = ("active", "floating", "left", "deceased")
_LEASE_END = ("finished", "moved", "idle", "taken_over", "withdrawn", "replaced", "expired", "signed_out")
_COURSE = ("draft", "submitted", "returned", "approved", "published", "withdrawn", "merged", "discarded")
_ROLE = (
    "member",
    "branch_secretary",
    "trainer",
    "reviewer",
    "node_administrator",
    "roster_officer",
    "security_officer",
    "auditor",
    "system_administrator",
)
_EXPORT = ("names", "table", "groups", "evidence", "period", "secretaries", "floating", "exemptions", "quality")
_ROSTER = ("checking", "checked", "refused", "applying", "applied", "failed", "discarded")

CHECKS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts": {"state": ("active", "frozen", "closed")},
    "asset_parts": {"state": ("waiting", "queued", "running", "done")},
    "asset_steps": {
        "step": ("hash", "probe", "encode", "join", "poster", "captions", "pages", "publish"),
        "state": ("waiting", "running", "done", "failed", "skipped"),
    },
    "assets": {"kind": _ASSET, "state": ("uploading", "processing", "ready", "failed", "deleted")},
    "complaints": {
        "subject": ("content", "captions", "playing", "credit", "rule", "other"),
        "state": ("open", "answered"),
    },
    "completions": {"evidence": ("watched", "group_study", "imported", "corrected")},
    "course_items": {"kind": ("video", "audio", "document", "package", "quiz")},
    "courses": {"state": _COURSE},
    "data_requests": {
        "kind": ("correct", "freeze", "erase"),
        "state": ("open", "agreed", "done", "refused", "cancelled"),
    },
    "enrolment_spells": {"standing": _STANDING},
    "exports": {"kind": _EXPORT},
    "hearings": {"state": ("waiting", "running", "done", "failed", "kept")},
    "jobs": {"state": ("queued", "running", "done", "failed", "cancelled")},
    "leases": {"ended_because": _LEASE_END},
    "member_terms": {"kind": (*_POST, *_STATUS)},
    "members": {"gender": ("male", "female")},
    "organisations": {
        "kind": ("committee", "general_branch", "branch", "group"),
        "level": ("city", "county", "town", "branch", "group"),
    },
    "refusals": {"reason": ("too_fast", "fragments", *_LEASE_END, "unknown")},
    "reminders": {"kind": ("members", "branches")},
    "restrictions": {"kind": ("frozen", "erased")},
    "reviews": {"decision": ("returned", "approved")},
    "role_grants": {"role": _ROLE},
    "roster_imports": {"kind": ("members", "tree"), "state": _ROSTER},
    "trainings": {"state": ("draft", "opening", "open", "closed", "archived")},
    "transcripts": {"origin": ("manual", "embedded", "asr")},
    "uploads": {"purpose": _ASSET},
}

REFERENCES: dict[str, dict[str, str]] = {
    "activation_codes": {"issued_by": "accounts"},
    "corrections": {"proposed_by": "accounts", "decided_by": "accounts"},
    "data_requests": {"first_by": "accounts", "decided_by": "accounts"},
    "exemptions": {"requested_by": "accounts", "approved_by": "accounts"},
    "exports": {"account_id": "accounts", "job_id": "jobs"},
    "glossary_terms": {"account_id": "accounts"},
    "jobs": {"account_id": "accounts"},
    "mergers": {"merged_by": "accounts", "undone_by": "accounts"},
    "organisations": {"sector": "sectors"},
    "recuts": {"created_by": "accounts", "job_id": "jobs"},
    "refusals": {"member_id": "members", "item_id": "course_items"},
    "reminders": {"sent_by": "accounts"},
    "role_grants": {"granted_by": "accounts"},
    "roster_imports": {"account_id": "accounts", "job_id": "jobs"},
    "search_terms": {"added_by": "accounts"},
    "second_factors": {"approved_by": "accounts", "session_id": "login_sessions"},
    "trainings": {"created_by": "accounts", "opening_job_id": "jobs"},
    "transcript_versions": {"account_id": "accounts"},
}
TARGET = {"sectors": "code"}
FORGOTTEN = ("jobs", "login_sessions")
"""Whose rows are deleted by night: a reference to them is emptied then, and found by an index."""
REQUIRED = ("proposed_by", "exports.account_id", "member_id", "item_id")
"""Never empty, so nothing else can be done with them than to keep them."""
WITHOUT_ROWID = ("completions",)


def upgrade() -> None:
    with _batch("roster_imports") as batch_op:
        batch_op.alter_column("account_id", existing_type=KEY, nullable=True)
    _mend()
    for table in _tables():
        with _batch(table) as batch_op:
            for column, values in CHECKS.get(table, {}).items():
                listed = ", ".join(f"'{value}'" for value in values)
                batch_op.create_check_constraint(op.f(f"ck_{table}_{column}"), sa.text(f"{column} IN ({listed})"))
            for column, other in REFERENCES.get(table, {}).items():
                batch_op.create_foreign_key(
                    op.f(f"fk_{table}_{column}_{other}"),
                    other,
                    [column],
                    [TARGET.get(other, "id")],
                    ondelete="SET NULL" if other in FORGOTTEN else None,
                )
        for column in _indexed(table):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table in _tables():
        for column in _indexed(table):
            op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
        with _batch(table) as batch_op:
            for column, other in REFERENCES.get(table, {}).items():
                batch_op.drop_constraint(op.f(f"fk_{table}_{column}_{other}"), type_="foreignkey")
            for column in CHECKS.get(table, {}):
                batch_op.drop_constraint(op.f(f"ck_{table}_{column}"), type_="check")
    op.execute("UPDATE roster_imports SET account_id = 0 WHERE account_id IS NULL")
    with _batch("roster_imports") as batch_op:
        batch_op.alter_column("account_id", existing_type=KEY, nullable=False)


def _tables() -> Iterable[str]:
    return sorted({*CHECKS, *REFERENCES})


def _batch(table: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  alembic's own context manager
    """SQLite makes the table anew, each once for all of its rules."""
    kept = {"sqlite_with_rowid": False} if table in WITHOUT_ROWID else {}
    return op.batch_alter_table(table, schema=None, table_kwargs=kept)


def _indexed(table: str) -> list[str]:
    return [column for column, other in REFERENCES.get(table, {}).items() if other in FORGOTTEN]


def _mend() -> None:
    """Rows that refer to nothing."""
    for table, columns in REFERENCES.items():
        for column, other in columns.items():
            if column in REQUIRED or f"{table}.{column}" in REQUIRED or other == "sectors":
                continue
            op.execute(
                f"UPDATE {table} SET {column} = NULL WHERE {column} IS NOT NULL "  # noqa: S608
                f"AND NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.id = {table}.{column})"
            )
    unlisted = "sector IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sectors WHERE code = sector)"
    op.execute(
        "UPDATE organisations SET sector = (SELECT code FROM sectors WHERE name = sector) "  # noqa: S608
        f"WHERE {unlisted} AND EXISTS (SELECT 1 FROM sectors WHERE name = sector)"
    )
    op.execute(
        "INSERT INTO sectors (code, name, name_en, place) "  # noqa: S608
        "SELECT DISTINCT sector, sector, '', (SELECT COALESCE(MAX(place), 0) + 1 FROM sectors) "
        f"FROM organisations WHERE {unlisted}"
    )
