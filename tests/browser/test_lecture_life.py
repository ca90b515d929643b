"""One lecture's whole life, through the pages: asked for, planned, agreed to, reviewed, taught, recorded, evaluated,
chosen, certified, and found months later by a member of another county.

Everything is real: web and worker processes, the planner, uploads, encoding, index, signatures, Chromium. Time is
moved, by one clock that both processes read.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core import clock
from tests.browser import lecture_honours as later
from tests.browser import lecture_results as after
from tests.browser import lecture_steps as before
from tests.browser.life_scene import City, life_stage

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "ffmpeg")]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with life_stage(tmp_path_factory.mktemp("life")) as made:
        yield made


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """An instant of the city's clock."""
    return dt.datetime.combine(day, dt.time(hour, minute), clock.CITY)


def test_a_lecture_from_the_first_question_to_the_last_viewer(city: City, tmp_path: Path) -> None:
    before.ask_and_support(city)
    day = before.shortlist_and_plan(city)
    assert day.weekday() == 2
    before.invite_and_accept(city, day)
    before.stand_in_the_calendar(city, day)
    before.write_and_review(city)

    city.move_clock(at(day, 18, 5))
    after.sign_the_roll(city)
    city.move_clock(at(day, 20))
    after.confirm_and_complete_the_roll(city)

    city.move_clock(at(day + dt.timedelta(days=1), 9))
    after.record_and_publish(city, tmp_path)
    after.evaluate(city)
    city.move_clock(at(day + dt.timedelta(days=16), 9))
    after.read_results(city)
    city.move_clock(at(day.replace(month=day.month + 6), 9))
    after.follow_up(city)
    city.move_clock(at(day.replace(month=day.month + 7, day=10), 9))
    after.read_follow_up(city)

    later.nominate(city)
    later.score(city)
    city.move_clock(at(day.replace(month=day.month + 7, day=14), 9))
    files = later.publish_and_certify(city, tmp_path)
    later.check_notes(city, files, day)
    later.find_and_watch(city)
    later.stand_together(city, day)
    later.see_the_whole_life(city, day)
    assert city.on.errors == []
