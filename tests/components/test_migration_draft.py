"""`make migration` drafts what the models say beyond the last migration, with the next number."""

import shutil
from pathlib import Path

import pytest

from tests.support import templates
from tools import migration

BEHIND = '''"""Takes away what the models have."""

from alembic import op

revision = "{mine}"
down_revision = "{last}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("course_versions") as batch_op:
        batch_op.drop_column("content_since")
    op.drop_table("cohort_members")


def downgrade() -> None:
    raise NotImplementedError
'''


@pytest.mark.thorough
def test_a_draft_has_the_next_number_and_makes_all_that_the_models_say(tmp_path: Path) -> None:
    place = shutil.copytree(migration.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    last = max(int(path.name[:4]) for path in (place / "versions").glob("[0-9]*.py"))
    behind = BEHIND.format(mine=f"{last + 1:04d}", last=f"{last:04d}")
    (place / "versions" / f"{last + 1:04d}_behind.py").write_text(behind)
    database = tmp_path / "head.db"
    templates.migrated(database)
    made = migration.write("Courses know since when", place, database)
    assert made is not None
    assert made.name == f"{last + 2:04d}_courses_know_since_when.py"
    text = made.read_text()
    assert text.startswith('"""Courses know since when"""')
    assert "content_since" in text and "cohort_members" in text and "###" not in text
    # With the draft the migrations make what the models say: there is nothing left to write.
    assert migration.write("Nothing", place, database) is None
