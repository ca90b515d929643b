"""What was said is found, at its second; what may not be seen is not there."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import NOBODY, SYSTEM, Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning.models import Completion
from academy.library.models import Course, CourseVersion
from academy.search import dictionary, queries, retrieval, service
from academy.search.backends.interface import Found
from academy.search.backends.selection import search_backend
from academy.search.indexing import refresh
from academy.search.results import Results, SearchFilters
from tests.components import search_city as city
from tests.support import factories, shelf
from tests.support.shortcuts import drain

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])

POVERTY = [
    "同志们好，今天我们讲乡村振兴。",
    "先说产业兴旺，这是解决农村一切问题的前提。",
    "我们村从前靠种玉米，一年下来挣不了几个钱。",
    "后来办起了茶叶合作社，家家户户入了股。",
    "合作社的章程写得明明白白，账目每月公开。",
    "再说生态宜居，垃圾分类要从娃娃抓起。",
]
DISCIPLINE = [
    "这一课讲中央八项规定精神。",
    "公款吃喝看似小事，其实是作风问题的突破口。",
    "党员干部要管住自己的嘴，管住自己的手。",
    "监督执纪四种形态，第一种是红红脸、出出汗。",
]


def find(runtime: Runtime, text: str, **filters: object) -> Results:
    return service.search_lectures(runtime, NOBODY, text, SearchFilters(**filters))  # type: ignore[arg-type]


def named(tx: Tx, title: str) -> Course:
    return tx.scalars(select(Course).join(Course.published).where(CourseVersion.title == title)).one()


def titles(results: Results) -> list[str]:
    return [row.title.plain for row in results.page.rows]


@pytest.fixture
def library(runtime: Runtime, database_kind: str) -> Runtime:
    """The same tests on both indexes: Whoosh beside SQLite, PostgreSQL's own beside its rows."""
    kind = "whoosh" if database_kind == "sqlite" else "postgresql"
    runtime = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, search_backend=kind))
    with runtime.db.begin() as tx:
        city.lecture(tx, "乡村振兴怎么干", POVERTY, by="王大山", shelf="乡村振兴")
        city.lecture(tx, "作风建设永远在路上", DISCIPLINE, by="李小河", shelf="纪律教育", summary="锲而不舍落实规定")
    drain(runtime)
    return runtime


def test_what_was_said_is_found_at_its_second(library: Runtime) -> None:
    found = find(library, "茶叶合作社")
    assert titles(found) == ["乡村振兴怎么干"]
    lecture = found.page.rows[0]
    best = [s for s in lecture.sentences if "茶叶" in s.text.plain]
    assert [s.second for s in best] == [15]
    assert ("茶叶", True) in best[0].text.pieces or any("茶叶" in t for t, hit in best[0].text.pieces if hit)
    assert lecture.timelines[0].hits == [15_000, 20_000]


@ONE_KIND
def test_a_members_filter_knows_the_newest_version_completed(library: Runtime) -> None:
    with library.db.begin() as tx:
        member = factories.member(tx, factories.organisation(tx))
        course = named(tx, "乡村振兴怎么干")
        shelf.change_version(tx, course, content_number=2)
        tx.add(Completion(member_id=member.id, course_id=course.id, course_version=1))
    reader = Actor(member_id=member.id)

    def finished(answer: str) -> list[str]:
        return titles(service.search_lectures(library, reader, "问题", SearchFilters(finished=answer)))

    both = {"乡村振兴怎么干", "作风建设永远在路上"}
    assert (finished("yes"), set(finished("no"))) == ([], both), "the present version is still to be completed"
    with library.db.begin() as tx:
        tx.add(Completion(member_id=member.id, course_id=course.id, course_version=2))
    assert (finished("yes"), finished("no")) == (["乡村振兴怎么干"], ["作风建设永远在路上"])


@ONE_KIND
@pytest.mark.parametrize(
    "text",
    [
        "王大山",
        "乡村振兴",
        "產業興旺",
        "ＰＰＰ 茶叶",
        "“解决农村一切问题”",
        "垃圾 娃娃",
        "种玉米 合作社",
        "王大山 玉米",
    ],
)
def test_every_way_of_asking(library: Runtime, text: str) -> None:
    assert titles(find(library, text))[0] == "乡村振兴怎么干"


def test_names_and_summaries_are_found(library: Runtime) -> None:
    assert titles(find(library, "李小河")) == ["作风建设永远在路上"]
    assert titles(find(library, "锲而不舍")) == ["作风建设永远在路上"]


def test_a_quoted_phrase_is_exact(library: Runtime) -> None:
    assert titles(find(library, "“家家户户入了股”"))
    assert not titles(find(library, "“家家户户入股”"))
    assert titles(find(library, "“入了股合作社的章程”")), "a phrase may go on in the next line"


def test_a_phrase_inside_a_question_helps_and_never_hides(library: Runtime) -> None:
    exact = find(library, "“家家户户入了股”是在哪一年发生的")
    assert titles(exact) == ["乡村振兴怎么干"] and exact.relaxed
    misquoted = find(library, "“家家户户入股”的茶叶合作社在哪里")
    assert titles(misquoted)[0] == "乡村振兴怎么干" and misquoted.relaxed
    assert titles(find(library, "“乡村振兴怎么干”")) == ["乡村振兴怎么干"], "a title in quotation marks"


def test_a_phrase_of_latin_words_is_found(library: Runtime) -> None:
    with library.db.begin() as tx:
        city.lecture(tx, "网络课", ["现在开始用 Wi-Fi 6 和 IPv6 上网。"])
    drain(library)
    assert titles(find(library, "“wi-fi 6”")) == ["网络课"]
    assert not titles(find(library, "“6 wi-fi”"))


@pytest.mark.thorough
def test_a_phrase_said_in_more_lectures_than_are_read_again_is_still_exact(
    library: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "MOST_VERIFIED", most := 15)
    with library.db.begin() as tx:
        for number in range(most + 20):
            city.lecture(tx, f"{number}号课", ["水渠修到了家门口。" if number != 3 else "水渠，渠修，修到，到了了家。"])
    drain(library)
    found = find(library, "“水渠修到了家门口”")
    assert found.page.total in range(most + 19, most + 21)
    last = service.search_lectures(library, NOBODY, "“水渠修到了家门口”", SearchFilters(), 99)
    assert "3号课" not in titles(last) and last.page.rows


@pytest.mark.thorough
def test_a_quoted_word_stands_before_longer_words_that_more_lectures_have_than_are_read_again(
    library: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "MOST_VERIFIED", most := 8)
    with library.db.begin() as tx:
        said = ["档头是MZ两字。", "Open access for all."]
        city.lecture(tx, "早先的课", said)
        for number in range(most + 8):
            city.lecture(tx, f"{number}号课", ["From zero to reopen accessible doors.", "说了又说。"])
    drain(library)
    for typed in ("“MZ”", "档的「mz」是什么来历", "“open access”"):
        found = find(library, typed)
        assert titles(found)[0] == "早先的课" and found.page.total > most, typed


def test_a_withdrawn_course_vanishes_before_the_index_knows(library: Runtime) -> None:
    with library.db.begin() as tx:
        course = named(tx, "乡村振兴怎么干")
        city.withdraw(tx, course)
    found = find(library, "茶叶合作社")
    assert not found.page.rows and not found.page.total
    assert all(not facet.choices for facet in found.facets)
    drain(library)
    assert not find(library, "茶叶合作社").page.rows


def test_changed_lines_are_found_and_old_ones_are_not(library: Runtime) -> None:
    with library.db.begin() as tx:
        course = named(tx, "乡村振兴怎么干")
        city.resay(tx, course, ["今天改讲数字乡村。"])
    drain(library)
    assert titles(find(library, "数字")) == ["乡村振兴怎么干"]
    assert not titles(find(library, "玉米"))


def test_filters_count_what_they_would_leave(library: Runtime) -> None:
    found = find(library, "农村 规定")
    assert found.relaxed and found.page.total == 2
    shelves = {choice.label: choice for choice in next(f for f in found.facets if f.name == "category").choices}
    assert {str(label): choice.count for label, choice in shelves.items()} == {"乡村振兴": 1, "纪律教育": 1}
    chosen = find(library, "农村 规定", category=int(shelves["纪律教育"].value))
    assert titles(chosen) == ["作风建设永远在路上"]


@ONE_KIND
@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\0", "AND", "a OR", "* ?", "(((", '"', "“”", "“", "😀", "＊　ＡＮＤ", "^.*$", "-x", "w:1", "的",
        "啊" * 10_000, "党" * 5 + "\0" + "建", "<script>alert(1)</script>", "\ud800", "a" * 10_000, "1" * 5000,
        "NOT 党", "党 AND", "%_%",
    ],
)  # fmt: skip
def test_whatever_is_typed_gets_an_answer(library: Runtime, text: str) -> None:
    found = find(library, text)
    assert found.page.total >= 0


@pytest.mark.parametrize("text", ["chaye", "cha ye", "chayehezuoshe", "Cha'Ye hezuoshe", "CHAYE"])
def test_pinyin_is_read_as_words(library: Runtime, text: str) -> None:
    found = find(library, text)
    assert titles(found) == ["乡村振兴怎么干"]
    assert "茶叶" in found.meant.replace(" ", "")


@pytest.mark.parametrize(("typed", "meant"), [("查叶", "茶叶"), ("和作社", "合作社"), ("产业星旺", "产业兴旺")])
def test_a_wrong_character_that_sounds_right_is_mended_and_said(library: Runtime, typed: str, meant: str) -> None:
    found = find(library, typed)
    assert titles(found) == ["乡村振兴怎么干"] and found.meant == meant
    assert service.search_lectures(library, NOBODY, typed, literally=True).meant == ""


@pytest.mark.parametrize("typed", ["水渠的建立者是谁", "茶叶的外形是怎样的", "大桥有哪些特点", "修路的方法是什么"])
def test_a_sentence_is_not_read_as_another_that_asks_for_less(library: Runtime, typed: str) -> None:
    with library.db.begin() as tx:
        city.lecture(tx, "说法", ["水渠是先人建立的。", "茶叶又香又甜。", "大桥很长。", "修路的人。"])
        city.lecture(tx, "别的", ["这是那些事。", "形式是这样。", "外行使用方法十分多，特点和外形也多。"])
    drain(library)
    assert not find(library, typed).meant


def test_where_no_reading_has_everything_the_best_ones_take_turns_with_what_was_typed(library: Runtime) -> None:
    """Nobody knows which word is wrong: a lecture that says the words as typed stays beside what was perhaps meant."""
    with library.db.begin() as tx:
        city.lecture(tx, "水库边的茶山", ["春天采茶叶，夏天守水库。"])
        city.lecture(tx, "夜里的岗哨", ["查夜的人提着灯。"])
    drain(library)
    found = find(library, "查夜 水库 果园")
    assert found.meant == "茶叶 水库 果园"
    assert titles(found)[0] == "水库边的茶山" and "夜里的岗哨" in titles(found)[1:4]
    assert found.page.total == len(titles(found)) == len(set(titles(found)))
    assert "夜里的岗哨" not in titles(find(library, "茶叶 水库 果园")), "it is there for what was typed"
    as_typed = service.search_lectures(library, NOBODY, "查夜 水库 果园", literally=True)
    assert not as_typed.meant and set(titles(as_typed)) <= set(titles(found))


def test_nothing_found_offers_what_the_library_has(library: Runtime) -> None:
    found = find(library, "“茶叶博物馆”")
    assert not found.page.rows and "茶叶" in found.near


def test_a_lecture_replaced_while_it_is_searched_shows_only_what_is_true(
    library: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the index's answer and the tables' lines: the captions are edited, then the course is withdrawn."""
    index = search_backend(library)
    answer = index.search

    def meanwhile(do: Callable[[Tx, Course], None]) -> Results:
        def search(*args: Any) -> Found:
            found = answer(*args)
            assert found.hits, "the index has not heard of it yet"
            with library.db.begin() as tx:
                do(tx, named(tx, "乡村振兴怎么干"))
            return found

        monkeypatch.setattr(index, "search", search)
        return find(library, "茶叶")

    edited = meanwhile(lambda tx, course: city.resay(tx, course, ["现在只说水库。"]))
    assert not any("茶叶" in sentence.text.plain for row in edited.page.rows for sentence in row.sentences)
    withdrawn = meanwhile(city.withdraw)
    assert titles(withdrawn) == []


@pytest.mark.parametrize("change", ["edited", "withdrawn", "published"])
def test_of_two_workers_the_one_that_read_earlier_does_not_leave_the_older_text(
    library: Runtime, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Between the first one's look at the tables and its writing a second one reads and writes the newer text."""
    index = search_backend(library)
    with library.db.begin() as tx:
        course = named(tx, "乡村振兴怎么干")
        if change == "published":
            city.withdraw(tx, course)
    write, delete, begun = index.index_lecture, index.delete_lecture, [False]

    def second_worker() -> None:
        if begun[0]:
            return
        begun[0] = True
        with library.db.begin() as tx:
            again = tx.get_one(Course, course.id)
            if change == "edited":
                city.resay(tx, again, ["现在只说水库。"])
            else:
                again.withdrawn_at = clock.now() if change == "withdrawn" else None
        refresh(library, course.id)

    monkeypatch.setattr(index, "index_lecture", lambda *args: (second_worker(), write(*args)))
    monkeypatch.setattr(index, "delete_lecture", lambda *args: (second_worker(), delete(*args)))
    refresh(library, course.id)
    assert begun[0]
    with library.db.read() as tx:
        wanted = {one.lecture_id: one.digest() for one in queries.lectures(tx, [course.id])}
    assert {key: value for key, value in index.inventory().items() if key == course.id} == wanted
    assert (course.id in wanted) is (change != "withdrawn")


def test_a_page_of_a_document_is_found_by_what_is_written_on_it(library: Runtime) -> None:
    with library.db.begin() as tx:
        city.document(tx, "条例选读", ["第一条 总则。", "水库移民按本条例安置。\n另有规定的除外。", "水库由乡镇看护。"])
    drain(library)
    found = find(library, "水库移民")
    row = found.page.rows[0]
    assert (titles(found), row.sentences[0].page) == (["条例选读"], 2)
    assert "<mark>" not in row.sentences[0].text.plain and row.sentences[0].text.plain.startswith("水库移民")
    line = row.timelines[0]
    assert (line.pages, line.hits, [line.place(hit) for hit in line.hits]) == (3, [2, 3], [333, 666])
    assert titles(find(library, "“水库移民按本条例安置”")) == ["条例选读"]
    with library.db.begin() as tx:
        dictionary.add_dictionary_term(tx, SYSTEM, "水库移民")
    drain(library)
    assert titles(find(library, "水库移民")) == ["条例选读"]
