"""The steps of a course, and the credit that its length gives: rules without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.library import rules
from academy.library.kinds import VersionState
from academy.library.rules import ItemState
from academy.library.steps import CaptionState, CourseStepName, StepStanding, plan_steps, standing_step

STATES = st.sampled_from([*VersionState])
FILES = st.sampled_from(["ready", "processing", "failed", "deleted", None])
ITEMS = st.lists(
    st.builds(ItemState, st.just("第一讲"), FILES, st.sampled_from(["video", "audio", "document"]), st.booleans()),
    max_size=4,
)
CAPTIONS = st.builds(CaptionState, st.just("第一讲"), st.sampled_from([0, 12]), st.booleans())


def drafted(items: list[ItemState], captions: list[CaptionState], state: str = "draft", **texts: str) -> list[str]:
    fields = {"title": "题", "summary": "简介"} | texts
    return [step.standing for step in plan_steps(state, items=items, captions=captions, **fields)]


def test_one_goes_from_step_to_step() -> None:
    film = ItemState("第一讲", "ready")
    written, empty = CaptionState("第一讲", 12), CaptionState("第一讲", 0)
    at_work = [ItemState("第一讲", "processing")]
    assert drafted([], [], summary="") == ["open", "open", "later", "later"]
    assert drafted([], []) == ["done", "open", "later", "later"]
    assert drafted(at_work, []) == ["done", "waiting", "later", "later"]
    assert drafted([*at_work, ItemState("第二讲", "failed")], []) == ["done", "open", "later", "later"]
    assert drafted([film], [empty]) == ["done", "done", "optional", "open"]
    assert drafted([film], [CaptionState("第一讲", 12, is_estimated=True)]) == ["done", "done", "optional", "open"]
    assert drafted([film], [written]) == ["done", "done", "done", "open"]
    assert drafted([ItemState("讲义", "ready", "document")], []) == ["done", "done", "done", "open"]
    for state, last in (("submitted", "waiting"), ("approved", "open"), ("published", "done")):
        assert drafted([film], [written], state)[-1] == last


@given(STATES, ITEMS, st.lists(CAPTIONS, max_size=3), st.sampled_from(["", "题"]), st.sampled_from(["", "简介"]))
def test_a_step_that_is_not_done_says_why_and_one_stands_at_one_of_them(
    state: VersionState, items: list[ItemState], captions: list[CaptionState], title: str, summary: str
) -> None:
    steps = plan_steps(state, title=title, summary=summary, items=items, captions=captions)
    assert [step.name for step in steps] == [*CourseStepName]
    for step in steps:
        assert bool(step.wants) == (step.standing != StepStanding.DONE) or step.standing == StepStanding.LATER
    assert standing_step(steps) in steps
    missing = rules.missing(title=title, summary=summary, items=items)
    assert [*steps[0].wants, *steps[1].wants] == missing, "the steps ask for what submitting asks for"
    if state in {VersionState.DRAFT, VersionState.RETURNED}:
        assert (steps[-1].standing == StepStanding.OPEN) == (not missing)


@pytest.mark.parametrize(
    ("playing_ms", "pages", "minutes"),
    [(480_000, 0, 8), (20_000, 0, 1), (0, 5, 20), (0, 30, 60), (600_000, 4, 18), (0, 0, 20), (10**9, 0, 600)],
)
def test_credit_follows_the_length(playing_ms: int, pages: int, minutes: int) -> None:
    assert rules.propose_credit(playing_ms, pages) == minutes


@given(st.integers(0, 10**8), st.integers(0, 400), st.integers(0, 10**7), st.integers(0, 50))
def test_a_longer_film_never_gives_less(playing_ms: int, pages: int, more_ms: int, more_pages: int) -> None:
    less = rules.propose_credit(playing_ms, pages)
    assert 0 < less <= rules.CREDIT_MOST
    if playing_ms:
        assert rules.propose_credit(playing_ms + more_ms, pages + more_pages) >= less


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_a_typed_moment_is_read(hours: int, minutes: int, seconds: int) -> None:
    want = ((hours * 60 + minutes) * 60 + seconds) * 1000
    assert rules.read_moment(f" {hours}:{minutes:02d}：{seconds:02d}") == want
    assert rules.read_moment(f"{minutes}:{seconds}") == (minutes * 60 + seconds) * 1000


@given(st.text(max_size=30))
def test_whatever_is_typed_for_a_place_is_read_or_refused(text: str) -> None:
    moment, page = rules.read_moment(text), rules.read_page(text)
    assert moment is None or moment >= 0
    assert page is None or page >= 1
