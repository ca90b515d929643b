"""Reminders reach whom they should, not too often, and their effect is counted; forecasts do sums."""

import datetime as dt

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.errors import Conflict, Invalid
from academy.core.runtime import Runtime
from academy.coverage import answers, forecast
from academy.notifications.models import Notification
from academy.outreach import delegation, reminders
from academy.trainings import coverage_cells, service
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training
from tests.support.shortcuts import settle_all


def test_only_those_who_are_missing_and_reachable_and_not_again_at_once(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        for person in city.people[:6]:
            make.account(tx, person)
        for one in city.courses:
            complete(tx, city.people[0].id, one.id, at())
        counted = reminders.preview_reminder(tx, plan, city.county)
        assert (counted.missing, counted.reachable, counted.lately, counted.unreachable) == (19, 5, 0, 14)
        branch = reminders.send_reminder(tx, SYSTEM, plan, city.branches[0], note="周五一起学")
        assert branch.recipients == 4
        assert tx.scalar(select(func.count()).where(Notification.kind == "reminder")) == 4
        assert reminders.preview_reminder(tx, plan, city.county).reachable == 1
        assert reminders.send_reminder(tx, SYSTEM, plan, city.county).recipients == 1
        with pytest.raises(Invalid), tx.begin_nested():
            reminders.send_reminder(tx, SYSTEM, plan, city.county)
    with clock.frozen(at(4)), runtime.db.begin() as tx:
        for one in city.courses:
            complete(tx, city.people[1].id, one.id, at(4))
        sent = {s.reminder.id: s.completed for s in reminders.sent_reminders(tx, plan, city.county)}
        assert sent == {branch.id: 1, branch.id + 1: 0}
        assert reminders.preview_reminder(tx, plan, city.county).reachable == 4, "after three days one may ask again"
    with clock.frozen(at(90)), runtime.db.begin() as tx, pytest.raises(Conflict):
        reminders.send_reminder(tx, SYSTEM, plan, city.county)


def test_a_forecast_says_when(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(9)), runtime.db.begin() as tx:
        for person in city.people[:5]:
            complete(tx, person.id, city.courses[0].id, at(5))
        ahead = answers.answer(tx, plan, city.city).forecast
    assert (ahead.missing, ahead.pace) == (15, 0.5)
    assert ahead.complete_on == at(39).date() and ahead.in_time


def test_pace_and_end() -> None:
    day = dt.date(2026, 3, 31)
    assert forecast.pace([], day, day) == 0
    assert forecast.pace([(dt.date(2026, 3, 10), 10), (day, 24)], day, dt.date(2026, 3, 1)) == 1
    assert forecast.complete_on(10, 0, day) is None
    assert forecast.complete_on(0, 0, day) == day
    assert forecast.complete_on(10, 3, day) == dt.date(2026, 4, 4)


def test_secretaries_are_asked_for_their_branch_and_not_again_at_once(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        asked = [make.account(tx, None, (Role.BRANCH_SECRETARY, branch)) for branch in city.branches[:2]]
        counted = delegation.preview_delegation(tx, plan, city.county)
        assert (counted.branches, counted.missing, counted.reachable, counted.lately) == (4, 20, 2, 0)
        assert {one.node.id for one in counted.without} == {city.branches[2].id, city.branches[3].id}
        made = delegation.delegate(tx, SYSTEM, plan, city.county, note="本周内")
        assert (made.recipients, made.missing, made.kind) == (2, 10, "branches")
        notices = tx.scalars(select(Notification).where(Notification.kind == delegation.KIND)).all()
        assert {one.account_id for one in notices} == {one.id for one in asked}
        assert all(one.link.endswith("/remind") for one in notices)
        assert delegation.preview_delegation(tx, plan, city.county).lately == 2
        with pytest.raises(Invalid), tx.begin_nested():
            delegation.delegate(tx, SYSTEM, plan, city.county)
    with clock.frozen(at(4)), runtime.db.begin() as tx:
        for one in city.courses:
            complete(tx, city.people[1].id, one.id, at(4))
        assert delegation.delegation_effect(tx, plan, made, city.county) == 1
        assert delegation.preview_delegation(tx, plan, city.county).reachable == 2, "after three days one may ask again"


@pytest.mark.parametrize("settled", [0, 3, 10])
def test_a_forecast_does_not_depend_on_what_is_settled(runtime: Runtime, settled: int) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
    for number, person in enumerate(city.people[:10]):
        with clock.frozen(at(1)), runtime.db.begin() as tx:
            complete(tx, person.id, city.courses[0].id, at(1))
            if number < settled:
                settle_all(tx)
    for day, pace in ((40, 0), (11, 10 / 12), (2, 10 / 3)):
        with clock.frozen(at(day)), runtime.db.begin() as tx:
            assert answers.answer(tx, plan, city.city).forecast.pace == pytest.approx(pace)
            curve = [
                (point, figures.completed) for point, figures in coverage_cells.daily_figures(tx, plan.id, city.city.id)
            ]
            assert curve == [(at().date(), 0), (at(1).date(), 10)]
