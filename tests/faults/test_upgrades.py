"""Every migration runs on tables that have rows, on both databases, and loses none of them."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from academy.cli.database import alembic_config
from academy.core.database import Base, Database
from tests.faults.filled_tables import fill
from tests.faults.upgrading import upgrade

pytestmark = pytest.mark.faults

FORGOTTEN = {"0024": ("published_figures",)}
"""What a migration means to forget: figures that were kept to compare with are not released any more."""
RENAMED = {
    "0027": {
        "hearings": "transcriptions",
        "leases": "playback_leases",
        "notices": "notifications",
        "outbox_facts": "outbox_events",
        "reminded": "reminder_recipients",
    }
}
ADDED = {
    "0028": {"categories": {"symbol"}},
    "0030": {"lecturers": {"biography", "portrait_asset_id"}},
    "0032": {"notifications": {"planned_at"}},
    "0034": {"assets": {"pages"}, "playback_leases": {"unit"}, "watch_ledgers": {"unit"}},
    "0035": {"course_versions": {"credit_chosen"}},
    "0036": {"playback_leases": {"is_kept"}},
    "0037": {"reminders": {"clip_id"}},
    "0042": {"trainings": {"clip_id"}},
    "0048": {
        "class_members": {"left_reason"},
        "programme_lectures": {"calendar_changed_at", "calendar_sequence"},
        "training_classes": {"apply_until", "closing_report"},
    },
}
"""Columns that are new since 0025: the way back drops what they hold."""
NEW = {
    *("deliveries", "delivery_items", "notification_choices", "notification_settings"),
    *("review_answers", "review_comments", "offline_playbacks", "clips", "favourites", "notes", "questions"),
    *("availability_windows", "class_members", "classrooms", "holidays", "lecture_evidence", "lecture_teachers"),
    *("lecturer_absences", "lecturer_consents", "lecturer_posts", "lecturer_subjects", "obligation_rules"),
    *("pool_memberships", "pool_spells", "programme_lectures", "share_rules", "teaching_terms", "training_classes"),
    *("topic_requests", "topic_voices"),
    *("contests", "evaluation_answers", "evaluation_comments", "evaluation_forms", "evaluation_invitations"),
    *("evaluation_rounds", "lecture_attendances", "nominations", "objections", "panel_scores", "panel_seats"),
    *("personnel_notes", "signing_keys"),
    *("term_plans", "assignments", "plan_omissions", "plan_rulings", "lecture_edits"),
    *("class_applications", "discussion_groups", "group_places", "lectern_turns"),
    *("material_rules", "lecture_materials", "material_versions", "material_comments"),
    "lecture_recordings",
}
"""Tables that are new since 0025, likewise."""
DROPPED = {"0031": {"enrolments": {"done", "last_on"}}}
"""Columns that are gone since 0025: the way back works them out from other rows."""
COLUMNS = {
    "course_starts": {"reached_at": "started_at"},
    "coverage_cells": {"reached": "started"},
    "coverage_changes": {"reached": "started"},
    "coverage_totals": {"reached": "started"},
    "enrolments": {"reached_on": "started_on"},
    "published_figures": {"reached": "started"},
    "leases": {"duration_ms": "extent"},
    "recuts": {"duration_ms": "extent"},
    "watch_ledgers": {"last_beat_ms": "last_heartbeat_ms", "covered_ms": "covered", "position_ms": "position"},
}
"""Columns that were called otherwise before 0029 and 0034."""
REMADE = {"courses", "course_items", "course_versions", "item_versions", "reviews"}
"""Tables whose rows were made anew by 0033: `test_course_versions.py` looks at the way there and back."""


def revisions() -> list[str]:
    found = ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions()
    return sorted(one.revision for one in found)


def test_every_migration_keeps_the_rows_of_every_table(empty_database: Database) -> None:
    before: dict[str, int] = {}
    for revision in revisions():
        upgrade(empty_database, revision)
        with empty_database.engine.begin() as connection:
            names = set(sa.inspect(connection).get_table_names())
            renamed = RENAMED.get(revision, {})
            before = {renamed.get(name, name): rows for name, rows in before.items()}
            after = {
                name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
                for name in before
                if name in names
            }
            kept = {name: rows for name, rows in before.items() if name in names}
            assert after == kept | dict.fromkeys(FORGOTTEN.get(revision, ()), 0), revision
            before = fill(connection)
            assert all(before.values()), revision
    with empty_database.read() as tx:
        for mapper in Base.registry.mappers:
            assert tx.scalars(sa.select(mapper.class_).limit(5)).all(), mapper.class_.__name__


def test_rows_survive_the_way_back_and_forth(empty_database: Database) -> None:
    """Down to what was before the tables had their names and rules, and up again: no row is lost, none changed."""

    added: dict[str, set[str]] = defaultdict(set)
    for known in (*ADDED.values(), *DROPPED.values()):
        for table, names in known.items():
            added[table] |= names

    def rows(names: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
        with empty_database.read() as tx:
            known = sa.MetaData()
            known.reflect(tx.connection())
            return {
                names.get(table.name, table.name): sorted(
                    (
                        tuple(
                            sorted(
                                (COLUMNS.get(table.name, {}).get(name, name), value)
                                for name, value in row._mapping.items()
                                if name not in added[table.name]
                            )
                        )
                        for row in tx.execute(sa.select(table))
                    ),
                    key=repr,
                )
                for table in known.tables.values()
                if table.name not in {"alembic_version", *NEW}
            }

    upgrade(empty_database, "head")
    with empty_database.engine.begin() as connection:
        fill(connection)
    full = rows({})
    assert all(full.values())
    command.downgrade(alembic_config(empty_database.url.render_as_string(hide_password=False)), "0025")
    back = rows({old: new for names in RENAMED.values() for old, new in names.items()})
    assert {name: back[name] for name in back.keys() - REMADE} == {name: full[name] for name in full.keys() - REMADE}
    upgrade(empty_database, "head")
    assert rows({}) == full


def test_migrations_leave_the_rules_and_indexes_that_the_models_say(tmp_path: Path) -> None:
    """Word for word, with their conditions: SQLite makes tables anew when a rule is added."""

    def rules(database: Database) -> dict[str, object]:
        with database.read() as tx:
            rows = tx.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
            found: dict[str, object] = {name: re.sub(r"[\s\"()]+", "", sql) for name, sql in rows}
            inspector = sa.inspect(tx.connection())
            tables = [name for name in inspector.get_table_names() if name != "alembic_version"]
            for name in tables:
                sql = tx.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}) or ""
                checks = {
                    one["name"]: re.sub(r"[\s\"()]+", "", one["sqltext"])
                    for one in inspector.get_check_constraints(name)
                }
                keys = {one["name"]: one for one in inspector.get_foreign_keys(name)}
                unique = {one["name"]: one["column_names"] for one in inspector.get_unique_constraints(name)}
                found[name] = checks, keys, unique, inspector.get_pk_constraint(name), "WITHOUT ROWID" in sql
            return found

    migrated, made = Database(f"sqlite:///{tmp_path / 'a.db'}"), Database(f"sqlite:///{tmp_path / 'b.db'}")
    upgrade(migrated, "head")
    with made.engine.begin() as connection:
        Base.metadata.create_all(connection)
    assert rules(migrated) == rules(made)
    migrated.dispose()
    made.dispose()
