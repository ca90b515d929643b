"""Pages of documents are counted as pages, not as ten thousand milliseconds each.

Files, playbacks and watch ledgers say in which unit they count. A page of which a part was credited is unread, as the
reader showed it; a gap that the ledger closes in a film is closed here too.

Revision ID: 0034
Revises: 0033
"""

import json
import struct
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

PAGE_MS, HOLE_MS, STEP = 10_000, 400, 2_000
RENAMED = {
    "playback_leases": {"duration_ms": "extent"},
    "recuts": {"duration_ms": "extent"},
    "watch_ledgers": {"covered_ms": "covered", "position_ms": "position"},
}
COUNTED = ("playback_leases", "watch_ledgers")
DOCUMENTS = "item_id IN (SELECT item_id FROM item_versions WHERE kind = 'document')"


def upgrade() -> None:
    for table, columns in RENAMED.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for table in COUNTED:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN unit VARCHAR(8) DEFAULT 'ms' NOT NULL "
            f"CONSTRAINT ck_{table}_unit CHECK (unit IN ('ms', 'page'))"
        )
    op.execute(
        "ALTER TABLE assets ADD COLUMN pages INTEGER "
        "CONSTRAINT ck_assets_length CHECK (pages IS NULL OR duration_ms IS NULL)"
    )
    op.execute(
        f"UPDATE assets SET pages = duration_ms / {PAGE_MS}, duration_ms = NULL "  # noqa: S608
        "WHERE kind = 'document' AND duration_ms IS NOT NULL"
    )
    op.execute(
        f"UPDATE playback_leases SET unit = 'page', extent = extent / {PAGE_MS} WHERE {DOCUMENTS}"  # noqa: S608
    )
    _ledgers(_whole_pages, "page", f"position / {PAGE_MS}")
    _refusals(_touched_pages)
    _recuts(lambda ms: -(-ms // PAGE_MS))


def downgrade() -> None:
    _recuts(lambda pages: pages * PAGE_MS)
    _refusals(_milliseconds)
    _ledgers(_milliseconds, "ms", f"position * {PAGE_MS}")
    op.execute(f"UPDATE playback_leases SET extent = extent * {PAGE_MS} WHERE {DOCUMENTS}")  # noqa: S608
    op.execute(f"UPDATE assets SET duration_ms = pages * {PAGE_MS}, pages = NULL WHERE pages IS NOT NULL")  # noqa: S608
    op.execute("ALTER TABLE assets DROP COLUMN pages")
    for table in COUNTED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN unit")
    for table, columns in RENAMED.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")


Spans = list[tuple[int, int]]


def _whole_pages(spans: Spans) -> Spans:
    found = ((-((HOLE_MS - start) // PAGE_MS), (end + HOLE_MS) // PAGE_MS) for start, end in spans)
    return _merged((max(0, first), last) for first, last in found)


def _touched_pages(spans: Spans) -> Spans:
    return _merged((start // PAGE_MS, -(-end // PAGE_MS)) for start, end in spans)


def _milliseconds(spans: Spans) -> Spans:
    return [(start * PAGE_MS, end * PAGE_MS) for start, end in spans]


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    merged: Spans = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _unpacked(packed: bytes) -> Spans:
    flat = struct.unpack(f"<{len(packed) // 8 * 2}I", packed[: len(packed) // 8 * 8])
    return list(zip(flat[::2], flat[1::2], strict=True))


def _packed(spans: Spans) -> bytes:
    flat = [n for span in spans for n in span]
    return struct.pack(f"<{len(flat)}I", *flat)


def _ledgers(convert, unit: str, position: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    connection = op.get_bind()
    rows = sa.text(
        f"SELECT member_id, item_id, item_version, spans FROM watch_ledgers WHERE {DOCUMENTS} "  # noqa: S608
        "AND (member_id > :member OR member_id = :member AND (item_id > :item OR item_id = :item "
        f"AND item_version > :version)) ORDER BY member_id, item_id, item_version LIMIT {STEP}"
    )
    write = sa.text(
        f"UPDATE watch_ledgers SET unit = '{unit}', spans = :spans, covered = :covered, position = {position} "  # noqa: S608
        "WHERE member_id = :member AND item_id = :item AND item_version = :version"
    )
    last = {"member": 0, "item": 0, "version": 0}
    while found := connection.execute(rows, last).all():
        changed = []
        for member, item, version, packed in found:
            spans = convert(_unpacked(bytes(packed)))
            last = {"member": member, "item": item, "version": version}
            changed.append(last | {"spans": _packed(spans), "covered": sum(end - start for start, end in spans)})
        connection.execute(write, changed)


def _refusals(convert) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT lease_id, reason, spans FROM refusals WHERE {DOCUMENTS}")).all()  # noqa: S608
    for lease, reason, packed in rows:
        connection.execute(
            sa.text("UPDATE refusals SET spans = :spans WHERE lease_id = :lease AND reason = :reason"),
            {"spans": _packed(convert(_unpacked(bytes(packed)))), "lease": lease, "reason": reason},
        )


def _recuts(convert) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    connection = op.get_bind()
    for key, extent, kept in connection.execute(
        sa.text(f"SELECT id, extent, kept FROM recuts WHERE {DOCUMENTS}")  # noqa: S608
    ).all():
        parts = json.loads(kept) if isinstance(kept, str) else kept
        connection.execute(
            sa.text("UPDATE recuts SET extent = :extent, kept = :kept WHERE id = :key").bindparams(
                sa.bindparam("kept", type_=sa.JSON)
            ),
            {"extent": convert(extent), "kept": [[convert(n) for n in part] for part in parts], "key": key},
        )
