"""After a change of key every phone is sealed anew, or none is."""

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from academy.accounts.authentication import second_step
from academy.accounts.models import SecondFactor
from academy.core.crypto import Sealer
from academy.core.runtime import Runtime
from academy.people import reencryption
from academy.people.members import PHONE_FIELD, sealed_phone
from academy.people.models import Member
from tests.support import factories

OLD, NEW = Sealer("o" * 32), Sealer("n" * 32, ["o" * 32], "sm4")


def people(runtime: Runtime, count: int = 3) -> None:
    with runtime.db.begin() as tx:
        branch = factories.organisation(tx)
        for number in range(count):
            factories.member(tx, branch, **sealed_phone(OLD, f"1390000000{number}"))
        factories.member(tx, branch)


def test_every_phone_is_sealed_anew_once(runtime: Runtime) -> None:
    people(runtime)
    with runtime.db.begin() as tx:
        assert reencryption.reseal_members(tx, NEW) == 3
    alone = Sealer("n" * 32, cipher="sm4")
    with runtime.db.read() as tx:
        rows = tx.execute(select(Member.phone_sealed, Member.phone_index).order_by(Member.id)).all()
    phones = [(alone.open(sealed, context=PHONE_FIELD), index) for sealed, index in rows if sealed]
    assert [p for p, _ in phones] == ["13900000000", "13900000001", "13900000002"]
    assert all(index == alone.blind_index(phone, context=PHONE_FIELD) for phone, index in phones)
    with runtime.db.begin() as tx:
        assert reencryption.reseal_members(tx, NEW) == 0


def test_a_value_of_an_unknown_key_stops_it_and_nothing_has_changed(runtime: Runtime) -> None:
    people(runtime)
    with pytest.raises(InvalidTag), runtime.db.begin() as tx:
        reencryption.reseal_members(tx, Sealer("n" * 32))
    with runtime.db.read() as tx:
        sealed = tx.scalars(select(Member.phone_sealed).where(Member.phone_sealed.is_not(None))).all()
    assert [OLD.open(value, context=PHONE_FIELD)[:3] for value in sealed] == ["139"] * 3


def test_a_second_step_outlives_the_old_key(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        who = factories.account(tx)
        tx.add(SecondFactor(account_id=who.id, secret_sealed=OLD.seal("ABC234", context=second_step.CONTEXT)))
        tx.flush()
        assert (second_step.reseal_second_steps(tx, NEW), second_step.reseal_second_steps(tx, NEW)) == (1, 0)
    with runtime.db.read() as tx:
        kept = tx.get_one(SecondFactor, who.id).secret_sealed
    assert Sealer("n" * 32, cipher="sm4").open(kept, context=second_step.CONTEXT) == "ABC234"
