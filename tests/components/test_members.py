"""The tree through time, memberships, exemptions: dated, scoped, never a cycle."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.jobs.api import handles
from academy.people import access, history, queries
from academy.people.api import (
    add_member,
    approve_exemption,
    change_status,
    close_organisation,
    create_organisation,
    edit_member,
    masked_phone,
    merge_organisation,
    move_organisation,
    rename_organisation,
    request_exemption,
    revoke_exemption,
    transfer_member,
)
from academy.people.events import ExemptionChanged, MembersChanged, OrganisationMoved
from academy.people.models import Exemption, Membership, Organisation, OrganisationSpell
from tests.support import factories as make

told: list[object] = []


@handles(MembersChanged, in_transaction=True)
def _members(tx: Tx, event: MembersChanged) -> None:
    told.append(event)


@handles(OrganisationMoved, in_transaction=True)
def _moved(tx: Tx, event: OrganisationMoved) -> None:
    told.append(event)


@handles(ExemptionChanged, in_transaction=True)
def _exempt(tx: Tx, event: ExemptionChanged) -> None:
    told.append(event)


ONE, TWO, THREE = (make.NUMBERED + number for number in range(3))


@pytest.fixture(autouse=True)
def _forget(runtime: Runtime) -> None:
    told.clear()
    with runtime.db.begin() as tx:
        make.numbered_accounts(tx, ONE, TWO, THREE)


def keeper(node: Organisation, *roles: Role, account_id: int = ONE) -> Actor:
    held = roles or (Role.NODE_ADMINISTRATOR,)
    return Actor(account_id=account_id, scopes=tuple(Scope(role, node.id, node.path) for role in held))


def spells(tx: Tx, node: Organisation) -> list[tuple[int | None, str, dt.date, dt.date | None]]:
    rows = tx.scalars(
        select(OrganisationSpell)
        .where(OrganisationSpell.organisation_id == node.id)
        .order_by(OrganisationSpell.valid_from)
    )
    return [(s.parent_id, s.name, s.valid_from, s.valid_to) for s in rows]


def test_a_subtree_is_its_own_and_no_lookalikes(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county = make.organisation(tx, city, level="county")
        stranger = make.organisation(tx, city, level="county")
        stranger.path = county.path[:-1] + "0/"
        branch = make.organisation(tx, county)
        found = set(tx.scalars(select(Organisation.id).where(queries.subtree(county.path))))
        assert found == {county.id, branch.id}
        assert [node.id for node in queries.ancestors_of(tx, branch)] == [city.id, county.id, branch.id]


def test_children_count_everybody_below_who_is_here(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county = make.organisation(tx, city, level="county")
        empty = make.organisation(tx, city, level="county")
        branch = make.organisation(tx, county)
        for status in ("active", "floating", "left", "deceased"):
            make.member(tx, branch, status=status)
        make.member(tx, county)
        counts = {child.public_id: child.members for child in queries.children_of(tx, city)}
        assert counts == {county.public_id: 3, empty.public_id: 0}


def test_a_move_carries_everything_below_and_keeps_the_past(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        east, west = (make.organisation(tx, city, level="county") for _ in range(2))
        town = make.organisation(tx, east, level="town", name="河口镇")
        branch = make.organisation(tx, town)
        day = clock.today() - dt.timedelta(days=3)
        move_organisation(tx, keeper(city), town, west, on=day)
        assert town.path == f"{west.path}{town.id}/"
        assert branch.path == f"{town.path}{branch.id}/"
        assert (branch.depth, town.depth) == (3, 2)
        assert spells(tx, town) == [
            (east.id, "河口镇", dt.date(2020, 1, 1), day),
            (west.id, "河口镇", day, None),
        ]
        assert told == [OrganisationMoved(town.id, f"{east.path}{town.id}/", town.path)]
        assert tx.scalar(select(AuditEntry.verb)) == "organisation.moved"


def test_a_cycle_is_refused_in_words(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        town = make.organisation(tx, city, level="town", name="河口镇")
        branch = make.organisation(tx, town, name="河口村支部")
        with pytest.raises(Invalid, match="不能把“河口镇”移到自己或自己的下级“河口村支部”下面"):
            move_organisation(tx, keeper(city), town, branch)
        with pytest.raises(Invalid):
            move_organisation(tx, keeper(city), town, town)


def test_of_two_administrators_moving_one_node_the_second_is_told(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        first, second = (make.organisation(tx, city, level="county") for _ in range(2))
        town = make.organisation(tx, city, level="town")
        seen = town.parent_id
        move_organisation(tx, keeper(city), town, first, seen_parent_id=seen)
        with pytest.raises(Conflict, match="刚刚被别人移动过"):
            move_organisation(tx, keeper(city, account_id=TWO), town, second, seen_parent_id=seen)


def test_a_move_needs_both_places(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        mine, other = (make.organisation(tx, city, level="county") for _ in range(2))
        town = make.organisation(tx, mine, level="town")
        with pytest.raises(Forbidden):
            move_organisation(tx, keeper(mine), town, other)


def test_rename_twice_on_one_day_leaves_one_answer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        node = make.organisation(tx, city, name="旧名支部")
        rename_organisation(tx, keeper(city), node, "新名支部")
        rename_organisation(tx, keeper(city), node, "更新名支部")
        today = clock.today()
        assert [(name, since, until) for _, name, since, until in spells(tx, node)] == [
            ("旧名支部", dt.date(2020, 1, 1), today),
            ("更新名支部", today, None),
        ]
        with pytest.raises(Invalid, match="不能早于"):
            rename_organisation(tx, keeper(city), node, "又一名", on=today - dt.timedelta(days=1))


def test_a_node_with_people_is_not_closed(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        node = make.organisation(tx, city, name="老支部")
        person = make.member(tx, node)
        with pytest.raises(Conflict, match="还有 0 个下级组织、1 名党员"):
            close_organisation(tx, keeper(city), node)
        change_status(tx, keeper(city), person, "left")
        close_organisation(tx, keeper(city), node)
        assert spells(tx, node)[-1][3] == clock.today()
        with pytest.raises(Conflict, match="已经撤销"):
            add_member(tx, keeper(city), runtime.sealer, node, number="A1", name="某某")


def test_a_code_is_taken_once_and_the_tree_starts_with_the_system(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = create_organisation(tx, SYSTEM, code="001", name="全市", kind="committee", level="city")
        create_organisation(tx, keeper(city), code="0010", name="县委", kind="committee", parent=city)
        with pytest.raises(Invalid, match="组织代码 0010 已经有了"):
            create_organisation(tx, keeper(city), code="0010", name="县委", kind="committee", parent=city)
        with pytest.raises(Forbidden):
            create_organisation(tx, keeper(city), code="9", name="又一市", kind="committee")
        with pytest.raises(Invalid):
            create_organisation(tx, keeper(city), code="8", name="支部", kind="club", parent=city)


def test_a_transfer_is_dated_and_told(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        one, two = make.organisation(tx, city), make.organisation(tx, city)
        person = make.member(tx, one)
        transfer_member(tx, keeper(city, Role.ROSTER_OFFICER), person, two)
        rows = tx.execute(
            select(Membership.organisation_id, Membership.valid_from, Membership.valid_to).order_by(Membership.id)
        ).all()
        today = clock.today()
        assert [tuple(row) for row in rows] == [(one.id, dt.date(2020, 1, 1), today), (two.id, today, None)]
        assert told == [MembersChanged([person.id])]
        with pytest.raises(Forbidden):
            transfer_member(tx, keeper(one), person, one)


def test_who_leaves_belongs_nowhere_and_may_come_back(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        branch = make.organisation(tx, city)
        person = make.member(tx, branch)
        gone, back = clock.today() - dt.timedelta(days=9), clock.today() - dt.timedelta(days=2)
        change_status(tx, keeper(city), person, "left", on=gone)
        change_status(tx, keeper(city), person, "floating", on=back)
        assert [(m.valid_from, m.valid_to) for m, _ in reversed(queries.memberships_of(tx, person.id))] == [
            (dt.date(2020, 1, 1), gone),
            (back, None),
        ]


def test_a_phone_is_sealed_masked_and_found_only_whole(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = add_member(
            tx, keeper(branch), runtime.sealer, branch, number="A1", name="赵小满", phone="138-0000-1234"
        )
        assert b"1380000" not in (person.phone_sealed or b"")
        assert masked_phone(runtime.sealer, person) == "138****1234"
        index = runtime.sealer.blind_index("13800001234", context="member.phone")
        assert queries.members_of(tx, branch, text="13800001234", phone_index=index).total == 1
        assert queries.members_of(tx, branch, text="1380").total == 0
        assert queries.members_of(tx, branch, text="小满").total == 1
        assert queries.members_of(tx, branch, text="%").total == 0


def test_particulars_are_checked_together(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch)
        with pytest.raises(Invalid) as raised:
            edit_member(
                tx, keeper(branch), runtime.sealer, person, {"name": "=1+1", "birth_date": "1990-02-30", "gender": "?"}
            )
        assert set(raised.value.fields) == {"name", "birth_date", "gender"}
        with pytest.raises(Invalid, match="不满 18 岁"):
            edit_member(
                tx, keeper(branch), runtime.sealer, person, {"birth_date": "1990-02-20", "joined_on": "2008-02-19"}
            )
        edit_member(tx, keeper(branch), runtime.sealer, person, {"position": "支部书记", "phone": "13900005678"})
        assert (person.position, person.position_since) == ("支部书记", None), "nobody said since when"


def is_exempt(tx: Tx, member_id: int, day: dt.date) -> bool:
    return tx.scalar(select(Exemption.id).where(Exemption.member_id == member_id, queries.exempt_on(day))) is not None


def test_an_exemption_takes_two_people_and_is_dated(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch)
        today = clock.today()
        asked = request_exemption(
            tx, keeper(branch), person, reason="年老体弱", valid_from=today - dt.timedelta(days=5)
        )
        assert not is_exempt(tx, person.id, today)
        with pytest.raises(Conflict, match="不能批准自己"):
            approve_exemption(tx, keeper(branch), asked)
        approve_exemption(tx, keeper(branch, account_id=TWO), asked)
        assert is_exempt(tx, person.id, today)
        assert not is_exempt(tx, person.id, today - dt.timedelta(days=6))
        with pytest.raises(Conflict, match="处理过"):
            approve_exemption(tx, keeper(branch, account_id=THREE), asked)
        revoke_exemption(tx, keeper(branch), asked)
        assert not is_exempt(tx, person.id, today)
        assert is_exempt(tx, person.id, today - dt.timedelta(days=1)), "yesterday's answer stays"
        assert told == [ExemptionChanged(person.id)] * 2


def test_an_exemption_needs_a_reason_and_an_order(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch)
        today = clock.today()
        with pytest.raises(Invalid, match="写明免训原因"):
            request_exemption(tx, keeper(branch), person, reason=" ", valid_from=today)
        with pytest.raises(Invalid, match="晚于开始"):
            request_exemption(tx, keeper(branch), person, reason="外出", valid_from=today, valid_to=today)


def test_only_what_is_in_scope_is_found(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        mine, other = (make.organisation(tx, city, level="county") for _ in range(2))
        stranger = make.member(tx, other)
        actor = keeper(mine)
        assert access.access_organisation(tx, actor, mine.public_id) is mine
        for target in (other, city):
            with pytest.raises(Forbidden) as refused:
                access.access_organisation(tx, actor, target.public_id)
            assert refused.value.what == f"organisation:{target.public_id}"
        with pytest.raises(Forbidden):
            access.access_member(tx, actor, stranger.public_id)
        with pytest.raises(NotFound):
            access.access_member(tx, actor, "nosuchmember2345")
        with pytest.raises(Forbidden):
            access.access_organisation(tx, keeper(mine, Role.TRAINER), mine.public_id)


def test_a_merged_branch_brings_its_people_and_its_groups(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        old, new = make.organisation(tx, city, name="老支部"), make.organisation(tx, city, name="新支部")
        group = make.organisation(tx, old, level="group")
        people = [make.member(tx, old), make.member(tx, old), make.member(tx, old, status="left")]
        day = clock.today() - dt.timedelta(days=4)
        tx.execute(update(Membership).where(Membership.member_id == people[2].id).values(valid_to=dt.date(2022, 1, 1)))
        merge_organisation(tx, keeper(city), old, new, on=day)
        assert (old.closed_on, group.parent_id) == (day, new.id)
        assert [person.organisation_id for person in people] == [new.id] * 3
        assert [(m.organisation_id, m.valid_to) for m, _ in queries.memberships_of(tx, people[0].id)] == [
            (new.id, None),
            (old.id, day),
        ]
        assert len(queries.memberships_of(tx, people[2].id)) == 1, "who had left stays gone"
        assert MembersChanged([people[0].id, people[1].id]) in told
        with pytest.raises(Conflict, match="已经撤销"):
            merge_organisation(tx, keeper(city), old, new)
        with pytest.raises(Invalid, match="自己或自己的下级"):
            merge_organisation(tx, keeper(city), new, group)


def test_a_merge_before_somebody_came_is_refused(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        old, new = make.organisation(tx, city), make.organisation(tx, city)
        add_member(tx, keeper(city), runtime.sealer, old, number="A1", name="赵小满")
        with pytest.raises(Invalid, match="那天之后才转入"):
            merge_organisation(tx, keeper(city), old, new, on=clock.today() - dt.timedelta(days=1))


def test_the_tree_of_a_past_day_is_as_it_was(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city", name="全市")
        east, west = make.organisation(tx, city, level="county"), make.organisation(tx, city, level="county")
        town = make.organisation(tx, east, level="town", name="河口镇")
        branch = make.organisation(tx, town)
        person = make.member(tx, branch)
        make.member(tx, branch)
        day = clock.today() - dt.timedelta(days=3)
        rename_organisation(tx, keeper(city), town, "河口街道", on=day)
        move_organisation(tx, keeper(city), town, west, on=day)
        change_status(tx, keeper(city), person, "left", on=day)
        before, since = history.TreeOn(tx, day - dt.timedelta(days=1)), history.TreeOn(tx, day)
        assert (before.members(east.id), before.members(west.id), before.members(city.id)) == (2, 0, 2)
        assert (since.members(east.id), since.members(west.id), since.members(city.id)) == (0, 1, 1)
        assert [then.name for then in before.children(east.id)] == ["河口镇"]
        assert since.trail(town.id) == ["全市", west.name, "河口街道"]
        assert history.TreeOn(tx, dt.date(2019, 12, 31)).trail(town.id) == []
