"""What passes between the jailed reader of sheets and the check: whole when it is true, refused when it is not."""

import copy
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.i18n import Message, msg
from academy.roster import sheet_frames
from academy.roster.sheet_frames import HEAD, Untrue
from academy.roster.sheet_table import LONGEST_CELL, SheetTable, batched

CELLS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["", "\x7f", "\x1f", "\n", '"']
)


def sent(table: SheetTable) -> list[tuple[str, list[Any]]]:
    """The frames of a table, as they arrive."""
    stream = io.BytesIO(b"".join(sheet_frames.frames_of(table)))
    found = []
    while head := stream.read(HEAD.size):
        found.append(sheet_frames.unpacked(stream.read(HEAD.unpack(head)[0])))
    return found


def table_of(rows: list[list[str]]) -> SheetTable:
    table = SheetTable(["编号", "姓名"], iter(enumerate(rows, 2)), len(rows), frozenset({(3, 1)}))
    table.read_from = [
        msg("读的是工作表“%(sheet)s”%(hidden)s，第 %(line)s 行是表头。", sheet="甲", hidden=msg("（隐藏）"), line=1)
    ]
    return table


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=20))
def test_a_table_arrives_as_it_was_sent(rows: list[list[str]]) -> None:
    (kind, what), *others, (end, lines) = sent(table_of(rows))
    found = sheet_frames.unpacked_table(what)
    assert (kind, end) == ("table", "end")
    assert (found.header, found.total, found.formulas) == (["编号", "姓名"], len(rows), frozenset({(3, 1)}))
    assert str(found.read_from[0]) == "读的是工作表“甲”（隐藏），第 1 行是表头。"
    assert sheet_frames.unpacked_lines(lines) == (0, 0, 0, 0)
    arrived: list[list[str]] = []
    for _, part in others:
        batch, _ = sheet_frames.unpacked_rows(part, len(arrived) + 1)
        arrived += [row for _, row in batch.rows()]
    wide = max(map(len, rows), default=0)
    assert arrived == [[cell.replace("\x7f", "\x1e") for cell in row] + [""] * (wide - len(row)) for row in rows]


def test_rows_that_are_too_many_for_one_frame_go_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_frames, "MOST_FRAME", 400)
    table = table_of([["A" * 50, str(n)] for n in range(40)])
    table.faults = {line: msg("这一行的引号不成对。") for line in (2, 7, 41)}
    faults: dict[int, Message] = {}
    count = line = 0
    frames = sent(table)
    for _, part in frames[1:-1]:
        batch, told = sheet_frames.unpacked_rows(part, line)
        line, count, faults = batch.lines[-1], count + len(batch.lines), faults | told
    assert (count, line, len(frames) > 8) == (40, 41, True)
    assert {at: str(fault) for at, fault in faults.items()} == dict.fromkeys((2, 7, 41), "这一行的引号不成对。")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TRUE = {
    "table": ["table", ["编号"], 1, [[2, 0]], [{"text": "第 %(line)s 行是表头。", "params": {"line": 1}}]],
    "rows": ["rows", [2, 3], ["A\x7fB", "甲\x7f乙"], {"3": {"text": "坏", "params": {}}}],
    "end": ["end", 0, 2, 0, 0],
}


def replaced(value: Any, lot: Any, other: Any) -> Any:
    """The same with another thing somewhere in it."""
    value = copy.deepcopy(value)
    here = value
    while True:
        places = list(here) if isinstance(here, dict) else list(range(len(here)))
        place = lot.draw(st.sampled_from(places))
        if isinstance(here[place], list | dict) and here[place] and lot.draw(st.booleans()):
            here = here[place]
        else:
            here[place] = other
            return value


@given(st.sampled_from(list(TRUE)), st.data(), JSON)
def test_anything_else_is_refused_or_as_plain_as_what_is_true(kind: str, lot: Any, other: Any) -> None:
    body = json.dumps(replaced(TRUE[kind], lot, other)).encode()
    try:
        _, what = sheet_frames.unpacked(body)
        if kind == "table":
            table = sheet_frames.unpacked_table(what)
            assert all(type(cell) is str for cell in table.header)
            assert all(isinstance(str(note), str) for note in table.read_from)
        elif kind == "rows":
            batch, faults = sheet_frames.unpacked_rows(what, 1)
            assert all(
                type(cell) is str and len(cell) <= LONGEST_CELL + 1 for column in batch.columns for cell in column
            )
            assert {len(column) for column in batch.columns} == {len(batch.lines)}
            assert list(batch.lines) == sorted(set(batch.lines)) and batch.lines[0] > 1
            assert all(len(str(fault)) < 5000 for fault in faults.values())
        else:
            assert min(sheet_frames.unpacked_lines(what)) >= 0
    except Untrue:
        return


def test_rows_that_end_early_are_filled_up() -> None:
    (batch,) = batched(iter([(2, ["a"]), (5, ["b", "c"])]))
    assert list(batch.rows()) == [(2, ["a", ""]), (5, ["b", "c"])]
    assert batch.row(1) == ["b", "c"]
