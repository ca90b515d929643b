"""What post a position is, by every combination of what registers write before and after it."""

import itertools
import time

import pytest

from academy.people.position_names import post_of

BODIES = (
    "",
    "党支部",
    "支部",
    "村党支部",
    "社区党总支",
    "机关党委",
    "党工委",
    "党组",
    "集团党委",
    "前进村党支部",
    "原平市委",
)
HELD_BEFORE = ("", "代理", "代")
NOT_HELD_BEFORE = ("原", "原任", "前任", "曾任", "拟任", "候任", "离任", "退休")
HELD_AFTER = ("", "（兼）", "(兼)", "（主持工作）", "（代理）", "兼主任", "、主任", "主任一肩挑", "，村委会主任", " ")
NOT_HELD_AFTER = (
    "（离任）",
    "（原）",
    "(2020年离任)",
    "（拟任）",
    "（2018-2021）",
    "助理",
    "秘书",
    "员",
    "候选人",
    "人选",
    "办公室主任",
)
OTHER_BODIES = (
    "团委",
    "团支部",
    "团总支",
    "共青团",
    "县团委",
    "集团团委",
    "工会",
    "妇联",
    "纪委",
    "纪检",
    "县纪委",
    "政法委",
)


@pytest.mark.parametrize(("word", "post"), [("书记", "secretary"), ("副书记", "deputy"), ("支书", "secretary")])
def test_who_holds_an_office_holds_it_however_it_is_written(word: str, post: str) -> None:
    for body, before, after in itertools.product(BODIES, HELD_BEFORE, HELD_AFTER):
        if word == "支书" and body not in ("", "村党支部"):
            continue
        position = f"{body}{before}{word}{after}"
        assert post_of(position) == post, position


def test_who_held_it_is_to_hold_it_or_helps_holds_none() -> None:
    for body in BODIES[:8]:
        for before in NOT_HELD_BEFORE:
            assert post_of(f"{before}{body}书记") == "other", (before, body)
        for after in NOT_HELD_AFTER:
            assert post_of(f"{body}书记{after}") == "other", (body, after)


def test_other_bodies_have_secretaries_of_their_own() -> None:
    for body, word in itertools.product(OTHER_BODIES, ("书记", "副书记", "委员")):
        if (body, word) != ("纪检", "委员"):
            assert post_of(f"{body}{word}") == "other", (body, word)
        assert post_of(f"党支部书记、{body}{word}") == "secretary", "the highest office counts"
        assert post_of(f"党委副书记，{body}{word}") == "deputy"
        assert post_of(f"党委委员（兼{body}{word}）") == "committee"


@pytest.mark.parametrize(
    ("position", "post"),
    [
        ("驻村第一书记", "other"),
        ("党支部第一书记", "other"),
        ("第一书记兼党支部书记", "secretary"),
        ("组织委员", "committee"),
        ("纪检委员", "committee"),
        ("支委", "committee"),
        ("村民委员会主任", "other"),
        ("政协委员", "other"),
        ("党员", "other"),
        ("原组织委员、现党支部书记", "secretary"),
        ("村党支部书记助理", "other"),
        ("原党支部书记（2020年离任）", "other"),
    ],
)
def test_examples(position: str, post: str) -> None:
    assert post_of(position) == post


def test_a_long_position_takes_no_longer_than_in_proportion() -> None:
    def spent(text: str) -> float:
        began = time.process_time()
        post_of(text)
        return time.process_time() - began

    for piece in ("（", "副", "书记", "原", "（原）", "、", "-2020"):
        assert spent(piece * 100_000) < 1
