"""The audit chain breaks wherever somebody was at it."""

import pytest
from sqlalchemy import delete, func, insert, select, update

from academy.core import audit, clock
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry, record, verify
from academy.core.runtime import Runtime


def write(runtime: Runtime, count: int = 5) -> None:
    for number in range(count):
        with runtime.db.begin() as tx:
            record(tx, SYSTEM, "test.written", f"test:{number}", figure=number, note="一")
            record(tx, SYSTEM, "test.written-too", f"test:{number}")


def broken_at(runtime: Runtime) -> int | None:
    with runtime.db.read() as tx:
        return verify(tx).broken_at


def test_an_untouched_chain_is_whole(runtime: Runtime) -> None:
    write(runtime)
    with runtime.db.read() as tx:
        verdict = verify(tx)
        assert (verdict.rows, verdict.whole) == (10, True)
        assert verdict.head == tx.scalar(select(AuditEntry.chain).where(AuditEntry.seq == 10))


@pytest.mark.parametrize(
    "change",
    [
        {"detail": {"figure": 99}},
        {"verb": "test.other"},
        {"target": "test:9"},
        {"account_id": 1},
        {"at": clock.now()},
        {"network": "10.0.0.1"},
        {"chain": "sha256:00"},
        {"chain": None},
    ],
)
def test_an_altered_row_breaks_it_there(runtime: Runtime, change: dict[str, object]) -> None:
    write(runtime)
    with runtime.db.begin() as tx:
        tx.execute(update(AuditEntry).where(AuditEntry.seq == 5).values(**change))
    assert broken_at(runtime) == 5


def test_a_removed_row_breaks_it_there(runtime: Runtime) -> None:
    write(runtime)
    with runtime.db.begin() as tx:
        tx.execute(delete(AuditEntry).where(AuditEntry.seq == 4))
    assert broken_at(runtime) == 4


def test_a_row_written_past_the_chain_is_counted(runtime: Runtime) -> None:
    write(runtime)
    row = {"at": clock.now(), "label": "", "network": "", "verb": "x", "target": "x:1", "detail": {}}
    with runtime.db.begin() as tx:
        tx.execute(insert(AuditEntry).values(**row))
    with runtime.db.read() as tx:
        verdict = verify(tx)
    assert (verdict.unchained, verdict.whole) == (1, False)


def test_a_savepoint_rolled_back_leaves_no_hole(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        record(tx, SYSTEM, "test.kept", "test:1")
        with pytest.raises(ZeroDivisionError), tx.begin_nested():
            record(tx, SYSTEM, "test.lost", "test:2")
            tx.flush()
            raise ZeroDivisionError
        record(tx, SYSTEM, "test.kept", "test:3")
    with runtime.db.read() as tx:
        assert verify(tx).whole
        assert tx.scalar(select(func.count()).select_from(AuditEntry)) == 2


def test_the_hash_can_change_in_mid_chain(runtime: Runtime) -> None:
    write(runtime, 1)
    audit.use("sm3")
    try:
        write(runtime, 1)
    finally:
        audit.use("sha256")
    write(runtime, 1)
    with runtime.db.read() as tx:
        assert verify(tx).whole
        kinds = [c.partition(":")[0] for c in tx.scalars(select(AuditEntry.chain).order_by(AuditEntry.seq)) if c]
    assert kinds == ["sha256"] * 2 + ["sm3"] * 2 + ["sha256"] * 2


def test_an_unknown_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="md5"):
        audit.use("md5")
