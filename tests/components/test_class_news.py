"""What people of a class are notified of: after the commit, everybody once, however many they are."""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select

from academy.classes import applications, enrolment, news, places, turns
from academy.classes.kinds import ClassNewsKind, ClassState
from academy.classes.models import ClassMember, TrainingClass
from academy.classes.places import ClassPlan
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, translator_for
from academy.core.runtime import Runtime
from academy.jobs.models import OutboxEvent
from academy.notifications import api as notifications
from academy.notifications.models import Notification
from academy.notifications.service import BATCH
from tests.support.class_scene import ClassScene, class_scene
from tests.support.in_may import NOON, in_may
from tests.support.shortcuts import drain

__all__ = ["in_may"]
LARGE = 500


def full(tx: Tx, size: int, state: ClassState = ClassState.OPEN) -> ClassScene:
    """A class with so many members and one who waits."""
    made = class_scene(tx, seats=size, members=size + 1)
    row = made.row(tx)
    row.state = state
    for one in made.members[:-1]:
        tx.add(ClassMember(class_id=row.id, member_id=one, joined_on=clock.today()))
    tx.flush()
    enrolment.enrol_members(tx, made.office, row, [made.member(tx, size)])
    return made


def close(tx: Tx, made: ClassScene) -> None:
    row = made.row(tx)
    enrolment.lock_running(tx, row)
    places.close_class(tx, made.office, row, {})


def cancel(tx: Tx, made: ClassScene) -> None:
    places.change_class_state(tx, made.office, made.row(tx), ClassState.CANCELLED)


def move(tx: Tx, made: ClassScene) -> None:
    row = made.row(tx)
    day = row.first_day + dt.timedelta(days=1)
    plan = ClassPlan(row.name, day, row.last_day, row.is_main, row.seats, row.apply_until, row.summary)
    places.edit_class(tx, made.office, row, plan)


def restore(tx: Tx, made: ClassScene) -> None:
    places.change_class_state(tx, made.office, made.row(tx), ClassState.PLANNED)


def reopen(tx: Tx, made: ClassScene) -> None:
    places.change_class_state(tx, made.office, made.row(tx), ClassState.OPEN)


ACTS = {
    "结业": (close, ClassState.OPEN),
    "取消了": (cancel, ClassState.OPEN),
    "改期": (move, ClassState.OPEN),
    "又要办了": (restore, ClassState.CANCELLED),
    "结业撤回": (reopen, ClassState.CLOSED),
}


def received(runtime: Runtime, words: str) -> Counter[int]:
    """Row id of a member → how many notifications with these words."""
    with runtime.db.read() as tx:
        rows = tx.execute(select(Notification.member_id, Notification.body)).all()
    return Counter(member for member, body in rows if words in str(Message.from_json(body)))


@pytest.mark.thorough
@pytest.mark.parametrize("words", ACTS)
def test_a_large_class_writes_as_much_in_the_request_as_a_small_one_and_everybody_is_notified_once(
    runtime: Runtime, count_queries: Callable[[Callable[[], object]], int], words: str
) -> None:
    act, state = ACTS[words]
    counts = []
    # As many as a class may have are closed; what is written in the request is the same for the rest.
    for size in (3, LARGE if act is close else 30):
        with runtime.db.begin() as tx:
            made = full(tx, size)
            made.row(tx).state = state
        drain(runtime)
        counts.append(count_queries(lambda made=made: runtime.db.run_in_transaction(lambda tx: act(tx, made))))
        assert received(runtime, words).keys().isdisjoint(made.members), "in the request nobody is notified yet"
        drain(runtime)
        found = received(runtime, words)
        assert {one: found[one] for one in made.members[:-1]} == dict.fromkeys(made.members[:-1], 1)
        assert found[made.members[-1]] == 0, "who waits is in no class"
    assert counts[0] == counts[1] <= 25


def test_an_event_that_is_delivered_twice_notifies_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = full(tx, BATCH + 5)
    drain(runtime)
    runtime.db.run_in_transaction(lambda tx: close(tx, made))
    drain(runtime)
    with runtime.db.begin() as tx:
        gone = made.members[7 : BATCH + 2 : 3]
        tx.execute(delete(Notification).where(Notification.member_id.in_(gone)))
        for event in tx.scalars(select(OutboxEvent)):
            event.delivered_at = None
    drain(runtime)
    assert set(received(runtime, "结业").values()) == {1}
    assert received(runtime, "结业").keys() == set(made.members[:-1]), "who was not reached the first time is then"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(ClassNewsKind))
def test_every_piece_of_news_is_a_sentence_in_both_languages(
    runtime: Runtime, kind: ClassNewsKind, language: str
) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx)
        row = made.row(tx)
        row.name = "100% 干部班"
        body = news.news_text(row, kind)
    shown = translator_for(language)(Message.from_json(body.to_json()))
    assert "100% 干部班" in shown and "%(" not in shown
    assert any("一" <= letter <= "鿿" for letter in shown.replace("100% 干部班", "")) == (language == "zh")


def test_places_and_the_waiting_list_are_notified_of_in_their_order(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=2, members=6)
        everybody = [made.member(tx, number) for number in (3, 1, 5, 0)]
        # An application that is older than the list has the smaller id, and still waits where the list puts it.
        applications.apply_for_class(tx, made.actor(0), made.row(tx))
        enrolment.enrol_members(tx, made.office, made.row(tx), everybody)
        assert made.waiting(tx) == [made.members[5], made.members[0]]
    drain(runtime)
    assert received(runtime, "您已进入") == Counter([made.members[3], made.members[1]])
    assert received(runtime, "候补名单") == Counter([made.members[5], made.members[0]])
    with clock.frozen(NOON + dt.timedelta(minutes=1)):
        runtime.db.run_in_transaction(
            lambda tx: enrolment.leave_class(tx, made.actor(1), made.row(tx), made.place(tx, 1), "")
        )
        drain(runtime)
    assert received(runtime, "您已进入")[made.members[5]] == 1


def test_nobody_moves_up_into_a_class_that_is_over_and_its_figures_count_whom_its_list_has(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, seats=2, members=4, begins_in=-5)
        row = made.row(tx)
        enrolment.enrol_members(tx, made.office, row, [made.member(tx, number) for number in range(3)])
        row.last_day = clock.today() + dt.timedelta(days=1)
    with clock.frozen(NOON + dt.timedelta(days=4)), runtime.db.begin() as tx:
        row = made.row(tx)
        enrolment.leave_class(tx, made.office, row, made.place(tx, 0), "调动")
        assert made.here(tx) == {made.members[1]} and made.waiting(tx) == [made.members[2]]
        assert turns.turn_rate(tx, row).members == 1
        enrolment.enrol_members(tx, made.office, row, [made.member(tx, 3)])
        assert turns.turn_rate(tx, row).members == len(made.here(tx)) == 2


def test_the_same_words_to_many_are_written_once_to_each(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        made = class_scene(tx, members=4)
        for members in (made.members[:2], made.members, []):
            notifications.notify_many(tx, key="k", body=Message("话"), link="/my", members=members)
    with runtime.db.begin() as tx:
        assert sorted(tx.scalars(select(Notification.member_id))) == sorted(made.members)
        for wrong in ({"link": "https://example.org/"}, {"link": "//example.org"}, {"accounts": [1]}):
            with pytest.raises(ValueError, match=r"links only|share a key"):
                notifications.notify_many(tx, **({"key": "k", "body": Message("话"), "members": [1]} | wrong))
        assert tx.get(TrainingClass, made.class_id) is not None
