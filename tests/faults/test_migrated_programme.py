"""What single migrations make of the lecture programme's rows: plans that were decided, lectures that stand."""

import datetime as dt

import pytest
import sqlalchemy as sa

from academy.core.database import Database
from tests.faults.filled_tables import insert
from tests.faults.upgrading import upgrade

pytestmark = pytest.mark.faults


def test_what_a_plan_decided_is_confirmed_and_the_rest_asked_no_more(empty_database: Database) -> None:
    """0047: assignments of a decided plan are its lectures, found by day and title; those of a draft stay drafts."""
    upgrade(empty_database, "0045")
    day = dt.date(2026, 3, 4)
    with empty_database.engine.begin() as connection:
        insert(connection, "accounts", [{"id": 1}])
        insert(connection, "categories", [{"id": 1}])
        insert(connection, "lecturers", [{"id": 1}])
        term = {"last_day": dt.date(2026, 7, 1), "forum_weekday": 2, "forum_minute": 1080}
        insert(
            connection,
            "teaching_terms",
            [term | {"id": n, "name": f"T{n}", "public_id": f"t{n}", "first_day": day} for n in (1, 2)],
        )
        topics = [
            {"id": n, "public_id": f"q{n}", "key": f"k{n}", "title": f"题{n}", "category_id": 1, "class_id": None}
            for n in (1, 2, 3)
        ]
        insert(connection, "topic_requests", topics)
        states = {1: "decided", 2: "draft"}
        insert(
            connection,
            "term_plans",
            [{"id": n, "public_id": f"p{n}", "term_id": n, "state": state} for n, state in states.items()],
        )
        rows = [(1, 1, 1, day), (2, 1, 2, day + dt.timedelta(7)), (3, 2, 3, day)]
        insert(
            connection,
            "assignments",
            [
                {"id": one, "public_id": f"a{one}", "plan_id": plan, "request_id": topic, "lecturer_id": 1, "day": when}
                for one, plan, topic, when in rows
            ],
        )
        lecture = {"term_id": 1, "kind": "forum", "class_id": None, "classroom_id": None, "category_id": None}
        insert(
            connection,
            "programme_lectures",
            [lecture | {"id": 5, "public_id": "l5", "day": day, "minute": 1080, "title": "题1", "state": "planned"}],
        )
    upgrade(empty_database, "0047")
    with empty_database.read() as tx:
        found = tx.execute(sa.text("SELECT state, lecture_id FROM assignments ORDER BY id")).all()
    assert [tuple(row) for row in found] == [("confirmed", 5), ("withdrawn", None), ("draft", None)]
