"""Two officers who change one lecture at once: nothing of the one is replaced unseen by the other."""

import re

import pytest

from tests.http.lecture_edit_scene import edit, lecture_of, plan, pool_of, school
from tests.http.planning_school import NEXT, School

__all__ = ["plan", "school"]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def version_in(page: str, verb: str) -> str:
    """What a button's form was made from."""
    form = next(one for one in page.split("<form") if f'name="verb" value="{verb}"' in one)
    found = re.search(r'name="version" value="([0-9a-f]{20})"', form)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("field", ["title", "day", "minute", "hours", "category", "lecturer"])
def test_what_somebody_else_changed_meanwhile_is_not_replaced_unseen(school: School, plan: str, field: str) -> None:
    before = lecture_of(school)
    days = [one for one in NEXT if one != before.day]
    theirs: dict[str, object] = {
        "title": "同事改的题",
        "day": days[0].isoformat(),
        "minute": "18:30",
        "hours": "1",
        "category": "law",
        "lecturer": [pool_of(school, "吴敏")],
    }
    mine = {"title": "我改的题", "day": days[1].isoformat()}
    _status, looked = edit(school, "look", **mine)
    seen = {"version": version_in(looked, "save")} | mine
    assert edit(school, "save", school.client(school.top), **{field: theirs[field]})[0] == 303
    after = lecture_of(school)
    status, shown = edit(school, "save", **seen)
    assert status == 409 and "别人改过这里" in shown and "我改的题" in shown, "what was typed stays"
    assert (lecture_of(school).title, lecture_of(school).day) == (after.title, after.day)
    _status, looked = edit(school, "look", **mine)
    assert edit(school, "save", **({"version": version_in(looked, "save")} | mine))[0] == 303
    assert (lecture_of(school).title, lecture_of(school).day) == ("我改的题", days[1])


def test_the_change_that_was_shown_is_undone_and_no_later_one(school: School, plan: str) -> None:
    assert edit(school, "save", title="第一次改")[0] == 303
    page = school.office.get(f"/faculty/lectures/{lecture_of(school).public_id}").text
    stale = version_in(page, "undo")
    assert edit(school, "save", school.client(school.top), title="同事第二次改")[0] == 303
    status, shown = edit(school, "undo", version=stale)
    assert status == 409 and "别人改过这里" in shown and lecture_of(school).title == "同事第二次改"
    page = school.office.get(f"/faculty/lectures/{lecture_of(school).public_id}").text
    assert edit(school, "undo", version=version_in(page, "undo"))[0] == 303
    assert lecture_of(school).title == "第一次改"
