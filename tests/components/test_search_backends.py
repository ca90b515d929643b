"""What every index must do: one suite for Whoosh and for PostgreSQL."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core.runtime import Runtime
from academy.search.backends.interface import Found, SearchBackend
from academy.search.backends.postgresql.backend import PostgresBackend
from academy.search.backends.whoosh.backend import WhooshBackend
from academy.search.lectures import Lecture, LectureLine, LecturePart
from academy.search.query_parser import parse
from tests.components.search_index import SEGMENTER, ask, lecture


@pytest.fixture
def index(runtime: Runtime, database_kind: str, tmp_path: Path) -> Iterator[SearchBackend]:
    yield WhooshBackend(tmp_path / "search") if database_kind == "sqlite" else PostgresBackend(runtime.db)


def test_an_index_that_is_not_there_finds_nothing(index: SearchBackend) -> None:
    assert ask(index, "茶叶") == Found()
    assert index.suggest("茶") == [] and index.inventory() == {} and index.sounding(["cha"]) == {}
    assert not index.health().ok
    index.delete_lecture(7)


@pytest.mark.parametrize("emptied", [False, True], ids=["never filled", "emptied"])
def test_an_index_of_nothing_finds_nothing_and_is_compacted(index: SearchBackend, emptied: bool) -> None:
    """As every night before the first course is published, and after the last one is taken down."""
    if emptied:
        index.index_lecture(lecture(7, ["我们种茶叶。"]), SEGMENTER)
        index.delete_lecture(7)
    else:
        index.rebuild([], SEGMENTER)
    for _ in range(2):
        index.merge()
        assert not ask(index, "茶叶").hits and index.suggest("茶") == []
        assert index.inventory() == {} and index.sounding(["cha"]).get("cha", []) == []
        assert index.health(thorough=True).ok
    index.index_lecture(lecture(1, ["我们种茶叶。"]), SEGMENTER)
    assert ask(index, "茶叶").lectures == {1}


def test_a_lecture_is_found_replaced_and_gone(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["我们种茶叶。", "他们养鱼。"]), SEGMENTER)
    index.index_lecture(lecture(2, ["讲讲纪律。"]), SEGMENTER)
    found = ask(index, "茶叶")
    assert found.lectures == {1} and not found.relaxed
    assert [(h.lecture_id, h.item_id, h.first, h.last) for h in found.hits] == [(1, 10, 0, 1)]
    index.index_lecture(lecture(1, ["改讲水稻。"]), SEGMENTER)
    assert not ask(index, "茶叶").lectures and ask(index, "水稻").lectures == {1}
    assert set(index.inventory()) == {1, 2}
    index.delete_lecture(1)
    assert not ask(index, "水稻").lectures
    assert set(index.inventory()) == {2}
    health = index.health(thorough=True)
    assert health.ok and health.lectures == 1


def test_words_are_known_by_their_sound_through_every_commit_and_merge(index: SearchBackend) -> None:
    """The same word in two commits counts once, a word that only a lost lecture said is gone after merging."""
    index.rebuild([lecture(1, ["我们种茶叶。", "查夜的人来了。"], title="党建")], SEGMENTER)
    index.index_lecture(lecture(2, ["茶叶熟了。"]), SEGMENTER)
    assert index.sounding(["chaye", "dangjian", "chay"]) == {
        "chaye": [("茶叶", 2), ("查夜", 1)],
        "dangjian": [("党建", index.frequencies(["党建"])["党建"])],
    }
    index.delete_lecture(1)
    index.merge()
    assert index.sounding(["chaye", "dangjian"]) == {"chaye": [("茶叶", 1)]}


def test_a_commit_in_which_nothing_has_a_sound_is_one(index: SearchBackend) -> None:
    """Figures only, alone and beside a lecture with words: a commit has a list of sounds or none."""
    figures = Lecture(1, "2026", "", "", "", [LecturePart(10, "", [LectureLine(0, 0, 1000, "123 456")])])
    index.index_lecture(figures, SEGMENTER)
    assert [hit.lecture_id for hit in ask(index, "123").hits] == [1]
    index.index_lecture(lecture(2, ["秸秆怎样还田"]), SEGMENTER)
    index.rebuild([figures], SEGMENTER)
    assert [hit.lecture_id for hit in ask(index, "456").hits] == [1]


def test_a_digest_tells_what_was_indexed(index: SearchBackend) -> None:
    one = lecture(1, ["我们种茶叶。"])
    index.index_lecture(one, SEGMENTER)
    assert index.inventory() == {1: one.digest()}
    assert lecture(1, ["我们种茶树。"]).digest() != one.digest()


def test_words_a_minute_apart_meet_in_a_window_and_not_further(index: SearchBackend) -> None:
    lines = [f"第{n}句闲话。" for n in range(40)]
    lines[2], lines[9], lines[30] = "说到茶叶。", "说到水库。", "说到果园。"
    index.index_lecture(lecture(1, lines), SEGMENTER)
    assert not ask(index, "茶叶 水库").relaxed
    assert ask(index, "茶叶 果园").relaxed


def test_a_name_and_a_word_said_meet_in_the_lecture(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["我们种茶叶。"], lecturer="王大山"), SEGMENTER)
    index.index_lecture(lecture(2, ["我们种茶叶。"], lecturer="李小河"), SEGMENTER)
    found = ask(index, "王大山 茶叶")
    assert found.lectures == {1} and not found.relaxed and found.named[1] > 0


def test_the_rarest_words_decide_when_nothing_has_them_all(index: SearchBackend) -> None:
    for number in range(1, 9):
        index.index_lecture(lecture(number, ["农村工作很重要。"]), SEGMENTER)
    index.index_lecture(lecture(9, ["农村的沼气池。"]), SEGMENTER)
    found = ask(index, "农村 沼气池 天文馆")
    assert found.relaxed and found.hits[0].lecture_id == 9


def test_only_what_may_be_seen_is_counted(index: SearchBackend) -> None:
    for number in (1, 2, 3):
        index.index_lecture(lecture(number, ["我们种茶叶。"]), SEGMENTER)
    assert ask(index, "茶叶", visible=frozenset({1, 2})).lectures == {1, 2}
    narrowed = ask(index, "茶叶", allowed=frozenset({3}))
    assert narrowed.lectures == {1, 2, 3} and {h.lecture_id for h in narrowed.hits} == {3}


def test_a_rebuild_and_a_merge_leave_the_same_index(index: SearchBackend) -> None:
    lectures = [lecture(n, [f"第{n}课说茶叶。", "再说纪律。"]) for n in range(1, 30)]
    for one in lectures[:4]:
        index.index_lecture(one, SEGMENTER)
    index.delete_lecture(2)
    index.merge()
    assert set(index.inventory()) == {1, 3, 4} and ask(index, "茶叶").lectures == {1, 3, 4}
    seen: list[int] = []
    assert index.rebuild(iter(lectures), SEGMENTER, seen.append) == 29
    assert seen[-1] == 29
    assert index.inventory() == {one.lecture_id: one.digest() for one in lectures}
    assert ask(index, "茶叶").lectures == set(range(1, 30))
    index.index_lecture(lecture(2, ["没有了。"]), SEGMENTER)
    assert ask(index, "茶叶").lectures == set(range(1, 30)) - {2}


def test_names_are_suggested_by_their_beginning_their_words_and_pinyin(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, [], title="乡村振兴怎么干", lecturer="王大山"), SEGMENTER)
    for typed in ("乡村", "振兴", "xiangcunz", "xczx", "乡村振兴怎么干"):
        assert ("乡村振兴怎么干", frozenset({1})) in index.suggest(typed), typed
    assert ("王大山", frozenset({1})) in index.suggest("wangda")
    assert index.suggest("没有") == [] and index.suggest("%") == [] and index.suggest("\\") == []


def test_words_are_known_by_their_sound_and_number(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["党建引领。"]), SEGMENTER)
    index.index_lecture(lecture(2, ["党建工作。"]), SEGMENTER)
    assert index.sounding(["dangjian", "feiji"]) == {"dangjian": [("党建", 2)]}
    assert index.frequencies(["党建", "飞机"]) == {"党建": 2, "飞机": 0}
    index.delete_lecture(1)
    assert index.frequencies(["党建"])["党建"] <= 2


ALPHABET = "党建茶叶 '\"\\%_*?()[]{}:&|!<>~^-+\0\n\t\u200b😀ａＢ１ab1与或非AND OR NOT\ud800"


@pytest.mark.parametrize("seed", range(40))
def test_no_question_breaks_it(index: SearchBackend, seed: int) -> None:
    draw = random.Random(seed)
    if seed == 0:
        index.index_lecture(lecture(1, [ALPHABET.replace("\0", "").replace("\ud800", "")]), SEGMENTER)
    for _ in range(5):
        text = "".join(draw.choice(ALPHABET) for _ in range(draw.randrange(1, 40)))
        assert ask(index, text).hits is not None
        index.suggest(parse(text, SEGMENTER).normal)


def test_words_that_are_said_together_are_counted_together(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["我们种茶叶，也修水库。"], lecturer="王大山"), SEGMENTER)
    index.index_lecture(lecture(2, ["我们种茶叶。"]), SEGMENTER)
    assert index.together([["茶叶"], ["茶叶", "水库"], ["水库", "飞机"]]) == [2, 1, 0]
    assert index.together([["大山"]])[0] > 0 and index.together([]) == []


def test_a_sentence_finds_what_says_most_of_it_beside_what_says_all(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["茶叶合作社的章程写得明白，账目公开。"]), SEGMENTER)
    index.index_lecture(lecture(2, ["茶叶合作社的账目公开。"]), SEGMENTER)
    index.index_lecture(lecture(3, ["天气很好。"]), SEGMENTER)
    found = ask(index, "茶叶合作社的章程和账目公开吗")
    assert found.lectures == {1, 2} and not found.relaxed and found.hits[0].lecture_id == 1


def test_what_is_cut_into_other_words_is_found_by_its_characters(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["这里说的是沼气池子。"]), SEGMENTER)
    index.index_lecture(lecture(2, ["天气很好。"]), SEGMENTER)
    index.index_lecture(lecture(3, ["今天不错。"]), SEGMENTER)
    found = ask(index, "气池")
    assert not found.relaxed and found.lectures == found.literal == {1}


def test_a_common_word_in_a_long_lecture_does_not_crowd_out_the_others(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["茶叶茶叶茶叶茶叶。"] * 300), SEGMENTER)
    for number in range(2, 12):
        index.index_lecture(lecture(number, ["茶叶。", "天气很好。"]), SEGMENTER)
    found = ask(index, "茶叶")
    assert found.lectures == set(range(1, 12)) == {hit.lecture_id for hit in found.hits}


def test_counts_stay_true_when_lectures_are_replaced(index: SearchBackend) -> None:
    for _ in range(3):
        index.index_lecture(lecture(1, ["茶叶茶叶茶叶。"], title="茶叶"), SEGMENTER)
    assert index.frequencies(["茶叶"]) == {"茶叶": 2}
    index.delete_lecture(1)
    assert index.frequencies(["茶叶"]) == {"茶叶": 0}


def test_two_segmentations_of_one_text_are_one_text(index: SearchBackend) -> None:
    """A word inside another one, or cut in two, is the word; it meets others in the names too."""
    index.index_lecture(
        lecture(1, ["信访工作条例。", "脱贫攻坚战。", "零售业。"], title="听一听：合作社怎样办"), SEGMENTER
    )
    index.index_lecture(lecture(2, ["信访 接待。", "脱贫攻坚 成果。", "零售 价格。"]), SEGMENTER)
    index.index_lecture(lecture(3, ["二十届中央委员会选举产生。"], title="共产党员网"), SEGMENTER)
    for word in ("信访", "脱贫攻坚", "零售"):
        found = ask(index, word)
        assert found.lectures == found.literal == {1, 2} and not found.relaxed, word
    assert ask(index, "合作").lectures == {1} and ask(index, "党员").lectures == {3}
    for text in ("合作 零售", "零售 合作"):
        assert ask(index, text).literal == {1} and not ask(index, text).relaxed
    assert ask(index, "二十届中央委员会").literal == {3}


def test_a_single_character_finds_every_lecture_that_has_it(index: SearchBackend) -> None:
    index.index_lecture(lecture(1, ["我们种茶叶。"]), SEGMENTER)
    index.index_lecture(lecture(2, ["天气很好。"], title="茶经"), SEGMENTER)
    index.index_lecture(lecture(3, ["天气很好。"]), SEGMENTER)
    index.index_lecture(lecture(4, ["喝茶。", "修水库。"]), SEGMENTER)
    assert ask(index, "茶").lectures == {1, 2, 4}
    assert ask(index, "水库 茶").literal == {4}


def test_what_goes_over_the_end_of_a_minute_is_found(index: SearchBackend) -> None:
    """Lines of every length, one after another: wherever a window ends, what is said across it is in one."""
    draw = random.Random(5)
    text = "".join(chr(0x4E00 + draw.randrange(3000)) for _ in range(700))
    for number, (shortest, longest, seconds) in enumerate([(1, 3, 9), (1, 2, 20), (4, 30, 25), (10, 40, 70)], 1):
        lines, at = [], 0
        while at < len(text):
            size = draw.randrange(shortest, longest + 1)
            lines.append(text[at : at + size])
            at += size
        said = [LectureLine(n, n * seconds * 1000, (n + 1) * seconds * 1000, one) for n, one in enumerate(lines)]
        index.index_lecture(
            Lecture(number, "无题", "", "分类", "", [LecturePart(number * 10, "上篇", said)]), SEGMENTER
        )
    for start in range(0, len(text) - 6, 23):
        assert ask(index, text[start : start + 6]).literal == {1, 2, 3, 4}, start
