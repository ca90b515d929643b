"""What the page /design shows of the studio, of talk and of lists: one thing in each of its states; the people are
nobody."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from academy.core import clock
from academy.core.i18n import msg
from academy.core.paging import Page
from academy.coverage import api as coverage
from academy.coverage.api import NameStatus
from academy.http.languages import translate
from academy.library.api import CourseStep, CourseStepName, StepStanding
from academy.talk import api as talk
from academy.talk.api import QuestionState
from academy.web.charts import tree_map
from academy.web.coverage_page import Tile, tone_of
from academy.web.pickers import PickerOption

TITLE = msg("村党组织如何用好民主议事")
QUOTE = msg("账目公开，一户一户算清楚。")
STANDINGS = (StepStanding.DONE, StepStanding.OPEN, StepStanding.OPTIONAL, StepStanding.LATER)
NAMES = (NameStatus.COMPLETED, NameStatus.UNDER_WAY, NameStatus.NOT_STARTED, NameStatus.EXEMPT)
MISSING = ((231, 0.31), (140, 0.44), (96, 0.66), (60, 0.71), (31, 0.88), (9, 0.93))


def samples() -> dict[str, Any]:
    """The variables of `design/_studio.html`."""
    return {
        "picked": [PickerOption("1", translate(TITLE), translate(msg("李讲师 · 12 分钟")), symbol="village")],
        "found": Page([PickerOption("2", translate(msg("防诈骗")), "", symbol="law")], 13, 1, 12),
        "plans": [_plan(StepStanding.OPEN), _plan(StepStanding.WAITING)],
        "pins": [_pin("open", settled=False), _pin("cut", settled=False, place=None), _pin("done", settled=True)],
        "talk": {state: _question(state) for state in QuestionState},
        "notes": [
            _hung(key="note", body=translate(msg("回去跟老刘说一声。"))),
            _hung(key="mark"),
            _hung(key="cut", place="cut"),
        ],
        "refusals": talk.REFUSALS,
        "people": [SimpleNamespace(status=one, reason=coverage.NAME_STATUSES[one]) for one in NAMES],
        "tiles": _tiles(),
    }


def _plan(second: StepStanding) -> list[CourseStep]:
    wants = [msg("还没有文件。")] if second == StepStanding.OPEN else [msg("视频正在转码，稍后可以播放。")]
    standings = (STANDINGS[0], second, *STANDINGS[2:])
    return [
        CourseStep(name, standing, wants if standing == second else ())
        for name, standing in zip(CourseStepName, standings, strict=True)
    ]


def _hung(**more: Any) -> SimpleNamespace:
    words = translate(QUOTE)
    given = {"unit": "ms", "place_start": 754_000, "place": "same", "quote": words, "words": words, "revision": 1}
    return SimpleNamespace(**(given | {"body": "", "key": "x"} | more))


def _question(state: QuestionState) -> SimpleNamespace:
    return _hung(
        public_id=f"sample-{state.value}",
        body=translate(msg("村民代表会议一年开几次，没开怎么办？")),
        state=state.value,
        answer=translate(msg("够数的村民提出来就要开。")) if state == QuestionState.ANSWERED else "",
        by_lecturer=True,
        refusal="elsewhere",
        comment="",
        decided_at=clock.now(),
    )


def _pin(key: str, *, settled: bool, place: int | None = 754_000) -> SimpleNamespace:
    at = clock.now() - dt.timedelta(hours=5)
    comment = SimpleNamespace(
        public_id=f"sample-{key}", body=translate(msg("这里的数字和幻灯片上不一样。")), at=at, settled_at=at
    )
    answer = SimpleNamespace(body=translate(msg("已经改了，请再看。")), at=at)
    return SimpleNamespace(
        summary=SimpleNamespace(
            comment=comment,
            is_open=not settled,
            reviewer=translate(msg("李审阅")),
            settler=translate(msg("张三")),
            answers=[(answer, translate(msg("张三")))] if settled else [],
        ),
        item=SimpleNamespace(title=translate(msg("第一讲"))),
        place=place,
        place_words="12:34",
        old_place="12:34",
        moved=SimpleNamespace(standing="same" if place is not None else "cut"),
    )


def _tiles() -> list[Tile]:
    boxes = tree_map([missing for missing, _ in MISSING], 100, 22)
    return [
        Tile(box, None, translate(msg("第 %(n)s 镇", n=n)), missing, share, tone_of(share))
        for n, (box, (missing, share)) in enumerate(zip(boxes, MISSING, strict=True), 1)
    ]
