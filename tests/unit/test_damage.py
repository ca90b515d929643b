"""Damage that ffmpeg reports while it decodes, whichever of its threads notices."""

import itertools

import pytest

from academy.core.errors import Invalid
from academy.media.transcoding.encode import Damage, refuse_if_damaged

FLAGGED = "x.mp4: corrupt decoded frame in stream 0"


def lost_blocks(decoder: str) -> list[str]:
    return [f"[h264 @ {decoder}] Reference 2 >= 2", f"[h264 @ {decoder}] error while decoding MB 11 8, bytestream 686"]


def counted(lines: list[str]) -> int:
    damage = Damage()
    for line in lines:
        damage.on_log(line)
    return damage.count


def test_a_picture_counts_once_whether_or_not_its_flag_was_seen() -> None:
    assert counted(lost_blocks("0x1a")) == counted([*lost_blocks("0x1a"), FLAGGED]) == counted([FLAGGED]) == 1


def test_several_lines_about_one_picture_are_one_damage_and_two_threads_are_two() -> None:
    one = [f"[mpeg4 @ 0x1a] Error at MB: {number}" for number in (7, 8, 9)]
    assert counted(one) == 1
    assert counted([*lost_blocks("0x1a"), *lost_blocks("0x2b")]) == 2


@pytest.mark.parametrize("order", list(itertools.permutations([*lost_blocks("0x1a"), FLAGGED])))
def test_the_order_of_the_lines_does_not_matter(order: tuple[str, ...]) -> None:
    assert counted(list(order)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "[h264 @ 0x1a] Missing reference picture, default is 65530",
        "[h264 @ 0x1a] mmco: unref short failure",
        "[mov,mp4 @ 0x1a] error while decoding MB is what a title says",
        "[aac @ 0x1a] Estimating duration from bitrate",
    ],
)
def test_what_is_no_damage_is_not_counted(line: str) -> None:
    assert counted([line]) == 0


def test_a_tenth_is_too_much_but_never_three() -> None:
    refuse_if_damaged(3, 1)
    refuse_if_damaged(100, 1000)
    with pytest.raises(Invalid):
        refuse_if_damaged(101, 1000)
