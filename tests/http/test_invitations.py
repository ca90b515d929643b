"""Lecturers answer by a link that needs no account: what it shows, what it takes, how it ends."""

import datetime as dt
import logging
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import AuditEntry
from academy.core.ids import ALPHABET
from academy.faculty import copies
from academy.faculty.materials import clearance
from academy.faculty.models import (
    Assignment,
    PlanRuling,
    PoolMembership,
)
from academy.faculty.plan_rules import ANSWER_DAYS, LINKS
from tests.http.invitation_scene import phone, plan, school, state
from tests.http.planning_school import NEXT, NOW, School
from tests.support import factories as make
from tests.support.shortcuts import drain

__all__ = ["phone", "plan", "school"]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_the_page_says_what_is_asked_and_nothing_else(school: School, plan: str, phone: FlaskClient) -> None:
    link = school.link(plan)
    assert "要准备的" in phone.get(link).text and "教案" not in phone.get(link).text, "no rule demands any"
    with school.runtime.db.begin() as tx:
        clearance.seed_material_rule(tx)
    answer = phone.get(link)
    page = answer.text
    for sentence in ("周正老师，请您讲一课", "题", "18:00", "周三", "1 人点了这一题", "教案、讲义", "由学校另行通知"):
        assert sentence in page, sentence
    assert "吴敏" not in page and "/faculty/" not in page and "义务" not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]


def test_scanners_and_previews_change_nothing(school: School, plan: str, phone: FlaskClient) -> None:
    link = school.link(plan)
    for agent in ("facebookexternalhit/1.1", "Mozilla/5.0", "MicroMessenger"):
        for call in (phone.get, phone.head, phone.options):
            call(link, headers={"User-Agent": agent})
            call(link + "?verb=accepted", headers={"User-Agent": agent})
    assert state(school) == "proposed"
    with school.runtime.db.read() as tx:
        verbs = set(tx.scalars(select(AuditEntry.verb)))
    assert "invitation.answered" not in verbs


def test_an_answer_stands_until_the_school_confirms_and_can_be_changed(
    school: School, plan: str, phone: FlaskClient
) -> None:
    link, day = school.link(plan), school.assignment().day
    other = next(one for one in NEXT if one != day)
    for verb, fields in (
        ("accepted", {}),
        ("other_day", {"day": other.isoformat()}),
        ("declined", {"words": "出差"}),
        ("accepted", {}),
    ):
        assert phone.post(link, data={"verb": verb} | fields).status_code == 303
        drain(school.runtime)
        row = school.assignment_of("周正")
        assert row.state == verb and row.day == (other if verb == "other_day" else day)
        assert row.answer_way == "link"
    with school.runtime.db.read() as tx:
        assert tx.scalars(select(PlanRuling)).all() == [], "the no left nothing behind"
    assert school.office.post(f"/faculty/plans/{plan}", data={"verb": "decide"}).status_code == 303
    late = phone.post(link, data={"verb": "declined"})
    assert late.status_code == 409 and "已经定了" in late.text
    assert "已经排定" in phone.get(link).text


def test_the_second_of_two_who_accept_one_evening_reads_a_sentence_and_free_evenings(
    school: School, phone: FlaskClient
) -> None:
    school.lecturer_of("周正", "village", "municipal", most=1)
    school.lecturer_of("吴敏", "law", "municipal", most=1)
    school.topic("题", "village")
    school.topic("法", "law")
    found = school.begin()
    school.invited(found)
    first, second = school.link(found), school.link(found, "法")
    day, other = school.assignment().day, school.assignment("法").day
    free = next(one for one in NEXT if one not in {day, other})
    assert phone.post(first, data={"verb": "other_day", "day": free.isoformat()}).status_code == 303
    assert phone.post(second, data={"verb": "other_day", "day": day.isoformat()}).status_code == 303
    refused = phone.post(first, data={"verb": "accepted"})
    assert refused.status_code == 409 and "已经给了别的老师" in refused.text and "还空着" in refused.text
    assert f"{other.month}月{other.day}日" in refused.text, "the evening that the other gave up is offered"
    assert state(school) == "other_day" and state(school, "法") == "other_day"


@pytest.mark.thorough
def test_forged_foreign_revoked_and_outdated_links_show_nothing(school: School, plan: str, phone: FlaskClient) -> None:
    school.topic("二", "village")
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"})
    drain(school.runtime)
    school.invited(plan)
    link, other = school.link(plan), school.link(plan, "二")
    assert link != other
    forged = [
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link[:-10] + other[-10:],  # the signature of another invitation
        other[:-10] + link[-10:],
        "/a/" + ALPHABET[:16] + link[-10:],
        *("/a/" + quote(text) for text in ("", "x" * 26, "中" * 26, "x" * 5000, "'; --")),
    ]
    for address in forged:
        for call in (phone.get, phone.post):
            answer = call(address, data={"verb": "accepted"}) if call == phone.post else call(address)
            assert answer.status_code == 404 and "题" not in answer.text.replace("标题", ""), address
    assert school.act(plan, "link").status_code == 303
    newest = school.link(plan)
    assert newest != link
    for old in (phone.get(link), phone.post(link, data={"verb": "accepted"})):
        assert old.status_code == 410 and "已经停用" in old.text and "周正" not in old.text
    assert school.act(plan, "revoke").status_code == 303
    assert phone.post(newest, data={"verb": "accepted"}).status_code == 410 and state(school) == "proposed"
    for number in range(LINKS):
        answer = school.act(plan, "link")
        assert answer.status_code == (303 if number < LINKS - 2 else 409)


def test_a_link_takes_answers_for_two_weeks_and_is_readable_up_to_the_evening(
    school: School, plan: str, phone: FlaskClient
) -> None:
    day = NEXT[-1]
    if school.assignment().day != day:
        assert school.act(plan, "move", day=day.isoformat()).status_code == 303
    link = school.link(plan)
    late = dt.timedelta(days=ANSWER_DAYS + 1)
    with clock.frozen(NOW + late):
        assert "答复的日子已经过了" in phone.get(link).text
        refused = phone.post(link, data={"verb": "accepted"})
        assert refused.status_code == 409 and state(school) == "proposed"
        school.office = school.client(school.top)
        assert school.telephoned(plan, "accepted").status_code == 303, "the office may"
    assert school.assignment().answer_way == "office" and school.assignment().answered_by is not None
    with clock.frozen(dt.datetime.combine(day, dt.time(4), dt.UTC) + dt.timedelta(days=1)):
        assert phone.get(link).status_code == 410


def test_who_is_in_the_register_gets_the_link_as_a_message(school: School) -> None:
    pool = school.lecturer_of("周正", "village")
    with school.runtime.db.begin() as tx:
        member = make.member(tx, make.organisation(tx, tx.merge(school.county), level="branch"))
        tx.execute(update(PoolMembership).where(PoolMembership.public_id == pool).values(member_id=member.id))
    school.topic("题", "village")
    found = school.begin()
    school.invited(found)
    assert any("请您在" in one and "讲“题”" in one for one in school.notices())


def test_no_log_and_no_audit_row_holds_a_link(
    school: School, plan: str, phone: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    link = school.link(plan)
    with caplog.at_level(logging.DEBUG):
        phone.get(link)
        phone.post(link, data={"verb": "accepted"})
        phone.post(link, data={"verb": "nonsense"})
        phone.post(link, data={"verb": "other_day", "day": "never"})
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    with school.runtime.db.read() as tx:
        audited = " ".join(f"{row.target} {row.detail} {row.label}" for row in tx.scalars(select(AuditEntry)))
        stored = " ".join(str(row.__dict__) for row in tx.scalars(select(Assignment)))
    assert link[-10:] not in logged + audited + stored
    assert "answer link" in audited


def test_a_lecturer_reads_in_their_own_copy_what_they_were_asked(school: School, plan: str) -> None:
    with school.runtime.db.begin() as tx:
        member = make.member(tx, make.organisation(tx, tx.merge(school.county), level="branch"))
        person = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == school.assignment().lecturer_id))
        person.one().member_id = member.id
        tx.flush()
        own = copies.copy_programme(tx, Actor(account_id=0, member_id=member.id))["invitations_to_teach"]
        assert [(one["topic"], one["state"]) for one in own] == [("题", "proposed")]
        assert copies.copy_programme(tx, Actor(account_id=0))["invitations_to_teach"] == []
