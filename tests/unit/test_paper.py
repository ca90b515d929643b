"""A document's pages become lines that can be searched and shown."""

import itertools

from academy.search.document_lines import LONGEST, page_lines
from academy.search.lectures import LecturePart, windows

WRAPPED = "乡村振兴战略坚持党管农村工作，坚持农业农村优\n先发展，坚持农民主体地位。\n第二条 本法自公布之日起施行。"
SLIDE = "五个振兴\n产业振兴\n人才振兴\n文化振兴"


def test_rows_that_the_margin_broke_are_one_sentence_and_items_stay_apart() -> None:
    lines = page_lines([(1, WRAPPED), (2, SLIDE)])
    assert [line.text for line in lines[:2]] == [
        "乡村振兴战略坚持党管农村工作，坚持农业农村优先发展，坚持农民主体地位。",
        "第二条 本法自公布之日起施行。",
    ]
    assert [line.page for line in lines] == [1, 1, *[2] * (len(lines) - 2)]


def test_lines_are_numbered_through_and_times_run_on() -> None:
    lines = page_lines([(1, "一。二。"), (2, ""), (3, "三" * 300)])
    assert [line.seq for line in lines] == list(range(len(lines)))
    assert all(a.end_ms == b.start_ms for a, b in itertools.pairwise(lines))
    assert max(len(line.text) for line in lines) == LONGEST
    assert page_lines([]) == [] and page_lines([(1, " \n ")]) == []


def test_a_window_ends_with_its_page() -> None:
    lines = page_lines([(1, "茶叶合作社。"), (2, "水库移民。")])
    assert [(w.first, w.last, w.text) for w in windows(LecturePart(1, "", lines))] == [
        (0, 0, "茶叶合作社。"),
        (1, 1, "水库移民。"),
    ]
