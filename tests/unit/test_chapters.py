"""Chapters as trainers type them and as files carry them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media.models import Chapter
from academy.media.transcripts import chapters

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("0:00 开场\n12:30 第二部分", [(0, "开场"), (750_000, "第二部分")]),
        ("12:30 后\n\n0:00　前", [(0, "前"), (750_000, "后")]),
        ("1:02：03 - 尾声", [(3_723_000, "尾声")]),
        ("75:00 按分钟写", [(4_500_000, "按分钟写")]),
        ("  ", []),
        ("0:05 <b>粗</b>\u202e体", [(5_000, "粗体")]),
    ],
)
def test_lines_become_chapters_in_order_of_time(text: str, pairs: list[tuple[int, str]]) -> None:
    assert chapters.parse_chapters(text, 2 * HOUR) == pairs


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("开场", "第 1 行：请写成"),
        ("0:00 好\n9:99 坏", "第 2 行：请写成"),
        ("0:00", "第 1 行：请写成"),
        ("2:00:00 太晚", "第 1 行：时间超过"),
        ("0:10 一\n0:10 二", "第 2 行：同一时间"),
        ("\n".join(f"{n // 60}:{n % 60:02d} 第{n}章" for n in range(201)), "最多 200 章"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        chapters.parse_chapters(text, HOUR)
    assert sentence in str(caught.value.fields["chapters"])


@given(st.lists(st.tuples(st.integers(0, 3599), st.sampled_from(["开场", "A", "小结 2"])), unique_by=lambda p: p[0]))
def test_what_is_written_reads_the_same(found: list[tuple[int, str]]) -> None:
    pairs = sorted((second * 1000, title) for second, title in found)[: chapters.MOST]
    rows = [Chapter(start_ms=start, title=title) for start, title in pairs]
    assert chapters.parse_chapters(chapters.written_chapters(rows), HOUR) == pairs


def test_a_files_own_chapters_are_taken_with_care() -> None:
    def one(start: object, title: object) -> dict[str, object]:
        return {"start_time": start, "tags": {"title": title}}

    good = [one("0.000000", "开场"), one("61.5", "<script>alert(1)</script>正题")]
    bad = [one("nan", "x"), one("-3", "x"), one("99999", "x"), {"start_time": "3"}, one("inf", "x"), one(None, "x")]
    assert chapters.inside({"chapters": good + bad}, HOUR) == [(0, "开场"), (61_500, "alert(1)正题")]
    assert chapters.inside({"chapters": good[:1]}, HOUR) == []
    assert chapters.inside({}, HOUR) == []


@pytest.mark.parametrize("start_ms", [0, 500, 10_000, 100_000])
def test_chapters_of_a_file_that_begins_late_are_counted_from_the_lectures_start(start_ms: int) -> None:
    def told(*starts: int) -> dict[str, object]:
        chosen = zip(starts, "甲乙丙丁", strict=False)
        return {"chapters": [{"start_time": str(at / 1000), "tags": {"title": title}} for at, title in chosen]}

    moved = told(start_ms, start_ms + 20_000, start_ms + HOUR - 1, start_ms + HOUR)
    assert chapters.inside(moved, HOUR, start_ms) == [(0, "甲"), (20_000, "乙"), (HOUR - 1, "丙")]
    if start_ms:
        before = told(0, start_ms - 1, start_ms + 7_000)
        assert chapters.inside(before, HOUR, start_ms) == [(0, "乙"), (7_000, "丙")]
        # Streams that were moved by a copy, chapters that were not.
        assert chapters.inside(told(0, start_ms // 2), HOUR, start_ms) == [(0, "甲"), (start_ms // 2, "乙")]
