"""Whom the school invites, and what stays true of invitations when two act at once or a decision is taken back."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.faculty import answer_links, answers, invitations, lectures
from academy.faculty.answer_links import LinkEnded
from academy.faculty.answers import LecturerAnswer
from academy.faculty.models import Assignment, PlanRuling, PoolMembership, ProgrammeLecture
from academy.faculty.plan_kinds import AssignmentState
from academy.faculty.planning.prices import Price
from academy.faculty.plans import keep_price
from tests.http.invitation_scene import phone, plan, school
from tests.http.planning_school import NEXT, School
from tests.support.shortcuts import drain

__all__ = ["phone", "plan", "school"]


@pytest.fixture
def drafted(school: School) -> str:
    """A plan with three drafts."""
    school.lecturer_of("周正", "village", "municipal", most=None)
    for title in ("甲", "乙", "丙"):
        school.topic(title, "village")
    return school.begin()


def states(school: School) -> dict[str, str]:
    with school.runtime.db.read() as tx:
        return {row.request.title: row.state for row in tx.scalars(select(Assignment).order_by(Assignment.id))}


@pytest.mark.parametrize("titles", [("甲",), ("甲", "丙"), ("甲", "乙", "丙")])
def test_the_school_chooses_whom_it_invites(school: School, drafted: str, titles: tuple[str, ...]) -> None:
    page = school.board(drafted)
    every = school.drafts(drafted)
    assert page.count('name="chosen"') == len(every) == 3 and all(f'value="{one}" checked' in page for one in every)
    chosen = [school.assignment(title).public_id for title in titles]
    assert school.invite(drafted, chosen).status_code == 303
    assert states(school) == {title: "proposed" if title in titles else "draft" for title in ("甲", "乙", "丙")}
    left = school.board(drafted)
    assert left.count('name="chosen"') == 3 - len(titles)


def test_nobody_is_invited_whom_the_school_did_not_see(school: School, drafted: str) -> None:
    """The draft is planned again between the page and the button: others would be asked than those who were shown."""
    none = school.invite(drafted, [])
    assert none.status_code == 422 and "请勾上要请的老师" in none.text
    seen = school.drafts(drafted)
    school.office.post(f"/faculty/plans/{drafted}", data={"verb": "run"})
    drain(school.runtime)
    now = school.drafts(drafted)
    assert not set(seen) & set(now), "another run brings other drafts"
    for chosen in (seen, [*now[:1], seen[0]], [*now, "nonsense"]):
        refused = school.invite(drafted, chosen)
        assert refused.status_code == 409 and "草案刚才变了" in refused.text
        assert set(states(school).values()) == {"draft"}, "all or nothing"
    first = now[0]
    kept = school.invite(drafted, [first, "nonsense"]).text
    assert f'value="{first}" checked' in kept and f'value="{now[1]}" checked' not in kept, "what was ticked stays"
    assert school.invite(drafted, now[:1]).status_code == 303
    again = school.invite(drafted, now[:1])
    assert again.status_code == 409, "somebody was first"


@pytest.mark.parametrize("change", ["revoked", "newer"])
def test_a_link_that_ends_while_its_answer_waits_takes_none(school: School, plan: str, change: str) -> None:
    """The answer was read behind the link, and waits for the plan's lock while the office ends that link."""
    link = school.link(plan).rpartition("/")[2]
    with school.runtime.db.begin() as tx:
        row = answer_links.read_answer_link(tx, school.runtime.settings, link)
        values = {"link_is_on": False} if change == "revoked" else {"link": Assignment.link + 1}
        # As another transaction leaves it: this one's copy is the old one.
        tx.execute(update(Assignment).values(values).execution_options(synchronize_session=False))
        with pytest.raises(LinkEnded):
            answers.answer_by_link(tx, "", row, LecturerAnswer(AssignmentState.ACCEPTED))
    assert school.assignment().state == "proposed"


@pytest.mark.parametrize("answer", ["accepted", "declined", "other_day"])
def test_a_decided_plan_gives_out_no_links(school: School, plan: str, phone: FlaskClient, answer: str) -> None:
    other = next(one for one in NEXT if one != school.assignment().day)
    link = school.link(plan)
    phone.post(link, data={"verb": answer} | ({"day": other.isoformat()} if answer == "other_day" else {}))
    drain(school.runtime)
    with school.runtime.db.begin() as tx:
        row = tx.scalars(select(Assignment).where(Assignment.answered_at.is_not(None))).one()
        row.plan.state, row.plan.decided_at, row.plan.planned_at = "decided", clock.now(), clock.now()
        tx.flush()
        with pytest.raises(Conflict, match="已经定了"):
            invitations.make_link(tx, SYSTEM, school.runtime.settings, row)
    page = phone.get(link).text
    if answer == "declined":
        assert "已经排定" in page and "答复的日子已经过了" not in page


def test_who_asked_for_another_evening_is_asked_again_for_the_first(school: School, phone: FlaskClient) -> None:
    """A decision withdraws what was not agreed to; once it is taken back, the evening asked for is the school's."""
    school.lecturer_of("周正", "village", "municipal", most=None)
    for title in ("甲", "乙"):
        school.topic(title, "village")
    found = school.begin()
    school.invited(found)
    asked, held = school.assignment("乙").day, {school.assignment(title).day for title in ("甲", "乙")}
    free = next(day for day in NEXT if day not in held)
    phone.post(school.link(found, "甲"), data={"verb": "accepted"})
    phone.post(school.link(found, "乙"), data={"verb": "other_day", "day": free.isoformat()})
    drain(school.runtime)
    assert school.office.post(f"/faculty/plans/{found}", data={"verb": "decide"}).status_code == 303
    assert school.office.post(f"/faculty/plans/{found}", data={"verb": "reopen"}).status_code == 303
    with school.runtime.db.begin() as tx:
        row = tx.scalars(select(Assignment).where(Assignment.state == "withdrawn")).one()
        assert (row.day, row.asked_day) == (asked, None)
        invitations.offer_again(tx, SYSTEM, school.runtime.settings, row)
        link = answer_links.answer_path(school.runtime.settings, row)
    assert phone.post(link, data={"verb": "accepted"}).status_code == 303
    with school.runtime.db.read() as tx:
        row = tx.scalars(select(Assignment).where(Assignment.state == "accepted")).one()
        assert (row.day, row.asked_day) == (asked, None)


def test_what_a_lecturer_asked_is_no_question_once_it_is_settled(school: School, plan: str, phone: FlaskClient) -> None:
    other = next(one for one in NEXT if one != school.assignment().day)
    phone.post(school.link(plan), data={"verb": "other_day", "day": other.isoformat()})
    address = f"/faculty/plans/{plan}/assignments/{school.assignment().public_id}"
    assert "同意就排定" in school.office.get(address).text
    assert school.act(plan, "confirm").status_code == 303
    assert "同意就排定" not in school.office.get(address).text
    refused = school.act(plan, "withdraw", reason="x").text
    assert "授课安排" in refused and "请打电话给学校" not in refused, "the office is the school"


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("state", ["cancelled", "no_show"])
def test_a_lost_lecture_does_not_stand_again_on_an_evening_that_was_promised(
    school: School, by_hand: bool, state: str
) -> None:
    school.lecturer_of("周正", "village", "municipal", most=1)
    pool = school.lecturer_of("吴敏", "law", "municipal", most=1)
    school.topic("题", "village")
    found = school.begin()
    school.accepted(found)
    day = school.assignment().day
    assert school.act(found, "confirm").status_code == 303
    with school.runtime.db.begin() as tx:
        lecture = tx.scalars(select(ProgrammeLecture)).one()
        lectures.cancel_lecture(tx, SYSTEM, lecture, "防汛")
        lecture.state = state
        if by_hand:
            tx.scalars(select(Assignment)).first().lecture_id = None  # type: ignore[union-attr]
        public_id = lecture.public_id
        person = tx.scalars(select(PoolMembership).where(PoolMembership.public_id == pool)).one()
        topic = school.assignment().request_id
        tx.add(
            Assignment(
                plan_id=school.assignment().plan_id,
                request_id=topic,
                lecturer_id=person.lecturer_id,
                day=day,
                reasons=[],
                state="proposed",
                link=1,
            )
        )
    refused = school.office.post(f"/faculty/lectures/{public_id}", data={"verb": "reopen"})
    assert refused.status_code == 409 and "已经请了吴敏" in refused.text
    with school.runtime.db.read() as tx:
        assert tx.scalars(select(ProgrammeLecture.state)).one() == state


@pytest.mark.parametrize("after", ["gone", "settled"])
def test_a_price_that_comes_after_the_lecturer_thought_otherwise_rules_nothing(
    school: School, plan: str, phone: FlaskClient, after: str
) -> None:
    phone.post(school.link(plan), data={"verb": "declined"})
    with school.runtime.db.begin() as tx:
        ruling = tx.scalars(select(PlanRuling)).one()
        number, found, revision = ruling.id, ruling.plan, ruling.plan.revision
        change = delete(PlanRuling) if after == "gone" else update(PlanRuling).values(state="confirmed", price={})
        # As another transaction leaves it: this one's copy is the old one.
        tx.execute(change.execution_options(synchronize_session=False))
        keep_price(tx, number, Price(None, (msg("没有别人能讲"),), (), (), ()))
        tx.flush()
        assert found.revision == revision
        kept = tx.scalars(select(PlanRuling.price).execution_options(populate_existing=True)).all()
        assert kept == ([] if after == "gone" else [{}])
