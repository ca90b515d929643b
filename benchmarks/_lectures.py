"""A library of lectures for benchmarks: rows put straight into the tables, captions and all."""

import datetime as dt
import itertools
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, update

from academy import components
from academy.accounts.models import Account
from academy.core.database import Base
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.library.kinds import VersionState
from academy.library.models import Category, Course, CourseItem, CourseVersion, ItemVersion, Lecturer
from academy.media.models import Asset, AssetState, Cue, Transcript
from academy.people.models import Organisation

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations" / "versions"
SECRET = "a-secret-for-benchmarks-only-012345"
MS_PER_CHARACTER = 230
LECTURERS, CATEGORIES = 60, 12
BATCH = 500
EPOCH = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Talk:
    """A lecture to be: its title and its lines."""

    title: str
    lines: Sequence[str]


def is_filled(folder: Path) -> bool:
    """Whether a cache folder was filled, with the tables as they are now."""
    mark = folder / "ready"
    return mark.exists() and mark.read_text(encoding="utf-8") == _tables()


def mark_filled(folder: Path) -> None:
    """Say that a cache folder is filled: the next run uses it, until the tables change."""
    (folder / "ready").write_text(_tables(), encoding="utf-8")


def _tables() -> str:
    return max(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def open_runtime(folder: Path, *, fresh: bool, **settings: object) -> Runtime:
    """A runtime of its own in a cache folder, its tables made; what is there and not filled, or before the tables
    changed, goes."""
    if fresh or not is_filled(folder):
        shutil.rmtree(folder, ignore_errors=True)
    components.import_all()
    runtime = Runtime.build(
        Settings(secret_key=SECRET, data_key=SECRET, data_dir=folder, media_dir=folder / "media", **settings)  # type: ignore[arg-type]
    )
    Base.metadata.create_all(runtime.db.engine)
    return runtime


def fill(runtime: Runtime, talks: Iterable[Talk]) -> int:
    """Publish the talks as courses of one video each; course ids count from 1 in the order given."""
    with runtime.db.begin() as tx:
        tx.add(Organisation(id=1, code="B", name="测试组织", kind="committee", level="city", path="/1/"))
        tx.flush()
        tx.add(Account(id=1, username="bench", display_name="bench"))
        tx.add_all(Category(id=n, slug=f"c{n}", name=f"分类{n}") for n in range(1, CATEGORIES + 1))
        tx.add_all(Lecturer(id=n, name=f"讲师{n}") for n in range(1, LECTURERS + 1))
    numbered = enumerate(talks, 1)
    cues = 0
    while batch := list(itertools.islice(numbered, BATCH)):
        cues += put(runtime, batch)
    return cues


def put(runtime: Runtime, batch: list[tuple[int, Talk]]) -> int:
    """Rows of numbered talks; returns how many lines they have."""
    assets, courses, versions, items, listed, transcripts, cues = [], [], [], [], [], [], []
    for number, talk in batch:
        at = 0
        for seq, text in enumerate(talk.lines):
            end = at + max(600, len(text) * MS_PER_CHARACTER)
            cues.append({"transcript_id": number, "seq": seq, "start_ms": at, "end_ms": end, "text": text})
            at = end
        published = EPOCH + dt.timedelta(hours=number % 30_000)
        assets.append(
            {
                "id": number, "account_id": 1, "kind": "video", "filename": "a.mp4", "size": 1,
                "state": AssetState.READY, "duration_ms": max(at, 1000),
            }
        )  # fmt: skip
        courses.append(
            {
                "id": number, "organisation_id": 1, "created_by": 1, "published_at": published, "updated_at": published,
            }
        )  # fmt: skip
        versions.append(
            {
                "id": number, "course_id": number, "title": talk.title, "category_id": number % CATEGORIES + 1,
                "lecturer_id": number % LECTURERS + 1, "state": VersionState.PUBLISHED, "published_at": published,
            }
        )  # fmt: skip
        items.append({"id": number, "course_id": number})
        listed.append(
            {
                "course_version_id": number, "item_id": number, "position": 1, "kind": "video", "title": talk.title,
                "asset_id": number,
            }
        )  # fmt: skip
        transcripts.append({"id": number, "asset_id": number, "origin": "manual"})
    with runtime.db.begin() as tx:
        for model, rows in (
            (Asset, assets), (Course, courses), (CourseVersion, versions), (CourseItem, items), (ItemVersion, listed),
            (Transcript, transcripts), (Cue, cues),
        ):  # fmt: skip
            tx.execute(insert(model), rows)
        ids = [row["id"] for row in courses]
        tx.execute(update(Course).where(Course.id.in_(ids)).values(published_version_id=Course.id))
    return len(cues)
