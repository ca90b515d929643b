"""A list is made, filled and used for a training; branches are asked through their secretaries."""

from flask import Flask

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.runtime import Runtime
from academy.trainings import service
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, training


def test_a_list_is_filled_and_chosen_for_a_training(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        city = City(tx)
        sign_in(client, make.session_token(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.city))))
    made = client.post("/cohorts", data={"name": "新任书记班", "organisation": city.city.public_id})
    where = made.headers["Location"]
    assert client.post("/cohorts", data={"name": "新任书记班", "organisation": city.city.public_id}).status_code == 422
    bad = client.post(where, data={"verb": "add", "numbers": f"{city.people[0].number} X999"})
    assert bad.status_code == 422 and "X999" in bad.text
    numbers = "\n".join(person.number for person in city.people[:6])
    assert "已加入 6 人" in client.post(where, data={"verb": "add", "numbers": numbers}, follow_redirects=True).text
    client.post(where, data={"verb": "remove", "member": city.people[0].public_id})
    client.post(where, data={"verb": "rename", "name": "书记班"})
    assert "共 5 人" in client.get(where).text
    form = f"/trainings/new/{city.city.public_id}"
    assert "书记班（5）" in client.get(form).text
    plan = {
        "title": "书记培训",
        "opens_on": "2030-01-01",
        "closes_on": "2030-02-01",
        "courses": city.courses[0].public_id,
        "statuses": ["active", "floating"],
        "cohorts": where.rsplit("/", 1)[1],
        "joining": "include",
        "leaving": "drop",
        "moving": "follow",
    }
    counted = client.post(form, data=plan | {"preview": "1"}).text
    shown = counted.split('id="preview"')[1].split("</dl>")[0]
    assert "<dd>5</dd>" in shown, "counted before anything is kept"
    assert "书记班" in client.post(form, data=plan, follow_redirects=True).text
    client.post(where, data={"verb": "close"})
    assert "书记班" not in client.get(form).text, "offered no more"


def test_branches_are_asked_and_the_call_list_is_narrowed(app: Flask, runtime: Runtime) -> None:
    with clock.frozen(at()):
        _asked_and_narrowed(app, runtime)


def _asked_and_narrowed(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        make.account(tx, None, (Role.BRANCH_SECRETARY, city.branches[0]))
        sign_in(client, make.session_token(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.city))))
    page = f"/coverage/{plan.public_id}/{city.city.public_id}/remind"
    assert "请 1 个支部的书记提醒" in client.get(page).text
    done = client.post(page, data={"to": "branches", "note": "本周内"}, follow_redirects=True).text
    assert "已请 1 个支部的书记提醒" in done and "涉及 5 人" in done
    again = client.post(page, data={"to": "branches"}, follow_redirects=True).text
    assert "没有可以请的书记" in again
    calls = page.replace("/remind", "/calls")
    listed = client.get(calls).text
    assert all(person.name in listed for person in city.people), "one list to print, not page after page"
    one = client.get(f"{calls}?text={city.people[3].number}").text
    assert city.people[3].name in one and city.people[4].name not in one
