"""Whether a training will be complete in time, as a verdict and a sentence; and the curve that shows it."""

import datetime as dt
import itertools

import pytest

from academy.core import clock
from academy.core.i18n import translator_for
from academy.coverage.answers import TrainingVerdict as Verdict
from academy.coverage.answers import percent, sentence, verdict_on
from academy.coverage.forecast import forecast_pace
from academy.trainings.api import Figures, Training
from academy.web.charts import Series, curve, tree_map

FIRST, LAST = dt.date(2026, 10, 20), dt.date(2026, 12, 20)
TRAINING = Training(opens_on=FIRST, closes_on=LAST)


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(4), dt.UTC)


CASES = {
    "nobody is due": (0, 0, 0, dt.date(2026, 11, 20), Verdict.NOBODY, "这里没有应训的党员"),
    "all done": (100, 100, 90, dt.date(2026, 11, 20), Verdict.DONE, "100%，全部完成了"),
    "not begun": (100, 0, 0, dt.date(2026, 10, 10), Verdict.AHEAD, "0%，10 月 20 日才开始"),
    "two days old": (100, 0, 0, dt.date(2026, 10, 22), Verdict.EARLY, "0%，刚开始，还看不出快慢"),
    "in time": (100, 44, 2, dt.date(2026, 11, 30), Verdict.IN_TIME, "44%，照此 12 月 19 日完成，赶得上"),
    "a day late": (100, 44, 5, dt.date(2026, 11, 30), Verdict.LATE, "44%，照此 12 月 21 日才完成，赶不上；到期约 99%"),
    "another year": (
        100, 44, 43, dt.date(2026, 11, 30), Verdict.LATE, "44%，照此 2029年1月22日才完成，赶不上；到期约 45%"
    ),
    "nobody any more": (
        100, 44, 44, dt.date(2026, 11, 30), Verdict.STALLED, "44%，最近两周几乎没有人学完，赶不上"
    ),
    "over": (1000, 999, 9, dt.date(2026, 12, 21), Verdict.OVER, "99%，已在 12 月 20 日到期"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_says_whether_it_is_done_in_time(case: str) -> None:
    due, completed, before, today, verdict, words = CASES[case]
    figures = Figures(due, 0, completed, completed)
    with clock.frozen(noon(today)):
        ahead = forecast_pace(TRAINING, figures, [(today - dt.timedelta(days=14), before)])
        assert verdict_on(TRAINING, figures, ahead, today) is verdict
        assert translator_for("zh")(sentence(verdict, TRAINING, figures, ahead)) == words


def test_a_share_is_whole_only_where_nobody_is_left() -> None:
    assert [percent(*pair) for pair in ((0, 0), (0, 9), (1, 1000), (999, 1000), (1000, 1000))] == [0, 0, 1, 99, 100]


def test_a_curve_stands_between_its_days_and_its_labels_do_not_touch() -> None:
    days = [(FIRST + dt.timedelta(days=n), n / 60) for n in range(0, 40, 3)]
    today = days[-1][0]
    drawn = curve(
        [Series("已完成", "completed", days)], FIRST, LAST, today, deadline=LAST, ahead=(LAST, 0.9)
    )  # fmt: skip
    points = [tuple(map(float, point.split(","))) for point in drawn.lines[0].path.split()]
    assert points == sorted(points) and points[0] == (drawn.left, drawn.bottom)
    assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in points)
    assert drawn.end == drawn.right and drawn.ahead.startswith(f"{points[-1][0]:g},")
    places = sorted(mark.at for mark in drawn.days)
    assert len(places) == 3 and all(b - a > 60 for a, b in itertools.pairwise(places))
    assert curve([], FIRST, FIRST, FIRST).lines == []


@pytest.mark.parametrize("sizes", [[5], [60, 30, 10], [9] * 12, [400, 3, 2, 1], [7, 0, 0], [0]])
def test_a_tree_map_fills_its_ground_in_proportion(sizes: list[int]) -> None:
    boxes = tree_map(sizes)
    areas = [box.width * box.height for box in boxes]
    whole = sum(sizes)
    assert areas == pytest.approx([size * 6000 / whole if whole else 0 for size in sizes])
    assert all(box.x + box.width <= 100.001 and box.y + box.height <= 60.001 for box in boxes)
