"""Positions and statuses have days: entered by hand, by a file, and kept."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.people import position_terms
from academy.people.api import change_status, edit_member
from academy.people.models import Member, MemberTerm, Organisation
from academy.people.position_names import post_of
from tests.components.roster_office import Town, confirm, csv, send
from tests.components.roster_town import ROWS
from tests.support import factories as make

DAY = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)


def held(runtime: Runtime, member: int, what: str) -> list[tuple[str, str, dt.date, dt.date | None]]:
    with runtime.db.read() as tx:
        rows = tx.scalars(
            select(MemberTerm)
            .where(MemberTerm.member_id == member, MemberTerm.what == what)
            .order_by(MemberTerm.valid_from)
        )
        return [(row.value, row.kind, row.valid_from, row.valid_to) for row in rows]


@pytest.mark.parametrize(
    ("position", "post"),
    [
        ("党支部书记", "secretary"),
        ("书记、主任", "secretary"),
        ("副书记", "deputy"),
        ("驻村第一书记", "other"),
        ("组织委员", "committee"),
        ("法院书记员", "other"),
    ],
)
def test_what_post_a_position_is(position: str, post: str) -> None:
    assert post_of(position) == post


def test_a_position_is_dated_and_its_day_can_be_corrected(runtime: Runtime) -> None:
    sealer = runtime.sealer
    with clock.frozen(NOW), runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"))
        edit_member(tx, SYSTEM, sealer, person, {"position": "组织委员", "position_since": "2025-01-05"})
        edit_member(tx, SYSTEM, sealer, person, {"position": "党支部书记", "position_since": "2026-02-01"})
        edit_member(tx, SYSTEM, sealer, person, {"position": "党支部书记", "position_since": "2026-02-10"})
        assert person.position_since == dt.date(2026, 2, 10)
        with pytest.raises(Invalid), tx.begin_nested():
            edit_member(tx, SYSTEM, sealer, person, {"position": "书记", "position_since": "2020-01-01"})
        tx.refresh(person)
    assert held(runtime, person.id, "position") == [
        ("组织委员", "committee", dt.date(2025, 1, 5), dt.date(2026, 2, 1)),
        ("党支部书记", "secretary", dt.date(2026, 2, 10), None),
    ]
    with clock.frozen(NOW), runtime.db.begin() as tx:
        person = tx.get_one(Member, person.id)
        edit_member(tx, SYSTEM, sealer, person, {"position": ""})
        assert person.position_since is None
    assert held(runtime, person.id, "position")[-1][3] == DAY


def test_who_floats_is_known_since_when_and_where_to(runtime: Runtime) -> None:
    with clock.frozen(NOW), runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"))
        change_status(tx, SYSTEM, person, "floating", on=dt.date(2026, 1, 1), note="外省务工")
        change_status(tx, SYSTEM, person, "floating", on=dt.date(2025, 12, 1))
        change_status(tx, SYSTEM, person, "active", on=dt.date(2026, 2, 1))
        change_status(tx, SYSTEM, person, "left")
    assert held(runtime, person.id, "status") == [
        ("floating", "floating", dt.date(2025, 12, 1), dt.date(2026, 2, 1)),
        ("left", "left", DAY, None),
    ]
    with runtime.db.read() as tx:
        assert [t.note for t in position_terms.terms_of(tx, person.id)] == ["", "外省务工"]


def test_a_file_begins_and_ends_terms(runtime: Runtime, town: Town) -> None:
    with clock.frozen(NOW):
        confirm(runtime, town.city, send(runtime, town.city, csv(*ROWS)))
    with runtime.db.read() as tx:
        ids = dict(tx.execute(select(Member.number, Member.id)).all())
    assert held(runtime, ids["A1"], "position") == [("支部书记", "secretary", DAY, None)]
    assert held(runtime, ids["A2"], "status") == [("floating", "floating", DAY, None)]
    assert held(runtime, ids["A3"], "status") == []
    with clock.frozen(NOW + dt.timedelta(days=10)):
        rows = ("A1,赵小满,001-1,,,,,副书记,", "A2,钱谷雨,001-2,,,,,委员,在册")
        confirm(runtime, town.city, send(runtime, town.city, csv(*rows), complete=True))
    later = DAY + dt.timedelta(days=10)
    assert held(runtime, ids["A1"], "position") == [
        ("支部书记", "secretary", DAY, later),
        ("副书记", "deputy", later, None),
    ]
    assert held(runtime, ids["A2"], "position") == [("委员", "committee", later, None)]
    assert held(runtime, ids["A2"], "status") == [("floating", "floating", DAY, later)]
    assert held(runtime, ids["A3"], "status") == [("left", "left", later, None)], "no longer in the roster"
    with runtime.db.read() as tx:
        assert tx.get_one(Organisation, town.city.id).code == "C"
