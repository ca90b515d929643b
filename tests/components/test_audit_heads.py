"""Whoever takes rows from the audit chain's end, or writes it anew, is found out by a signed head."""

import dataclasses
import os
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from academy.core import audit, audit_heads
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry, record
from academy.core.runtime import Runtime

pytestmark = pytest.mark.commits


def write(runtime: Runtime, count: int) -> None:
    for number in range(count):
        with runtime.db.begin() as tx:
            record(tx, SYSTEM, "test.written", f"test:{number}")


def keep(runtime: Runtime) -> audit_heads.Head | None:
    with runtime.db.read() as tx:
        return audit_heads.keep(tx, runtime.settings)


def found(runtime: Runtime) -> list[str]:
    with runtime.db.read() as tx:
        assert audit.verify(tx).whole, "the chain alone says nothing"
        return [finding.what for finding in audit_heads.check(tx, runtime.settings)]


def test_an_untouched_chain_fits_every_head(runtime: Runtime) -> None:
    for _ in range(3):
        write(runtime, 4)
        assert keep(runtime) is not None
    assert keep(runtime) is None, "nothing new"
    assert found(runtime) == []
    path = audit_heads.place(runtime.settings)
    assert len(path.read_text().splitlines()) == 3 and path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("left", [0, 1, 7, 11])
def test_rows_cut_from_the_end_are_missed(runtime: Runtime, left: int) -> None:
    write(runtime, 12)
    keep(runtime)
    with runtime.db.begin() as tx:
        tx.execute(delete(AuditEntry).where(AuditEntry.seq > left))
    assert found(runtime) == ["cut"]
    write(runtime, 20)
    assert found(runtime) == ["rewritten"], "also when others have come in their place"


def test_a_chain_that_was_written_anew_is_told(runtime: Runtime) -> None:
    write(runtime, 6)
    keep(runtime)
    with runtime.db.begin() as tx:
        tx.execute(update(AuditEntry).where(AuditEntry.seq == 3).values(verb="test.forged"))
        chain = ""
        for entry in tx.query(AuditEntry).order_by(AuditEntry.seq):
            chain = entry.chain = audit._hash("sha256", entry, chain)
    assert found(runtime) == ["rewritten"]


def test_heads_cannot_be_forged_without_the_key(runtime: Runtime) -> None:
    write(runtime, 6)
    keep(runtime)
    write(runtime, 6)
    keep(runtime)
    other = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, audit_key="k" * 40))
    assert set(found(other)) == {"forged"}
    path = audit_heads.place(runtime.settings)
    lines = path.read_text().splitlines()
    altered = lines[0].replace('"seq":6', '"seq":5')
    for changed in ([lines[1]], [altered, lines[1]], ["{}", *lines], ["[" * 2000, *lines]):
        path.write_text("\n".join(changed) + "\n")
        assert "forged" in found(runtime)


def test_rows_whose_time_is_over_are_not_missed(runtime: Runtime) -> None:
    write(runtime, 6)
    keep(runtime)
    write(runtime, 6)
    keep(runtime)
    with runtime.db.begin() as tx:
        newest = tx.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert newest is not None and audit.forget(tx, newest.at) == 11
    assert found(runtime) == []


def test_the_database_is_nobody_elses(tmp_path: Path) -> None:
    from tests.conftest import make_settings

    before = os.umask(0)
    try:
        runtime = Runtime.build(make_settings(tmp_path))
        with runtime.db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE x (y)")
        assert [path.name for path in runtime.settings.data_dir.iterdir() if path.stat().st_mode & 0o077] == []
        assert runtime.settings.data_dir.stat().st_mode & 0o077 == 0
        runtime.db.dispose()
    finally:
        os.umask(before)
