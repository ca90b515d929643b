"""“我的”: what a member has learnt, on the screen and on paper; nobody else's."""

from collections.abc import Callable

from flask import Flask

from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.learning.models import Completion, CreditHour
from tests.conftest import sign_in
from tests.support import factories


def test_a_member_sees_and_prints_what_was_learnt(
    app: Flask, runtime: Runtime, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    year = clock.today().year
    with runtime.db.begin() as tx:
        factories.library.seed_categories(tx)
        county = factories.organisation(tx, level="county")
        trainer = factories.account(tx, None, (Role.TRAINER, county))
        reviewer = factories.account(tx, None, (Role.REVIEWER, county))
        person, other = factories.member(tx, county), factories.member(tx, county)
        courses = [factories.published_course(tx, trainer, reviewer, title=f"<课{number}>") for number in range(4)]
        accounts = [factories.account(tx, person), factories.account(tx, other)]
        clients = []
        for account in accounts:
            client = app.test_client()
            sign_in(client, factories.session_token(tx, account))
            clients.append(client)

    def complete(number: int) -> None:
        with runtime.db.begin() as tx:
            tx.add(Completion(member_id=person.id, course_id=courses[number].id, course_version=1))
            source = f"course:{courses[number].public_id}"
            tx.add(CreditHour(member_id=person.id, minutes=60, rule="course.completed", source=source))

    complete(0)
    mine, theirs = clients
    page = mine.get("/my/record")
    assert "&lt;课0&gt;" in page.text and "1.3 学时" in page.text
    one = count_queries(lambda: mine.get("/my/record"))
    for number in (1, 2, 3):
        complete(number)
    assert count_queries(lambda: mine.get("/my/record")) == one, "queries do not grow with the record"
    paper = mine.get(f"/my/record/{year}/print").text
    assert all(f"&lt;课{number}&gt;" in paper for number in range(4)) and person.name in paper and "5.3 学时" in paper
    assert "还没有学完的课程" in theirs.get("/my/record").text
    assert "共学完课程 0 门" in theirs.get(f"/my/record/{year}/print").text
    assert theirs.get(f"/my/record/{year - 1}/print").status_code == 404, "an empty sheet of the past proves nothing"
    for odd in ("1", "0", "99999999999999", "x", "-5"):
        assert mine.get(f"/my/record?year={odd}").status_code == 200
        assert mine.get(f"/my/record/{odd}/print").status_code == 404


def test_an_officer_who_is_no_member_still_finds_the_account(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        client = app.test_client()
        sign_in(client, factories.session_token(tx, account))
    page = client.get("/my/record")
    assert "没有对应的党员" in page.text and 'href="/me/devices"' in page.text
    assert client.get("/me/devices").status_code == client.get("/me").status_code == 200
    assert "没有对应的党员" in client.get("/my/record/2026/print").text
