"""Who watched and got no credit is told apart from who did nothing."""

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.runtime import Runtime
from academy.coverage import name_lists
from academy.learning.models import PlaybackLease, Refusal
from academy.library.models import CourseItem
from academy.trainings import service
from tests.support import factories as make
from tests.support.coverage_city import City, at, training


def test_the_list_says_why_watching_did_not_count(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        item = CourseItem(course_id=city.courses[0].id)
        tx.add(item)
        tx.flush()
        person = city.people[0]
        lease = PlaybackLease(
            member_id=person.id,
            item_id=item.id,
            item_version=1,
            course_id=city.courses[0].id,
            extent=60_000,
            threshold_permille=900,
            expires_at=at(1),
            credited_until_ms=0,
        )
        tx.add(lease)
        tx.flush()
        tx.add(Refusal(lease_id=lease.id, reason="too_fast", member_id=person.id, item_id=item.id))
        tx.flush()
        found = name_lists.list_names(tx, name_lists.NameFilter(plan, city.city, status="refused"), 1)
        assert [one.member_id for one in found.rows] == [person.id]
        everybody = name_lists.list_names(tx, name_lists.NameFilter(plan, city.city), 1).rows
        reasons = {one.member_id: str(one.reason) for one in everybody}
        assert reasons[person.id] == "未开通账号", "first things first"
        make.account(tx, person)
        everybody = name_lists.list_names(tx, name_lists.NameFilter(plan, city.city), 1).rows
        assert {str(one.reason) for one in everybody} == {"未开通账号", "有观看未计入：播放太快"}
        assert (
            name_lists.list_names(tx, name_lists.NameFilter(plan, city.city, text=person.number), 1, size=5).total == 1
        )
