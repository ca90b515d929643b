"""Lectures that make up for what was lost: at most one of those that are about the same stands; what was reviewed is
counted once."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden
from academy.core.runtime import Runtime
from academy.faculty import lectures, make_ups
from academy.faculty.make_up_pairs import make_ups_of
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.materials import drafts, messages, queries, reviewing
from academy.faculty.materials.drafts import MaterialText
from academy.faculty.models import LectureTeacher, MaterialVersion, PoolMembership, ProgrammeLecture
from tests.components import material_scene
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.in_may import NOON, in_may
from tests.support.together import together

__all__ = ["in_may"]
EVENINGS = [dt.date(2026, 5, 27) + dt.timedelta(days=7 * week) for week in range(7)]
STANDING = ("planned", "held")


@dataclass
class Lost:
    """A lecture that was cancelled, the office, and somebody who could teach it."""

    office: Actor
    lecture: ProgrammeLecture
    lecturer_id: int


def lost(tx: Tx) -> Lost:
    city = make.organisation(tx, level="city")
    office = make.actor_of(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city)))
    person = school.lecturer(tx, city)
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecture = school.lecture(tx, term, EVENINGS[0], (person, 1000), state="cancelled")
    lecture.reason = "防汛"
    tx.flush()
    return Lost(office, lecture, person.id)


def make_up(tx: Tx, at: Lost, lecture: ProgrammeLecture, day: dt.date) -> ProgrammeLecture:
    return make_ups.plan_make_up(tx, at.office, lecture, day, 1080, at.lecturer_id)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_office_does_at_most_one_stands_and_all_name_the_first(runtime: Runtime, seed: int) -> None:
    """Make up for any that is lost, cancel any that stands, reopen any that is lost: in every order."""
    chance = random.Random(seed)
    with runtime.db.begin() as tx:
        at = lost(tx)
        family = [at.lecture]
        for _step in range(14):
            one = chance.choice(family)
            stood = [other for other in family if other.state in STANDING]
            free = next((day for day in EVENINGS if day not in {row.day for row in family}), None)
            act = chance.choice(["make up", "make up", "reopen"]) if one.state not in STANDING else "cancel"
            if act == "cancel":
                lectures.cancel_lecture(tx, at.office, one, "防汛")
            elif act == "reopen" or free is None:
                if stood:
                    with pytest.raises(Conflict), tx.begin_nested():
                        lectures.reopen_lecture(tx, at.office, one)
                else:
                    lectures.reopen_lecture(tx, at.office, one)
            elif stood:
                with pytest.raises(Conflict), tx.begin_nested():
                    make_up(tx, at, one, free)
            else:
                family.append(make_up(tx, at, one, free))
            assert sum(row.state in STANDING for row in family) <= 1
        pairs = make_ups_of(tx, family)
        assert {row.instead_of_id for row in family[1:]} <= {at.lecture.id}
        assert pairs[at.lecture.id].before is None and list(pairs[at.lecture.id].after) == family[1:]
        for place, row in enumerate(family[1:], 1):
            assert pairs[row.id].before is at.lecture and list(pairs[row.id].after) == family[place + 1 :]
        stands = [row for row in family[1:] if row.state in STANDING]
        assert [pairs[at.lecture.id].standing] == (stands or [None])


@pytest.mark.commits
@pytest.mark.parametrize("other", ["make up", "reopen"])
def test_two_at_once_bring_one_lecture(runtime: Runtime, other: str) -> None:
    """The first is made up for while the make-up of it that was lost is made up for, or reopened."""
    with runtime.db.begin() as tx:
        at = lost(tx)
        first = at.lecture.id
        again = make_up(tx, at, at.lecture, EVENINGS[1])
        lectures.cancel_lecture(tx, at.office, again, "防汛")
        second = again.id

    def acting(number: int) -> Callable[[Tx], object]:
        def act(tx: Tx) -> None:
            row = tx.get_one(ProgrammeLecture, (first, second)[number])
            if number and other == "reopen":
                lectures.reopen_lecture(tx, at.office, row)
            else:
                make_up(tx, at, row, EVENINGS[2 + number])

        return act

    wrong = together(runtime, acting(0), acting(1))
    with runtime.db.read() as tx:
        standing = select(func.count()).select_from(ProgrammeLecture).where(ProgrammeLecture.state.in_(STANDING))
        assert [type(error) for error in wrong] == [Conflict] and tx.scalar(standing) == 1


def test_a_decision_is_counted_once_although_it_is_carried_over_or_dropped(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = material_scene.scene(tx)
        material_scene.approved(tx, at, MaterialKind.SYLLABUS)
        returned = material_scene.submitted(tx, at, MaterialKind.HANDOUT)
        reviewing.decide_material(tx, at.one, returned, approved=False, reason="改")
        drafts.take_back(tx, at.teacher, returned)
        waiting = material_scene.submitted(tx, at, MaterialKind.HANDOUT)
        drafts.take_back(tx, at.teacher, waiting)

        def counted() -> list[tuple[str, str]]:
            shown = [line.version.public_id for line in queries.decided_material(tx, at.one).rows]
            rounds = queries.decided_rounds(tx, NOON - dt.timedelta(days=1))
            assert sorted(shown) == sorted(one.public_id for one in rounds)
            return sorted((str(one.kind), str(one.state)) for one in rounds)

        decided = [("handout", "returned"), ("syllabus", "approved")]
        assert counted() == decided, "what nobody decided on is none, what was returned and then dropped is one"
        lecture, teacher = at.lecture, at.person.id
        for day in EVENINGS[1:4]:
            lectures.cancel_lecture(tx, at.office, lecture, "防汛")
            lecture = make_ups.plan_make_up(tx, at.office, lecture, day, 1080, teacher)
            assert counted() == decided
        carried = tx.scalars(select(MaterialVersion).where(MaterialVersion.carried_from_id.is_not(None))).all()
        assert len(carried) == 3 == sum(one.state == MaterialState.APPROVED for one in carried)
        assert len({one.carried_from_id for one in carried}) == 1, "all come from the one that was reviewed"
        own = drafts.save_draft(tx, at.teacher, lecture, MaterialKind.SYLLABUS, MaterialText("另写的"))
        drafts.submit_material(tx, at.teacher, own)
        reviewing.decide_material(tx, at.two, own, approved=True, reason="")
        assert counted() == sorted([*decided, ("syllabus", "approved")])


def test_only_reviewers_list_what_is_or_was_reviewed(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        at = material_scene.scene(tx)
        for stranger in (at.teacher, Actor(at.one.account_id), Actor(None)):
            for listed in (queries.material_to_review, queries.decided_material):
                with pytest.raises(Forbidden):
                    listed(tx, stranger)


def test_whoever_was_replaced_may_not_decide_and_is_not_asked_to(runtime: Runtime) -> None:
    """Notifications and rights name the same people: a lecturer with any part in it is no reviewer of it."""
    with runtime.db.begin() as tx:
        at = material_scene.scene(tx)
        city = make.organisation(tx, level="city")
        accounts = {}
        for part in ("planned", "taught", "replaced", "absent"):
            member = make.member(tx, city)
            person = school.lecturer(tx, city)
            membership = tx.scalars(select(PoolMembership).filter_by(lecturer_id=person.id)).one()
            membership.member_id = member.id
            accounts[part] = make.account(tx, member, (Role.REVIEWER, city))
            tx.add(LectureTeacher(lecture_id=at.lecture.id, lecturer_id=person.id, share_permille=0, part=part))
        tx.flush()
        version = material_scene.submitted(tx, at)
        asked = set(messages.deciding_accounts(tx, version))
        assert at.one.account_id in asked
        for part, account in accounts.items():
            assert account.id not in asked, part
            with pytest.raises(Forbidden):
                reviewing.decide_material(tx, make.actor_of(tx, account), version, approved=True, reason="")
