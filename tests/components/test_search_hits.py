"""Hits inside a lecture: the exact sentence first, and nothing that shares one character only; on both indexes."""

import dataclasses
import random
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.core.actor import NOBODY
from academy.core.runtime import Runtime
from academy.library.models import CourseItem
from academy.search import service
from academy.search.literal import Literal, LiteralText
from academy.search.results import Sentence
from academy.search.text import is_han
from tests.components import search_city as city
from tests.support.shortcuts import drain

WORDS = [
    "信访",
    "条例",
    "脱贫攻坚",
    "零售业",
    "合作社",
    "党员",
    "书记",
    "基层治理",
    "乡村振兴",
    "茶叶",
    "大桥",
    "年轻人",
]
CHARACTERS = [*"的了是在不大年人会学书党村基桥信"]
NUMBERS = ["20大", "二〇二六年", "第12条", "3.5%", "1200人", "八项规定", "第一书记", "120所大学", "2026年", "12026户"]
LATIN = ["WiFi", "Wi-Fi", "A股", "5G基站", "C++语言", "AI", "said", "access", "accessible", "IT", "COVID-19"]
ENGLISH = ["open access", "a right to learn", "it is said", "said it again", "learning for all", "the fair village"]
SIGNS = ["，", "、", "：", " ", "—", ""]
LINES = 14


def sentence(draw: random.Random) -> str:
    """A line of words of every kind."""
    kinds = [WORDS, WORDS, CHARACTERS, draw.choice([NUMBERS, LATIN, ENGLISH])]
    parts = [draw.choice(draw.choice(kinds)) + draw.choice(SIGNS) for _ in range(draw.randrange(2, 6))]
    return "".join(parts).strip() + draw.choice("。！？")


def question(draw: random.Random, lines: list[str]) -> str:
    """What somebody may type: words of one kind or several, or parts of lines, in any order."""
    part = draw.choice(lines)
    start = draw.randrange(len(part))
    kinds = [WORDS, CHARACTERS, NUMBERS, LATIN, ENGLISH, [part[start : start + draw.randrange(2, 9)]]]
    chosen = [draw.choice(draw.choice(kinds)) for _ in range(draw.randrange(1, 4))]
    return draw.choice(["", " "]).join(chosen)


@pytest.fixture
def library(runtime: Runtime, database_kind: str) -> Iterator[Runtime]:
    """An academy that searches with the index of its database."""
    kind = "whoosh" if database_kind == "sqlite" else "postgresql"
    yield dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, search_backend=kind))


@pytest.fixture
def lectures(library: Runtime) -> dict[int, list[str]]:
    """Lectures, and one document, by course."""
    draw = random.Random(4)
    made: dict[int, list[str]] = {}
    with library.db.begin() as tx:
        for number in range(6):
            lines = [sentence(draw) for _ in range(LINES)]
            title = f"讲座{number}"
            course = city.document(tx, title, ["\n".join(lines)]) if not number else city.lecture(tx, title, lines)
            made[course.id] = lines
    drain(library)
    return made


def items(library: Runtime) -> dict[int, int]:
    """The one item of each course."""
    with library.db.read() as tx:
        return dict(tx.execute(select(CourseItem.course_id, CourseItem.id)).all())


def shares(typed: str, line: str) -> bool:
    """Whether a line shares more than one character with what was typed: two Chinese characters, a whole number,
    or a Latin word by its beginning; or all that was typed."""
    asked, said = LiteralText(typed), LiteralText(line)
    if said.holds(Literal(typed)):
        return True
    han = {c for c in asked.plain if is_han(c)}
    if len(han & {*said.plain}) > 1 or len(asked.plain) < 2:
        return True
    tokens, there = (re.findall("[0-9a-z]+", text.normal) for text in (asked, said))
    there += re.findall("[0-9a-z]+", said.plain)
    for one in (token for token in tokens if len(token) > 1):
        if any(other == one if one.isdigit() else other.startswith(one) for other in there):
            return True
    return any(said.holds(Literal(run)) for run in typed.split() if len(Literal(run).plain) > 1)


def shown(library: Runtime, typed: str) -> Iterator[tuple[int, list[Sentence]]]:
    """The sentences that the page of results shows, by course."""
    for row in service.search_lectures(library, NOBODY, typed, literally=True).page.rows:
        yield row.course_id, row.sentences


@pytest.mark.thorough
def test_the_exact_sentence_stands_first(library: Runtime, lectures: dict[int, list[str]]) -> None:
    own = items(library)
    for course_id, lines in lectures.items():
        for line in lines[::4]:
            for typed in (line, line.rstrip("。！？").upper()):
                same = {other for other in lines if LiteralText(other).plain == LiteralText(line).plain}
                assert service.search_item(library, own[course_id], typed)[0].text.plain in same, typed
                first = dict(shown(library, typed))[course_id][0]
                assert first.text.plain in same, (typed, first)


@pytest.mark.thorough
def test_what_has_all_that_was_typed_stands_before_what_has_not(
    library: Runtime, lectures: dict[int, list[str]]
) -> None:
    draw, own = random.Random(5), items(library)
    for _ in range(60):
        course_id = draw.choice([*lectures])
        typed = question(draw, lectures[course_id])
        found = [LiteralText(hit.text.plain) for hit in service.search_item(library, own[course_id], typed)]
        whole = Literal(typed)
        runs = [Literal(run) for run in typed.split()]
        for sought in ([whole], runs):
            having = [all(text.holds(one) for one in sought) for text in found]
            # What goes over the end of a line stands where it begins.
            if sum(having) >= LiteralText("\n".join(lectures[course_id])).count(whole):
                assert having == sorted(having, reverse=True), (typed, [text.normal for text in found])
            missed = [line for line in lectures[course_id] if all(LiteralText(line).holds(one) for one in sought)]
            assert {LiteralText(line).plain for line in missed} <= {text.plain for text in found} or not whole.plain, (
                typed
            )


@pytest.mark.thorough
def test_no_hit_shares_one_character_only(library: Runtime, lectures: dict[int, list[str]]) -> None:
    draw, own = random.Random(6), items(library)
    for number in range(60):
        course_id = draw.choice([*lectures])
        lines = lectures[course_id]
        typed = question(draw, lines)
        for hit in service.search_item(library, own[course_id], typed):
            near = "".join(lines[hit.seq : hit.seq + 2])  # what goes over the end of a line
            assert shares(typed, hit.text.plain) or LiteralText(near).holds(Literal(typed)), (typed, hit.text.plain)
        if number % 5 == 0:
            for course, sentences in shown(library, typed):
                for hit in sentences:
                    near = "".join(lectures[course][hit.seq : hit.seq + 2])
                    assert shares(typed, hit.text.plain) or LiteralText(near).holds(Literal(typed)), (
                        typed,
                        hit.text.plain,
                    )
