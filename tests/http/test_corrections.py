"""The pages of corrections: two people, two clicks."""

from flask import Flask

from academy.core.actor import Role
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City


def test_a_secretary_proposes_and_an_administrator_agrees(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = City(tx)
        person, course = city.people[0], city.courses[0]
        secretary = make.account(tx, None, (Role.BRANCH_SECRETARY, city.branches[0]))
        keeper = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.county))
        stranger = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.other))
        tokens = [make.session_token(tx, who) for who in (secretary, keeper, stranger)]
    one, two, far = (app.test_client() for _ in tokens)
    for client, token in zip((one, two, far), tokens, strict=True):
        sign_in(client, token)
    page = f"/members/{person.public_id}/corrections"
    assert "更正学习记录" in one.get(f"/members/{person.public_id}").text
    bad = one.post(page, data={"kind": "register", "course": course.public_id, "reason": "签到表"})
    assert bad.status_code == 422 and "请填写日期" in bad.text
    fields = {"kind": "register", "course": course.public_id, "reason": "签到表", "studied_on": "2026-03-05"}
    assert one.post(page, data=fields).status_code == 303
    waiting = two.get("/corrections").text
    assert person.name in waiting and "签到表" in waiting
    mark = waiting.split('action="/corrections/')[1].split('"')[0]
    assert far.get(page).status_code == 404
    assert far.post(f"/corrections/{mark}", data={"verb": "approve"}).status_code == 404
    assert one.get("/corrections").status_code == 404
    two.post(f"/corrections/{mark}", data={"verb": "approve"})
    seen = one.get(page).text
    assert "补登" in seen and "已批准" in seen
    assert "已经处理过了" in two.post(f"/corrections/{mark}", data={"verb": "approve"}, follow_redirects=True).text
    strike = {"kind": "strike", "course": course.public_id, "reason": "登记错了人"}
    assert two.post(page, data=strike).status_code == 303
    again = two.get(page).text.split('action="/corrections/')[1].split('"')[0]
    two.post(f"/corrections/{again}", data={"verb": "decline", "member": person.public_id})
    assert "已撤回" in two.get(page).text
