"""What single migrations make of the programme's rows: decided plans, lectures that stand or make up for others."""

import datetime as dt

import pytest
import sqlalchemy as sa

from academy.core.database import Database
from tests.faults.filled_tables import insert
from tests.faults.upgrading import downgrade, upgrade

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


def test_what_the_trail_says_of_make_up_lectures_and_their_material_is_said_by_the_rows(
    empty_database: Database,
) -> None:
    """0052: pairs come from the trail, each with the first of its row; what one of the rows is gone of, or the trail
    never had, has none."""
    upgrade(empty_database, "0051")
    day = dt.date(2026, 3, 4)
    with empty_database.engine.begin() as connection:
        term = {"id": 1, "name": "T", "public_id": "t", "first_day": day, "last_day": day, "forum_weekday": 2}
        insert(connection, "teaching_terms", [term | {"forum_minute": 1080}])
        lecture = {"term_id": 1, "kind": "forum", "class_id": None, "classroom_id": None, "category_id": None}
        lectures = [
            lecture | {"id": n, "public_id": f"l{n}", "day": day + dt.timedelta(n), "minute": 1080, "state": "no_show"}
            for n in (1, 2, 3, 4)
        ]
        insert(connection, "programme_lectures", lectures)
        material = [{"id": n, "lecture_id": n, "kind": "handout", "taught_number": None} for n in (1, 2, 3, 4)]
        insert(connection, "lecture_materials", material)
        version = {"number": 1, "state": "draft", "closed_at": None, "reviewer_id": None, "asset_id": None}
        version |= {"author_id": None, "submitted_by": None, "submitted_at": None}
        versions = [version | {"id": n, "public_id": f"v{n}", "material_id": n} for n in (1, 2, 3, 4)]
        insert(connection, "material_versions", versions)
        said = [
            ("lecture.make_up", "lecture:l2", {"instead_of": "l1"}),
            ("lecture.made_up", "lecture:l1", {"by": "l2"}),
            ("lecture.make_up", "lecture:l3", {"instead_of": "l2"}),
            ("lecture.make_up", "lecture:l4", {"instead_of": "gone"}),
            ("lecture.make_up", "lecture:gone", {"instead_of": "l1"}),
            ("lecture.planned", "lecture:l1", {"instead_of": "l4"}),
            ("material.carried", "material-version:v2", {"source": "v1", "state": "approved"}),
            ("material.carried", "material-version:v3", {"source": "v1", "state": "draft"}),
            ("material.carried", "material-version:v4", {"source": "v2", "state": "approved"}),
            ("material.carried", "material-version:gone", {"source": "v1", "state": "approved"}),
        ]
        trail = [
            {"id": n, "seq": n, "chain": None, "verb": verb, "target": target, "detail": detail}
            for n, (verb, target, detail) in enumerate(said, 1)
        ]
        insert(connection, "audit_entries", trail)
    upgrade(empty_database, "0052")
    with empty_database.read() as tx:
        pairs = tx.execute(sa.text("SELECT id, instead_of_id FROM programme_lectures ORDER BY id")).all()
        carried = tx.execute(sa.text("SELECT id, carried_from_id FROM material_versions ORDER BY id")).all()
    assert [tuple(row) for row in pairs] == [(1, None), (2, 1), (3, 1), (4, None)]
    assert [tuple(row) for row in carried] == [(1, None), (2, 1), (3, None), (4, 1)]


def test_groups_that_were_dealt_are_called_by_their_number_and_others_keep_their_name(empty_database: Database) -> None:
    """0053: a sentence that the program wrote is made when it is shown; and back again."""
    upgrade(empty_database, "0052")
    names = {1: "第 1 组", 2: "第 2 组", 3: "先锋组", 4: "第 1 组", 5: "第 6 组", 6: "第 12 组"}
    positions = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 12}
    reasons = {1: "已经不在册", 2: "调动", 3: ""}
    with empty_database.engine.begin() as connection:
        insert(connection, "organisations", [{"id": 1, "path": "/1/"}])
        insert(connection, "teaching_terms", [{"id": 1}])
        insert(connection, "training_classes", [{"id": n, "public_id": f"c{n}"} for n in (1, 2)])
        rows = [
            {"id": n, "public_id": f"g{n}", "class_id": 2 if n == 4 else 1, "position": positions[n], "name": names[n]}
            for n in names
        ]
        insert(connection, "discussion_groups", rows)
        insert(connection, "members", [{"id": n, "public_id": f"m{n}", "number": f"N{n}"} for n in reasons])
        day = dt.date(2026, 5, 1)
        spells = [
            {"id": n, "class_id": 1, "member_id": n, "joined_on": day, "left_on": day, "left_reason": reasons[n]}
            for n in reasons
        ]
        insert(connection, "class_members", spells)
    upgrade(empty_database, "0053")

    def kept(column: str, table: str) -> dict[int, str | None]:
        query = sa.select(sa.column("id"), sa.column(column)).select_from(sa.table(table))
        with empty_database.read() as tx:
            return dict(tx.execute(query).all())

    numbered = {1: None, 2: None, 6: None}
    assert kept("name", "discussion_groups") == names | numbered
    assert kept("left_reason", "class_members") == reasons | {1: ""}
    downgrade(empty_database, "0052")
    assert kept("name", "discussion_groups") == names
    upgrade(empty_database, "0053")
    assert kept("name", "discussion_groups") == names | numbered
