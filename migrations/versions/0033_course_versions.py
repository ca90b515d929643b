"""Courses apart from what they say: versions of courses and of their items, and reviews of a version.

Until here a course, its revision and its draft were rows of one table. A revision was merged into its original, whose
text it replaced; a withdrawn course was edited in place. So of what was replaced only the revisions themselves are
left. They become versions; so do drafts and what was discarded. For what is left of nothing but decisions and removed
items, there is a first version that has the particulars of today and the removed items. What a withdrawn course said
before its author edited it is known only where the content was not changed; elsewhere nothing is published until the
next review.

Ids of courses and items, and the numbers that completions, leases, ledgers, recuts, corrections and trainings keep, stay
as they are: `courses.version` is the number of a version's content, `course_items.version` that of an item.

Revision ID: 0033
Revises: 0032
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from academy.core.ids import new_id
from academy.core.types import Key as KEY

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

Row = dict[str, Any]

ITEM_KINDS = ("video", "audio", "document", "package", "quiz")
VERSION_STATES = ("draft", "submitted", "returned", "approved", "published", "superseded", "discarded")
COURSE_STATES = ("draft", "submitted", "returned", "approved", "published", "withdrawn", "merged", "discarded")
OPEN = ("draft", "submitted", "returned", "approved")
MOMENT = sa.DateTime(timezone=True)
PARTICULARS: dict[str, Any] = {
    "title": sa.String(120),
    "summary": sa.Text(),
    "category_id": KEY,
    "lecturer_id": KEY,
    "cover_asset_id": KEY,
    "threshold_permille": sa.Integer(),
    "credit_minutes": sa.Integer(),
}
COMMON: dict[str, Any] = {
    "id": KEY,
    "public_id": sa.String(16),
    "organisation_id": KEY,
    "created_by": KEY,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "published_at": MOMENT,
    "withdrawn_at": MOMENT,
}


def _table(name: str, columns: dict[str, Any]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


OLD_COURSES = _table(
    "courses",
    COMMON
    | PARTICULARS
    | {
        "state": sa.String(12),
        "version": sa.Integer(),
        "published_version": sa.Integer(),
        "content_since": MOMENT,
        "revision": sa.Integer(),
        "revises_id": KEY,
        "submitted_at": MOMENT,
    },
)
OLD_ITEMS = _table(
    "course_items",
    {
        "id": KEY,
        "public_id": sa.String(16),
        "course_id": KEY,
        "position": sa.Integer(),
        "kind": sa.String(12),
        "title": sa.String(120),
        "asset_id": KEY,
        "version": sa.Integer(),
        "required": sa.Boolean(),
        "origin_id": KEY,
        "removed_at": MOMENT,
    },
)
OLD_REVIEWS = _table(
    "reviews", {"id": KEY, "course_id": KEY, "course_revision": sa.Integer(), "course_version": sa.Integer()}
)
COURSES = _table("courses", COMMON | {"published_version_id": KEY, "draft_version_id": KEY})
ITEMS = _table("course_items", {"id": KEY, "public_id": sa.String(16), "course_id": KEY})
VERSIONS = _table(
    "course_versions",
    PARTICULARS
    | {
        "id": KEY,
        "course_id": KEY,
        "number": sa.Integer(),
        "state": sa.String(12),
        "content_number": sa.Integer(),
        "content_since": MOMENT,
        "edit_number": sa.Integer(),
        "created_at": MOMENT,
        "submitted_at": MOMENT,
        "published_at": MOMENT,
    },
)
ITEM_VERSIONS = _table(
    "item_versions",
    {
        "course_version_id": KEY,
        "item_id": KEY,
        "position": sa.Integer(),
        "kind": sa.String(12),
        "title": sa.String(120),
        "asset_id": KEY,
        "number": sa.Integer(),
        "required": sa.Boolean(),
    },
)
REVIEWS = _table("reviews", {"id": KEY, "course_version_id": KEY, "edit_number": sa.Integer()})
SHELF = sa.text("published_version_id IS NOT NULL AND withdrawn_at IS NULL")
IN_WORK = sa.text("state IN ('draft', 'submitted', 'returned', 'approved')")
ON_SHELF = sa.text("state = 'published'")
REVISED = sa.text("state NOT IN ('merged', 'discarded')")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _rows(table: sa.TableClause) -> list[Row]:
    order = table.c.id if "id" in table.c else table.c.course_version_id
    return [dict(row._mapping) for row in op.get_bind().execute(sa.select(table).order_by(order))]


def _insert(table: sa.TableClause, values: Row) -> int:
    connection = op.get_bind()
    statement = sa.insert(table).values(values).returning(table.c.id)
    return int(connection.execute(statement).scalar_one())


def upgrade() -> None:
    courses, items, reviews = _rows(OLD_COURSES), _rows(OLD_ITEMS), _rows(OLD_REVIEWS)
    _make_tables()
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("published_version_id", KEY, nullable=True))
        batch_op.add_column(sa.Column("draft_version_id", KEY, nullable=True))
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.add_column(sa.Column("course_version_id", KEY, nullable=True))
        batch_op.add_column(sa.Column("edit_number", sa.Integer(), server_default="0", nullable=False))
    # Places are unique in a course, and a revision's new items join those of its original.
    op.execute("UPDATE course_items SET position = NULL")
    gone = _Upgrade(courses, items, reviews).run()
    _drop_what_versions_say(gone)


def _make_tables() -> None:
    op.create_table(
        "course_versions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("category_id", KEY, nullable=False),
        sa.Column("lecturer_id", KEY, nullable=True),
        sa.Column("cover_asset_id", KEY, nullable=True),
        sa.Column("threshold_permille", sa.Integer(), nullable=False),
        sa.Column("credit_minutes", sa.Integer(), nullable=False),
        sa.Column("content_number", sa.Integer(), nullable=False),
        sa.Column("content_since", MOMENT, nullable=True),
        sa.Column("edit_number", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.CheckConstraint("threshold_permille BETWEEN 1 AND 1000", name=op.f("ck_course_versions_threshold")),
        sa.CheckConstraint(
            "published_at IS NOT NULL OR state NOT IN ('published', 'superseded')",
            name=op.f("ck_course_versions_dated"),
        ),
        sa.CheckConstraint(f"state IN ({_listed(VERSION_STATES)})", name=op.f("ck_course_versions_state")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_versions_course_id_courses")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_course_versions_category_id_categories")
        ),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_course_versions_lecturer_id_lecturers")
        ),
        sa.ForeignKeyConstraint(
            ["cover_asset_id"], ["assets.id"], name=op.f("fk_course_versions_cover_asset_id_assets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_versions")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_course_versions_course_id_number")),
    )
    op.create_index(
        "uq_course_versions_open",
        "course_versions",
        ["course_id"],
        unique=True,
        sqlite_where=IN_WORK,
        postgresql_where=IN_WORK,
    )
    op.create_index(
        "uq_course_versions_published",
        "course_versions",
        ["course_id"],
        unique=True,
        sqlite_where=ON_SHELF,
        postgresql_where=ON_SHELF,
    )
    op.create_index(op.f("ix_course_versions_state_category_id"), "course_versions", ["state", "category_id"])
    op.create_index(op.f("ix_course_versions_lecturer_id_state"), "course_versions", ["lecturer_id", "state"])
    op.create_table(
        "item_versions",
        sa.Column("course_version_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("asset_id", KEY, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_listed(ITEM_KINDS)})", name=op.f("ck_item_versions_kind")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_item_versions_asset_id_assets")),
        sa.ForeignKeyConstraint(
            ["course_version_id"],
            ["course_versions.id"],
            name=op.f("fk_item_versions_course_version_id_course_versions"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["course_items.id"], name=op.f("fk_item_versions_item_id_course_items")),
        sa.PrimaryKeyConstraint("course_version_id", "item_id", name=op.f("pk_item_versions")),
        sa.UniqueConstraint("course_version_id", "position", name=op.f("uq_item_versions_course_version_id_position")),
    )
    op.create_index(op.f("ix_item_versions_asset_id"), "item_versions", ["asset_id"])
    op.create_index(op.f("ix_item_versions_item_id"), "item_versions", ["item_id"])


class _Upgrade:
    """Turns the rows of the old form into versions."""

    def __init__(self, courses: list[Row], items: list[Row], reviews: list[Row]) -> None:
        self.roots = [row for row in courses if row["revises_id"] is None]
        self.revisions: dict[int, list[Row]] = defaultdict(list)
        for row in courses:
            if row["revises_id"] is not None:
                self.revisions[row["revises_id"]].append(row)
        self.items: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(items, key=lambda row: (row["position"] or 0, row["id"])):
            self.items[row["course_id"]].append(row)
        self.reviews: dict[int, list[Row]] = defaultdict(list)
        for row in reviews:
            self.reviews[row["course_id"]].append(row)
        self.connection = op.get_bind()

    def run(self) -> list[int]:
        """Returns the rows of `courses` that were revisions: they are no courses any more."""
        gone = []
        for root in self.roots:
            self._course(root)
            for row in self.revisions[root["id"]]:
                self._forward(row, root)
                gone.append(row["id"])
        return gone

    def _course(self, root: Row) -> None:
        was_out = root["published_version"] is not None or root["published_at"] is not None
        was_out = was_out or root["state"] in ("published", "withdrawn")
        is_in_work = root["state"] in OPEN
        is_edited = was_out and is_in_work
        revisions = self.revisions[root["id"]]
        merged = [row for row in revisions if row["state"] == "merged"]
        last = merged[-1] if merged and was_out and not is_edited else None
        removed = [item for item in self.items[root["id"]] if item["removed_at"] is not None]
        kept = [item for item in self.items[root["id"]] if item["removed_at"] is None]
        self.number, self.root = 0, root
        out_at = root["published_at"] or root["updated_at"]
        earliest = None
        if was_out and (merged or removed):
            earliest = self._version(root, "superseded", published_at=out_at, content_number=1, submitted_at=None)
            self._items(earliest, [(item["id"], item) for item in removed])
        elif removed:
            # Taken out of a draft that nobody ever watched.
            self.connection.execute(sa.delete(OLD_ITEMS).where(OLD_ITEMS.c.id.in_([item["id"] for item in removed])))
        for row in revisions:
            if row["state"] in ("merged", "discarded") and row is not last:
                self._past(row)
        pointers: Row = {}
        if was_out and not is_edited:
            published = self._version(
                root, "published", published_at=root["updated_at"], submitted_at=(last or root)["submitted_at"]
            )
            self._items(published, [(item["id"], item) for item in kept])
            pointers["published_version_id"] = published
            self._decisions(last, published)
        elif is_edited and root["version"] == root["published_version"]:
            published = self._version(root, "published", published_at=out_at)
            self._items(published, [(item["id"], item) for item in kept])
            pointers["published_version_id"] = published
        current = pointers.get("published_version_id")
        if is_in_work or root["state"] == "discarded":
            current = self._version(root, root["state"], content_since=None)
            self._items(current, [(item["id"], item) for item in kept])
            if is_in_work:
                pointers["draft_version_id"] = current
        self._open_revision(root, pointers, is_out=root["state"] == "published")
        first = min((review["id"] for row in merged for review in self.reviews[row["id"]]), default=None)
        for review in self.reviews[root["id"]]:
            early = earliest is not None and (
                (first is None and is_edited) or (first is not None and review["id"] < first)
            )
            self._decided(review, earliest if early else current or earliest)
        if was_out:
            pointers["published_at"] = out_at
            pointers["withdrawn_at"] = (
                None if root["state"] == "published" else root["withdrawn_at"] or root["updated_at"]
            )
        if pointers:
            self.connection.execute(sa.update(COURSES).where(COURSES.c.id == root["id"]).values(pointers))

    def _past(self, row: Row) -> None:
        """A revision that was merged or discarded: what it said, with the items as its original has them."""
        state = "superseded" if row["state"] == "merged" else "discarded"
        made = self._version(row, state, published_at=row["updated_at"] if state == "superseded" else None)
        self._revised_items(made, row, keep_new=state == "discarded")
        self._decisions(row, made)

    def _open_revision(self, root: Row, pointers: Row, *, is_out: bool) -> None:
        row = next((row for row in self.revisions[root["id"]] if row["state"] in OPEN), None)
        if row is None:
            return
        state = row["state"]
        if "draft_version_id" in pointers:
            # Its author began anew after a withdrawal; what they had written before is kept as discarded.
            state = "discarded"
        elif state == "approved" and not is_out:
            state = "submitted"
        made = self._version(row, state, content_number=self._content_number(root, row), content_since=None)
        self._revised_items(made, row, keep_new=True)
        self._decisions(row, made)
        if state != "discarded":
            pointers["draft_version_id"] = made

    def _content_number(self, root: Row, row: Row) -> int:
        """That of the original unless its items, or which of them are required, differ."""
        old = sorted((i["id"], i["version"], i["required"]) for i in self.items[root["id"]] if i["removed_at"] is None)
        new = [
            (i["origin_id"] or 0, i["version"], i["required"]) for i in self.items[row["id"]] if i["removed_at"] is None
        ]
        return int(root["version"]) + (sorted(new) != old)

    def _version(self, row: Row, state: str, **changes: Any) -> int:
        self.number += 1
        values = {name: row[name] for name in (*PARTICULARS, "created_at", "submitted_at", "content_since")}
        values |= {
            "course_id": self.root["id"],
            "number": self.number,
            "state": state,
            "content_number": max(1, self.root["version"]),
            "edit_number": row["revision"],
            "published_at": None,
        }
        return _insert(VERSIONS, values | changes)

    def _items(self, version: int, items: list[tuple[int, Row]]) -> None:
        rows = [
            {
                "course_version_id": version,
                "item_id": identity,
                "position": place,
                "kind": item["kind"],
                "title": item["title"],
                "asset_id": item["asset_id"],
                "number": item["version"],
                "required": item["required"],
            }
            for place, (identity, item) in enumerate(items, 1)
        ]
        if rows:
            self.connection.execute(sa.insert(ITEM_VERSIONS), rows)

    def _revised_items(self, version: int, row: Row, *, keep_new: bool) -> None:
        """Items of a revision, each under the identity of its original's; new ones of a merged revision are under
        that of the item that they became, where it can be told by its file."""
        own = self.items[row["id"]]
        taken = {item["origin_id"] for item in own}
        became = {
            item["asset_id"]: item["id"]
            for item in self.items[self.root["id"]]
            if item["asset_id"] is not None and item["id"] not in taken
        }
        listed, used = [], set()
        for item in own:
            identity = item["origin_id"] or (None if keep_new else became.get(item["asset_id"]))
            if item["removed_at"] is not None or identity in used:
                continue
            if identity is None:
                identity = item["id"]
                self.connection.execute(
                    sa.update(ITEMS).where(ITEMS.c.id == identity).values(course_id=self.root["id"])
                )
            used.add(identity)
            listed.append((identity, item))
        self._items(version, listed)

    def _decisions(self, row: Row | None, version: int) -> None:
        for review in self.reviews[row["id"]] if row is not None else ():
            self._decided(review, version)

    def _decided(self, review: Row, version: int | None) -> None:
        values = {"course_version_id": version, "edit_number": review["course_revision"]}
        self.connection.execute(sa.update(REVIEWS).where(REVIEWS.c.id == review["id"]).values(values))

    def _forward(self, row: Row, root: Row) -> None:
        """What still refers to a revision refers to its course."""
        for table in ("complaints", "content_proposals"):
            rows = _table(table, {"course_id": KEY})
            self.connection.execute(sa.update(rows).where(rows.c.course_id == row["id"]).values(course_id=root["id"]))
        messages = _table("notifications", {"link": sa.String(200)})
        for page in ("studio", "review"):
            self.connection.execute(
                sa.update(messages)
                .where(messages.c.link == f"/{page}/{row['public_id']}")
                .values(link=f"/{page}/{root['public_id']}")
            )


def _drop_what_versions_say(gone: list[int]) -> None:
    connection = op.get_bind()
    op.drop_index(op.f("ix_reviews_course_id_id"), table_name="reviews")
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_reviews_course_id_courses"), type_="foreignkey")
        for column in ("course_id", "course_version", "course_revision"):
            batch_op.drop_column(column)
        batch_op.alter_column("course_version_id", existing_type=KEY, nullable=False)
        batch_op.alter_column("edit_number", existing_type=sa.Integer(), server_default=None)
        batch_op.create_foreign_key(
            op.f("fk_reviews_course_version_id_course_versions"), "course_versions", ["course_version_id"], ["id"]
        )
    op.create_index(op.f("ix_reviews_course_version_id_id"), "reviews", ["course_version_id", "id"])
    op.drop_index("uq_courses_open_revision", table_name="courses")
    op.drop_index(op.f("ix_courses_state_category_id_published_at"), table_name="courses")
    op.drop_index(op.f("ix_courses_lecturer_id_state_published_at"), table_name="courses")
    op.drop_index(op.f("ix_course_items_asset_id"), table_name="course_items")
    with op.batch_alter_table("course_items", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_course_items_course_id_position"), type_="unique")
        batch_op.drop_constraint(op.f("ck_course_items_kind"), type_="check")
        batch_op.drop_constraint(op.f("fk_course_items_asset_id_assets"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_course_items_origin_id_course_items"), type_="foreignkey")
        for column in ("position", "kind", "title", "asset_id", "version", "required", "origin_id", "removed_at"):
            batch_op.drop_column(column)
    op.create_index(op.f("ix_course_items_course_id"), "course_items", ["course_id"])
    for start in range(0, len(gone), 500):
        some = gone[start : start + 500]
        connection.execute(sa.delete(ITEMS).where(ITEMS.c.course_id.in_(some)))
        connection.execute(sa.update(OLD_COURSES).where(OLD_COURSES.c.id.in_(some)).values(revises_id=None))
        connection.execute(sa.delete(COURSES).where(COURSES.c.id.in_(some)))
    with op.batch_alter_table("courses", schema=None) as batch_op:
        for name in ("threshold", "state"):
            batch_op.drop_constraint(op.f(f"ck_courses_{name}"), type_="check")
        for name in (
            "revises_id_courses",
            "category_id_categories",
            "lecturer_id_lecturers",
            "cover_asset_id_assets",
        ):
            batch_op.drop_constraint(op.f(f"fk_courses_{name}"), type_="foreignkey")
        for column in (*PARTICULARS, *SAID):
            batch_op.drop_column(column)
        for pointer in ("published_version_id", "draft_version_id"):
            batch_op.create_foreign_key(
                op.f(f"fk_courses_{pointer}_course_versions"), "course_versions", [pointer], ["id"]
            )
        batch_op.create_unique_constraint(op.f("uq_courses_published_version_id"), ["published_version_id"])
    op.create_index("ix_courses_shelf", "courses", ["published_at", "id"], sqlite_where=SHELF, postgresql_where=SHELF)


SAID = ("state", "version", "published_version", "content_since", "revision", "revises_id", "submitted_at")


def downgrade() -> None:
    """A course is a row with its published version, or with the one in work; the others are revisions of it."""
    courses, items, versions = _rows(COURSES), _rows(ITEMS), _rows(VERSIONS)
    listed, reviews = _rows(ITEM_VERSIONS), _rows(REVIEWS)
    _make_old_columns()
    _Downgrade(courses, items, versions, listed, reviews).run()
    _drop_versions()


def _make_old_columns() -> None:
    op.drop_index("ix_courses_shelf", table_name="courses")
    op.drop_index(op.f("ix_course_items_course_id"), table_name="course_items")
    op.drop_index(op.f("ix_reviews_course_version_id_id"), table_name="reviews")
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_courses_published_version_id"), type_="unique")
        for pointer in ("published_version_id", "draft_version_id"):
            batch_op.drop_constraint(op.f(f"fk_courses_{pointer}_course_versions"), type_="foreignkey")
            batch_op.drop_column(pointer)
        for name, kind in OLD_COURSES.c.items():
            if name not in COMMON:
                batch_op.add_column(sa.Column(name, kind.type, nullable=True))
    with op.batch_alter_table("course_items", schema=None) as batch_op:
        for name, kind in OLD_ITEMS.c.items():
            if name not in ITEMS.c:
                batch_op.add_column(sa.Column(name, kind.type, nullable=True))
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        for name, kind in OLD_REVIEWS.c.items():
            if name != "id":
                batch_op.add_column(sa.Column(name, kind.type, nullable=True))


class _Downgrade:
    """Turns versions into courses and revisions."""

    def __init__(
        self, courses: list[Row], items: list[Row], versions: list[Row], listed: list[Row], reviews: list[Row]
    ) -> None:
        self.courses, self.reviews = courses, reviews
        self.items: dict[int, list[Row]] = defaultdict(list)
        for row in items:
            self.items[row["course_id"]].append(row)
        self.versions: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(versions, key=lambda row: row["number"]):
            self.versions[row["course_id"]].append(row)
        self.listed: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(listed, key=lambda row: row["position"]):
            self.listed[row["course_version_id"]].append(row)
        self.connection = op.get_bind()

    def run(self) -> None:
        held: dict[int, tuple[int, Row]] = {}
        for course in self.courses:
            own = {row["id"]: row for row in self.versions[course["id"]]}
            shown = own.get(course["published_version_id"]) or own.get(course["draft_version_id"])
            main = shown or self.versions[course["id"]][-1]
            self._course(course, main)
            held[main["id"]] = course["id"], main
            for version in own.values():
                if version is not main:
                    held[version["id"]] = self._revision(course, version), version
        for review in self.reviews:
            course_id, version = held[review["course_version_id"]]
            values = {
                "course_id": course_id,
                "course_version": version["content_number"],
                "course_revision": review["edit_number"],
            }
            self.connection.execute(sa.update(OLD_REVIEWS).where(OLD_REVIEWS.c.id == review["id"]).values(values))

    def _said(self, version: Row) -> Row:
        said = {name: version[name] for name in (*PARTICULARS, "submitted_at", "content_since")}
        return said | {"revision": version["edit_number"], "version": version["content_number"]}

    def _course(self, course: Row, main: Row) -> None:
        is_out = main["id"] == course["published_version_id"]
        state = main["state"]
        if is_out and course["withdrawn_at"] is not None:
            state = "withdrawn"
        seen = main["content_number"] if is_out else None
        if not is_out and course["published_at"] is not None:
            seen = main["content_number"] - 1  # what it was is not known any more, but that it was another
        values = self._said(main) | {"state": state, "published_version": seen}
        self.connection.execute(sa.update(OLD_COURSES).where(OLD_COURSES.c.id == course["id"]).values(values))
        listed = {row["item_id"]: row for row in self.listed[main["id"]]}
        for item in self.items[course["id"]]:
            row = listed.get(item["id"])
            last = next(
                (
                    row
                    for version in reversed(self.versions[course["id"]])
                    for row in self.listed[version["id"]]
                    if row["item_id"] == item["id"]
                ),
                None,
            )
            values = self._item(row or last) | {
                "position": row["position"] if row else None,
                "removed_at": None if row else course["updated_at"],
            }
            self.connection.execute(sa.update(OLD_ITEMS).where(OLD_ITEMS.c.id == item["id"]).values(values))

    def _item(self, row: Row | None) -> Row:
        if row is None:
            return {"kind": "video", "title": "", "asset_id": None, "version": 1, "required": True}
        said = {name: row[name] for name in ("kind", "title", "asset_id", "required")}
        return said | {"version": row["number"]}

    def _revision(self, course: Row, version: Row) -> int:
        state = "merged" if version["state"] in ("published", "superseded") else version["state"]
        row = {name: course[name] for name in ("organisation_id", "created_by", "updated_at")} | self._said(version)
        made = _insert(
            OLD_COURSES,
            row
            | {
                "public_id": new_id(),
                "created_at": version["created_at"],
                "state": state,
                "version": 1,
                "revises_id": course["id"],
                "content_since": None,
            },
        )
        rows = [
            self._item(row)
            | {
                "public_id": new_id(),
                "course_id": made,
                "position": row["position"],
                "origin_id": row["item_id"],
                "removed_at": None,
            }
            for row in self.listed[version["id"]]
        ]
        if rows:
            self.connection.execute(sa.insert(OLD_ITEMS), rows)
        return made


def _drop_versions() -> None:
    required = {
        "courses": ("title", "summary", "category_id", "threshold_permille", "credit_minutes", "state", "version")
        + ("revision",),
        "course_items": ("kind", "title", "version", "required"),
        "reviews": ("course_id", "course_version", "course_revision"),
    }
    kinds = {"courses": OLD_COURSES, "course_items": OLD_ITEMS, "reviews": OLD_REVIEWS}
    references = {
        "courses": {"category_id": "categories", "lecturer_id": "lecturers", "cover_asset_id": "assets"}
        | {"revises_id": "courses"},
        "course_items": {"asset_id": "assets", "origin_id": "course_items"},
        "reviews": {"course_id": "courses"},
    }
    checks = {
        "courses": {
            "threshold": "threshold_permille BETWEEN 1 AND 1000",
            "state": f"state IN ({_listed(COURSE_STATES)})",
        },
        "course_items": {"kind": f"kind IN ({_listed(ITEM_KINDS)})"},
        "reviews": {},
    }
    for table, columns in required.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            if table == "reviews":
                batch_op.drop_constraint(op.f("fk_reviews_course_version_id_course_versions"), type_="foreignkey")
                batch_op.drop_column("course_version_id")
                batch_op.drop_column("edit_number")
            for column in columns:
                batch_op.alter_column(column, existing_type=kinds[table].c[column].type, nullable=False)
            for column, other in references[table].items():
                batch_op.create_foreign_key(op.f(f"fk_{table}_{column}_{other}"), other, [column], ["id"])
            for name, rule in checks[table].items():
                batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(rule))
            if table == "course_items":
                batch_op.create_unique_constraint(op.f("uq_course_items_course_id_position"), ["course_id", "position"])
    op.drop_table("item_versions")
    op.drop_table("course_versions")
    op.create_index(op.f("ix_reviews_course_id_id"), "reviews", ["course_id", "id"])
    op.create_index(op.f("ix_course_items_asset_id"), "course_items", ["asset_id"])
    op.create_index(
        op.f("ix_courses_state_category_id_published_at"), "courses", ["state", "category_id", "published_at"]
    )
    op.create_index(
        op.f("ix_courses_lecturer_id_state_published_at"), "courses", ["lecturer_id", "state", "published_at"]
    )
    op.create_index(
        "uq_courses_open_revision",
        "courses",
        ["revises_id"],
        unique=True,
        sqlite_where=REVISED,
        postgresql_where=REVISED,
    )
