"""A merger shows what it will do, and one that is undone leaves everybody where they were."""

import datetime as dt
import random

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.runtime import Runtime
from academy.people import mergers
from academy.people.api import (
    add_member,
    change_status,
    merge_organisation,
    move_organisation,
    transfer_member,
    undo_merger,
)
from academy.people.models import Member, Membership, Organisation, OrganisationSpell
from tests.support import factories as make

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)


def memberships(tx: Tx) -> list[tuple[object, ...]]:
    rows = select(Membership.member_id, Membership.organisation_id, Membership.valid_from, Membership.valid_to)
    return sorted(map(tuple, tx.execute(rows)), key=repr)


def people(tx: Tx) -> list[tuple[object, ...]]:
    return sorted(map(tuple, tx.execute(select(Member.id, Member.organisation_id, Member.status))))


def tree(tx: Tx) -> list[tuple[object, ...]]:
    rows = select(
        Organisation.id, Organisation.parent_id, Organisation.path, Organisation.depth, Organisation.closed_on
    )
    return sorted(map(tuple, tx.execute(rows)))


def open_spells(tx: Tx) -> list[tuple[object, ...]]:
    rows = select(OrganisationSpell.organisation_id, OrganisationSpell.parent_id)
    return sorted(map(tuple, tx.execute(rows.where(OrganisationSpell.valid_to.is_(None)))))


@pytest.mark.parametrize("seed", range(4))
def test_an_undone_merger_leaves_everybody_where_they_were(runtime: Runtime, seed: int) -> None:
    lot = random.Random(seed)
    with clock.frozen(START), runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        node, into = (make.organisation(tx, city) for _ in range(2))
        groups = [make.organisation(tx, node, level="group") for _ in range(lot.randint(0, 3))]
        for place in (node, into, *groups):
            for _ in range(lot.randint(1, 5)):
                make.member(tx, place)
        gone = make.member(tx, node)
        change_status(tx, SYSTEM, gone, "left", on=START.date())
    with clock.frozen(START + dt.timedelta(days=10)), runtime.db.begin() as tx:
        node, into = tx.get_one(Organisation, node.id), tx.get_one(Organisation, into.id)
        add_member(tx, SYSTEM, runtime.sealer, node, number=f"X{seed}", name="新来的")
        before = (memberships(tx), people(tx), tree(tx), open_spells(tx))
        seen = mergers.preview_merger(tx, node, into)
        made = merge_organisation(tx, SYSTEM, node, into, seen=seen.seen)
        assert (len(made.carried["members"]), len(made.carried["children"])) == (seen.people, len(seen.children))
        assert memberships(tx) != before[0]
    later = START + dt.timedelta(days=lot.choice((10, 12)))
    with clock.frozen(later), runtime.db.begin() as tx:
        node = tx.get_one(Organisation, node.id)
        assert undo_merger(tx, SYSTEM, node) == seen.people
        assert (memberships(tx), people(tx), tree(tx), open_spells(tx)) == before
        with pytest.raises(Conflict, match="已经恢复过"):
            undo_merger(tx, SYSTEM, node)


def test_who_has_moved_on_since_stays(runtime: Runtime) -> None:
    with clock.frozen(START), runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        node, into, third = (make.organisation(tx, city) for _ in range(3))
        group = make.organisation(tx, node, level="group")
        stays, moves = make.member(tx, node), make.member(tx, node)
        merge_organisation(tx, SYSTEM, node, into)
    with clock.frozen(START + dt.timedelta(days=3)), runtime.db.begin() as tx:
        transfer_member(tx, SYSTEM, tx.get_one(Member, moves.id), tx.get_one(Organisation, third.id))
        move_organisation(tx, SYSTEM, tx.get_one(Organisation, group.id), tx.get_one(Organisation, third.id))
        assert undo_merger(tx, SYSTEM, tx.get_one(Organisation, node.id)) == 1
        assert tx.get_one(Member, stays.id).organisation_id == node.id
        assert tx.get_one(Member, moves.id).organisation_id == third.id
        assert tx.get_one(Organisation, group.id).parent_id == third.id


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_another_level_and_a_changed_roster_are_refused(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        town = make.organisation(tx, city, level="town")
        node, into = (make.organisation(tx, town) for _ in range(2))
        assert mergers.preview_merger(tx, node, town).warning is not None
        with pytest.raises(Invalid, match="不是同一级"):
            merge_organisation(tx, SYSTEM, node, town)
        offered = [one.id for one in mergers.merger_candidates(tx, (city.path,), node, "").rows]
        assert offered == [into.id], "of the same level unless said otherwise"
        assert town.id in [one.id for one in mergers.merger_candidates(tx, (city.path,), node, "", any_level=True).rows]
        seen = mergers.preview_merger(tx, node, into).seen
        add_member(tx, SYSTEM, runtime.sealer, node, number="A1", name="赵小满")
        with pytest.raises(Conflict, match="预览之后"):
            merge_organisation(tx, SYSTEM, node, into, seen=seen)
        merge_organisation(tx, SYSTEM, node, town, any_level=True)
