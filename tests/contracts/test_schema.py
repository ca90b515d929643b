"""The migrations make exactly the tables that the models describe, on both databases, and can be undone."""

import ast
import dataclasses
import inspect as signatures
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Integer, String, inspect

from academy import components
from academy.accounts import privacy_requests
from academy.accounts.models import DataRequestKind
from academy.core.database import Base
from academy.core.runtime import Runtime
from academy.core.types import ONE_OF
from academy.jobs import events, registry
from academy.learning import corrections, refusals
from academy.learning.models import CorrectionKind, RefusalReason
from academy.library import complaints, proposals
from academy.library.kinds import ComplaintSubject, ProposalKind
from academy.media import rules as media_rules
from academy.media.models import AssetKind, StepName
from academy.notifications import topics
from academy.people import kinds
from academy.people import rules as people_rules
from academy.roster import columns

SHORT = 24
"""Characters: a column of text that takes no more holds one of a closed set, or stands in `OPEN`."""
OPEN = {
    "accounts.consent_version": "versions of a text, which goes on being written",
    "consents.version": "versions of a text, which goes on being written",
    "evaluation_answers.id": "a random id",
    "evaluation_comments.id": "a random id",
    "evaluation_comments.question": "the key of a form's question, which the office writes",
    "personnel_notes.number": "a random id",
    "signing_keys.key_id": "a digest",
    "accounts.language": "a language tag; another catalogue adds one",
    "consents.language": "a language tag; another catalogue adds one",
    "transcripts.language": "a language tag of what is spoken",
    "asset_parts.generation": "a random id",
    "assets.building": "a random id",
    "assets.generation": "a random id",
    "members.education": "as the register writes it",
    "organisations.sector": "refers to a list that the city keeps",
    "renditions.name": "the ladder's, which settings change",
    "screen_logins.code": "a random id",
    "second_factors.check_number": "digits",
    "sectors.code": "the key of a list that the city keeps",
    "sectors.name": "words of the city",
}
UNREFERENCED = {
    "audit_entries.account_id": "the trail is written and verified alone, and outlives what it names",
    "coverage_cells.course_id": "0 is the training as a whole",
    "coverage_cells.organisation_id": "derived rows, made again by a recount; a city's are written by the 100,000",
    "coverage_cells.training_id": "as its organisation",
    "coverage_changes.course_id": "0 is the training as a whole",
    "coverage_changes.organisation_id": "as the cells that it becomes; every completion would pay for it",
    "coverage_changes.training_id": "as its organisation",
    "coverage_totals.course_id": "0 is the training as a whole",
    "coverage_totals.organisation_id": "as the cells that it sums up",
    "coverage_totals.training_id": "as its organisation",
    "playback_leases.session_id": "sessions are forgotten by night; every playback ever would be indexed for it",
    "watch_ledgers.lease_id": "every heartbeat would pay for it",
}


def test_migrations_make_what_the_models_say(runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        context = MigrationContext.configure(
            tx.connection(), opts={"compare_type": True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_follow_the_naming_convention(runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        found = inspect(tx.connection())
        for table in Base.metadata.tables:
            for index in found.get_indexes(table):
                assert str(index["name"]).startswith(("ix_", "uq_")), (table, index["name"])
            for constraint in found.get_check_constraints(table):
                assert str(constraint["name"]).startswith("ck_"), (table, constraint["name"])
            for key in found.get_foreign_keys(table):
                assert str(key["name"]).startswith("fk_"), (table, key["name"])


def test_closed_sets_are_checked_where_they_are_kept(runtime: Runtime) -> None:
    """Each short column of text has the CHECK of its enum, in the models and in the database, or a reason."""
    declared = {
        (table.name, column): set(values)
        for table in Base.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint) and ONE_OF in check.info
        for column, values in [check.info[ONE_OF]]
    }
    short = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, String) and (column.type.length or SHORT + 1) <= SHORT
        if column.name not in ("public_id", "digest")
    }
    open_ones = {tuple(name.split(".")) for name in OPEN}
    assert short - set(declared) - open_ones == set(), "one_of(…) in the model, or a reason in OPEN"
    assert open_ones - (short - set(declared)) == set(), "no longer needs its reason"
    with runtime.db.read() as tx:
        found = inspect(tx.connection())
        for (table_name, column_name), values in declared.items():
            (check,) = [
                check
                for check in found.get_check_constraints(table_name)
                if check["name"] == f"ck_{table_name}_{column_name}"
            ]
            assert set(re.findall(r"'([^']*)'", check["sqltext"])) == values, (table_name, column_name)


def test_references_are_foreign_keys(runtime: Runtime) -> None:
    """Each number that names a row elsewhere is held to it, in the models and in the database, or has a reason."""
    numbers = {
        f"{table.name}.{column.name}": bool(column.foreign_keys)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Integer) and re.search(r"_(id|by)$", column.name)
    }
    assert {name for name, referred in numbers.items() if not referred} == set(UNREFERENCED)
    with runtime.db.read() as tx:
        found = inspect(tx.connection())
        kept = {
            f"{table}.{column}"
            for table in Base.metadata.tables
            for key in found.get_foreign_keys(table)
            for column in key["constrained_columns"]
        }
    assert {name for name, referred in numbers.items() if referred} - kept == set()


WORDS = [
    (kinds.OrganisationKind, people_rules.ORGANISATION_KINDS),
    (kinds.OrganisationLevel, people_rules.ORGANISATION_LEVELS),
    (kinds.MemberStatus, people_rules.STATUSES),
    (kinds.Gender, people_rules.GENDERS),
    (kinds.Post, people_rules.POSTS),
    (kinds.RosterKind, columns.COLUMNS_BY_KIND),
    (AssetKind, media_rules.STEPS_BY_KIND),
    (StepName, media_rules.STEP_TITLES),
    (DataRequestKind, privacy_requests.DATA_REQUEST_KINDS),
    (CorrectionKind, corrections.CORRECTION_KINDS),
    (RefusalReason, refusals.REASONS),
    (ComplaintSubject, complaints.COMPLAINT_SUBJECTS),
    (ProposalKind, proposals.PROPOSAL_NAMES),
    (topics.Topic, topics.TOPICS),
    (topics.DeliveryChannel, topics.CHANNEL_NAMES),
    (topics.Pace, topics.PACE_NAMES),
]


@pytest.mark.parametrize(("allowed", "words"), WORDS, ids=[allowed.__name__ for allowed, _ in WORDS])
def test_whatever_a_column_may_hold_has_its_words(allowed: type[str], words: dict[str, object]) -> None:
    assert set(words) == set(allowed)  # type: ignore[call-overload]


def test_every_model_says_why_it_exists() -> None:
    silent = [mapper.class_.__name__ for mapper in Base.registry.mappers if not (mapper.class_.__doc__ or "").strip()]
    assert silent == []


def test_a_column_comes_with_a_value_for_the_rows_that_are_there() -> None:
    """An upgrade of an empty database cannot find this: there, no row lacks one."""
    lacking = []
    for file in sorted(Path("migrations/versions").glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "add_column"):
                continue
            for column in (given for given in call.args if isinstance(given, ast.Call)):
                said = {word.arg: ast.unparse(word.value) for word in column.keywords}
                if said.get("nullable") != "True" and "server_default" not in said:
                    lacking.append(f"{file.name}: {ast.unparse(column)}")
    assert lacking == [], "add it as nullable, fill it, then forbid NULL; or give it a server_default"


STORED = Path(__file__).with_name("stored_names.txt")
"""Names that rows keep: a job waits under its name, an event under its kind, both with arguments by name."""


def stored_names() -> list[str]:
    components.import_all()
    found = []
    for spec in registry.all_specs():
        component = spec.name.split(".")[2 if spec.name.startswith("on.") else 0]
        if component in (*components.COMPONENTS, "audit"):
            arguments = [
                name for name in signatures.signature(spec.run).parameters if name not in ("context", "payload")
            ]
            found.append(" ".join(["job", spec.name, *arguments]))
    for kind in events.Event.__subclasses__():
        if kind.__module__.startswith("academy.") and events.subscribers(kind.kind):
            found.append(" ".join(["event", kind.kind, *(field.name for field in dataclasses.fields(kind))]))
    return sorted(found)


def test_what_rows_are_called_by_is_still_understood() -> None:
    kept = STORED.read_text(encoding="utf-8").splitlines()
    assert stored_names() == kept, (
        "a row may wait under a name that is gone: rename it in a migration, then in the list"
    )
