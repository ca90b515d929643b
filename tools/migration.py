"""Writes the next migration: what the models say and the last migration does not make yet.

`make migration NAME="Courses can be favourites"` calls it. What it writes is a draft: give old rows their values in it,
and say of every constraint and index which race or query it is for.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("ACADEMY_DEMO", "1")

from alembic import command
from alembic.script import ScriptDirectory

from academy.cli.database import alembic_config

REMARK = re.compile(r"^\n?    # ###.*\n", re.M)
FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def write(name: str, folder: Path, database: Path) -> Path | None:
    """Compare the models with a SQLite database that is brought to the last migration of `folder`; returns the file.

    The number is the next one, `name` becomes the first line and the rest of the file's name. None where the models
    say nothing more.
    """
    config = alembic_config(f"sqlite:///{database}")
    config.set_main_option("script_location", str(folder))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    command.upgrade(config, "head")
    head = ScriptDirectory.from_config(config).get_current_head()

    def nothing_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
        if directives[0].upgrade_ops.is_empty():
            directives.clear()

    made = command.revision(
        config,
        name,
        autogenerate=True,
        rev_id=f"{int(head or 0) + 1:04d}",
        process_revision_directives=nothing_empty,
    )
    if made is None or isinstance(made, list):
        return None
    path = Path(made.path)
    # What Alembic remarks around its statements says nothing about this schema.
    path.write_text(REMARK.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def main() -> int:
    name = " ".join(sys.argv[1:]).strip()
    if not name:
        print('say what it is for: make migration NAME="Courses can be favourites"')
        return 1
    with tempfile.TemporaryDirectory() as place:
        made = write(name, FOLDER, Path(place) / "head.db")
    if made is None:
        print("the migrations make what the models say: there is nothing to write")
        return 1
    print(f"{made.relative_to(FOLDER.parent)}: read it, give old rows their values, then `make check`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
