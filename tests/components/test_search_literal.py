"""What literally stands in a lecture is found, whatever words it is cut into, and before what does not have it."""

import dataclasses
import random
from collections.abc import Iterator

import pytest

from academy.core.actor import NOBODY
from academy.core.runtime import Runtime
from academy.search import service
from academy.search.lectures import join
from academy.search.literal import Literal, LiteralText
from academy.search.results import Results, SearchFilters
from tests.components import search_city as city
from tests.support.shortcuts import drain

HAN = "信访工作条例脱贫攻坚战零售业合社怎样办党员网二十届中央第一书记四五八项〇三的了是在不繁體計畫"
OTHER = "ABabc019Ｗｉ"
SIGNS = "，。“”《》、 -+%.#（）"

WRITTEN = (
    ("20大", "学习二十大精神"),
    ("二十大", "学习20大精神"),
    ("2026年", "到二〇二六年底"),
    ("二〇二六年", "到2026年底"),
    ("第3章", "第三章 总则"),
    ("第三章", "第３章 总则"),
    ("第12条", "依照第十二条处理"),
    ("8项规定", "中央八项规定"),
    ("1200人", "一共一千二百人"),
    ("三点五万", "增加3.5万户"),
    ("百分之五", "不到5%的人"),
    ("WiFi", "打开Wi-Fi设置"),
    ("Wi-Fi", "打开ＷｉＦｉ设置"),
    ("COVID19", "防控COVID-19疫情"),
    ("C++", "学习C++语言"),
    ("3.5%", "增长3.5%以上"),
    ("1+1+N", "形成“1+1+N”格局"),
    ("第一书记", "驻村第一书记"),
    ("十四五", "“十四五”规划"),
    ("145规划", "“十四五”规划"),
    ("十三五", "135时期"),
    ("155", "面向十五五"),
    ("計畫", "制定计划"),
)
"""What is typed, and what a lecture says: with other numerals, widths or signs."""
QUOTES = str.maketrans("“”《》", "，，，，")
DECOY = "第121大，12027年，第33章，第112条，c语言，35%，11n，书记，四五，99项规定。"


def draw_line(draw: random.Random) -> str:
    """A line as nobody would say it: Chinese, Latin letters and digits in runs, with signs anywhere."""
    runs = []
    for _ in range(draw.randrange(2, 6)):
        kind = draw.choice([HAN, HAN, OTHER])
        runs += [draw.choice(kind) for _ in range(draw.randrange(1, 6))]
        runs += [draw.choice(SIGNS)] if draw.random() < 0.4 else []
    return "".join(runs)


@pytest.fixture
def library(runtime: Runtime, database_kind: str) -> Iterator[Runtime]:
    """Lectures, and one document, of random lines; on both indexes."""
    kind = "whoosh" if database_kind == "sqlite" else "postgresql"
    yield dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, search_backend=kind))


def fill(library: Runtime, draw: random.Random) -> dict[int, list[str]]:
    """Every text of every course: names, lines, sentences of pages."""
    texts: dict[int, list[str]] = {}
    with library.db.begin() as tx:
        for number in range(10):
            title, lines = draw_line(draw)[:40].strip() or "无题", [draw_line(draw) for _ in range(12)]
            made = city.document(tx, title, ["。\n".join(lines)]) if number == 0 else city.lecture(tx, title, lines)
            texts[made.id] = [title, *lines]
    drain(library)
    return texts


def find(library: Runtime, text: str) -> Results:
    return service.search_lectures(library, NOBODY, text, SearchFilters())


def course_ids(library: Runtime, text: str) -> tuple[list[int], Results]:
    found = find(library, text)
    ids = [row.course_id for row in found.page.rows]
    for page in range(2, -(-found.page.total // 10) + 1):
        ids += [
            row.course_id for row in service.search_lectures(library, NOBODY, text, SearchFilters(), page).page.rows
        ]
    return ids, found


@pytest.mark.thorough
def test_every_part_of_every_text_finds_its_lecture_before_those_without_it(library: Runtime) -> None:
    draw = random.Random(12)
    texts = fill(library, draw)
    plain = {course: [LiteralText(text).plain for text in own] for course, own in texts.items()}
    every = [(course, text) for course, own in texts.items() for text in own if text]
    for _ in range(40):
        course, text = draw.choice(every)
        start = draw.randrange(len(text))
        typed = text[start : start + draw.randrange(2, 7)]
        sought = Literal(typed).plain
        if not sought:
            continue
        ids, found = course_ids(library, typed)
        assert course in ids, (typed, text)
        assert not found.meant and not found.relaxed, typed
        if len(sought) > 1 and '"' not in typed:
            having = [any(sought in one for one in plain[number]) for number in ids]
            assert having == sorted(having, reverse=True), (typed, ids)


@pytest.mark.thorough
def test_a_long_part_of_a_text_finds_its_lecture_however_many_minutes_it_goes_over(library: Runtime) -> None:
    draw = random.Random(60)
    own = [draw_line(draw)[:20] for _ in range(36)]
    texts: dict[int, str] = {}
    with library.db.begin() as tx:
        for number in range(5):
            # The same lines in another order: what goes over the end of one is in one lecture only.
            lines = own if number == 2 else draw.sample(own, len(own))
            made = city.document(tx, "一", ["\n".join(lines)]) if number == 1 else city.lecture(tx, "一", lines)
            texts[made.id] = LiteralText(join(lines)).plain
    drain(library)
    for length in (14, 30, 61, 90, 140, 199):
        for _ in range(4):
            whole = join(own)
            start = draw.randrange(len(whole) - length)
            typed = whole[start : start + length].replace('"', "，")
            for asked in (typed, f"“{typed.translate(QUOTES)}”"):
                ids, found = course_ids(library, asked)
                having = [Literal(typed).plain in texts[number] for number in ids]
                holders = {number for number, text in texts.items() if Literal(typed).plain in text}
                assert holders <= {*ids} and not found.meant, asked
                assert having == sorted(having, reverse=True), (asked, ids)


@pytest.mark.thorough
def test_one_minute_that_has_it_is_found_among_many_that_have_its_pairs(library: Runtime) -> None:
    for typed in ("位应当将", "安全制定本", "群众来信访问"):
        apart = "，".join(f"{typed[n : n + 2]}不" for n in range(len(typed) - 1))
        with library.db.begin() as tx:
            decoys = [f"{n}号：{apart * (1 + n % 3)}。" for n in range(14)]
            city.lecture(tx, "没有", decoys, line_ms=60_000)
            made = city.lecture(tx, "有", [*decoys, f"后来{typed}说完。"], line_ms=60_000).id
            city.lecture(tx, "也没有", decoys, line_ms=60_000)
        drain(library)
        ids, found = course_ids(library, typed)
        assert ids[0] == made and not found.meant, (typed, ids)


@pytest.mark.thorough
def test_numbers_widths_and_signs_have_one_meaning(library: Runtime) -> None:
    with library.db.begin() as tx:
        city.lecture(tx, "别的", ["开场白。", DECOY])
        made = {
            typed: city.lecture(tx, f"课{n}号", ["开场白。", f"{other}。"]).id
            for n, (typed, other) in enumerate(WRITTEN)
        }
    drain(library)
    for typed, other in WRITTEN:
        found = find(library, typed)
        first = found.page.rows[0]
        same = {made[one] for one, said in WRITTEN if LiteralText(said).holds(Literal(typed))}
        assert first.course_id in same and made[typed] in {row.course_id for row in found.page.rows[: len(same)]}, typed
        assert not found.meant and not found.relaxed, typed
        marked = "".join(text for sentence in first.sentences for text, hit in sentence.text.pieces if hit)
        assert LiteralText(marked).holds(Literal(typed)), (typed, other, first.sentences)
