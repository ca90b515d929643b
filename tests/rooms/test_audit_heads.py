"""Whoever takes rows from the audit chain's end, or writes it anew, is found out by a signed head."""

import dataclasses
import os
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from academy.core import audit, audit_heads
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry, record
from academy.core.house import House


def write(house: House, count: int) -> None:
    for number in range(count):
        with house.db.begin() as tx:
            record(tx, SYSTEM, "test.written", f"test:{number}")


def keep(house: House) -> audit_heads.Head | None:
    with house.db.read() as tx:
        return audit_heads.keep(tx, house.settings)


def found(house: House) -> list[str]:
    with house.db.read() as tx:
        assert audit.verify(tx).whole, "the chain alone says nothing"
        return [finding.what for finding in audit_heads.check(tx, house.settings)]


def test_an_untouched_chain_fits_every_head(house: House) -> None:
    for _ in range(3):
        write(house, 4)
        assert keep(house) is not None
    assert keep(house) is None, "nothing new"
    assert found(house) == []
    path = audit_heads.place(house.settings)
    assert len(path.read_text().splitlines()) == 3 and path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("left", [0, 1, 7, 11])
def test_rows_cut_from_the_end_are_missed(house: House, left: int) -> None:
    write(house, 12)
    keep(house)
    with house.db.begin() as tx:
        tx.execute(delete(AuditEntry).where(AuditEntry.seq > left))
    assert found(house) == ["cut"]
    write(house, 20)
    assert found(house) == ["rewritten"], "also when others have come in their place"


def test_a_chain_that_was_written_anew_is_told(house: House) -> None:
    write(house, 6)
    keep(house)
    with house.db.begin() as tx:
        tx.execute(update(AuditEntry).where(AuditEntry.seq == 3).values(verb="test.forged"))
        chain = ""
        for entry in tx.query(AuditEntry).order_by(AuditEntry.seq):
            chain = entry.chain = audit._hash("sha256", entry, chain)
    assert found(house) == ["rewritten"]


def test_heads_cannot_be_forged_without_the_key(house: House) -> None:
    write(house, 6)
    keep(house)
    write(house, 6)
    keep(house)
    other = dataclasses.replace(house, settings=dataclasses.replace(house.settings, audit_key="k" * 40))
    assert set(found(other)) == {"forged"}
    path = audit_heads.place(house.settings)
    lines = path.read_text().splitlines()
    altered = lines[0].replace('"seq":6', '"seq":5')
    for changed in ([lines[1]], [altered, lines[1]], ["{}", *lines], ["[" * 2000, *lines]):
        path.write_text("\n".join(changed) + "\n")
        assert "forged" in found(house)


def test_rows_whose_time_is_over_are_not_missed(house: House) -> None:
    write(house, 6)
    keep(house)
    write(house, 6)
    keep(house)
    with house.db.begin() as tx:
        newest = tx.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert newest is not None and audit.forget(tx, newest.at) == 11
    assert found(house) == []


def test_the_database_is_nobody_elses(tmp_path: Path) -> None:
    from tests.conftest import make_settings

    before = os.umask(0)
    try:
        house = House.build(make_settings(tmp_path))
        with house.db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE x (y)")
        assert [path.name for path in house.settings.data_dir.iterdir() if path.stat().st_mode & 0o077] == []
        assert house.settings.data_dir.stat().st_mode & 0o077 == 0
        house.db.dispose()
    finally:
        os.umask(before)
