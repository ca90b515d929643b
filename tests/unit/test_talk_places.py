"""Where notes, questions and clips stand after captions were edited or a film was cut anew: nothing is lost, nothing is
called the same that is not, and what stayed is found."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.learning.api import Unit
from academy.talk import anchors
from academy.talk.anchors import NEAR, QUOTE_LENGTH, SAME_FILM, Anchor, Film, Script, ScriptLine, follow, follow_stretch
from academy.talk.kinds import PlaceState

CUT, EDITED, SAME = PlaceState.CUT, PlaceState.EDITED, PlaceState.SAME
POINTS = "，。！？、 "
SENTENCE = st.text("支部书记要把群众的事当自己家里人办好种田修路水渠医保账目公开", min_size=9, max_size=24)
SENTENCES = st.lists(SENTENCE, min_size=2, max_size=12, unique=True)


def lines_of(texts: list[str], at: int = 0, each: int = 4000) -> list[ScriptLine]:
    return [ScriptLine(at + n * each, at + (n + 1) * each, text) for n, text in enumerate(texts)]


def anchor_of(line: ScriptLine) -> Anchor:
    return Anchor(line.start, line.end, line.text, line.text)


def alone(texts: list[str]) -> bool:
    """Whether no sentence is found in the run of the others' letters."""
    whole = "".join(texts)
    return all(whole.count(text) == 1 for text in texts)


@given(SENTENCES)
def test_what_was_not_changed_stays_where_it_is(texts: list[str]) -> None:
    script = Script(lines_of(texts))
    for line in script.lines:
        found = follow(script, anchor_of(line))
        assert (found.start, found.end, found.words, found.state) == (line.start, line.end, line.text, SAME)


@pytest.mark.thorough
@given(SENTENCES, st.integers(0, 10**7), st.randoms(use_true_random=False))
def test_the_same_words_elsewhere_are_followed(texts: list[str], away: int, dice: random.Random) -> None:
    if not alone(texts):
        return
    before = lines_of(texts)
    after = [
        ScriptLine(line.start + away, line.end + away, "".join(c + dice.choice(["", *POINTS]) for c in line.text))
        for line in before
    ]
    script = Script(after)
    for line, moved in zip(before, after, strict=True):
        found = follow(script, anchor_of(line))
        assert (found.start, found.state) == (moved.start, SAME), "punctuation is no change"


@given(SENTENCES, st.integers(1, 7))
def test_split_and_joined_sentences_are_found_whole_and_back_again(texts: list[str], at: int) -> None:
    if not alone(texts):
        return
    plain = Script(lines_of(texts))
    halves_of = [
        ScriptLine(line.start + (2000 if later else 0), line.end if later else line.start + 2000, text)
        for line in plain.lines
        for later, text in ((False, line.text[:at]), (True, line.text[at:]))
    ]
    split = Script(halves_of)
    pairs = [plain.lines[n : n + 2] for n in range(0, len(texts), 2)]
    joined = Script([ScriptLine(pair[0].start, pair[-1].end, "，".join(line.text for line in pair)) for pair in pairs])
    for line in plain.lines:
        halves = follow(split, anchor_of(line))
        assert (halves.start, halves.end, halves.state) == (line.start, line.end, SAME)
        within = follow(joined, anchor_of(line))
        assert within.state == SAME and within.start <= line.start and line.end <= within.end
        back = follow(plain, Anchor(within.start, within.end, line.text, within.words))
        assert (back.start, back.end, back.state) == (line.start, line.end, SAME)


@given(SENTENCES, st.data())
def test_edited_words_keep_their_second(texts: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(texts) - 1))
    edited = data.draw(st.text("甲乙丙丁", min_size=1, max_size=30))
    before = lines_of(texts, each=2 * NEAR[Unit.MS])
    if before[chosen].text in "".join(text for n, text in enumerate(texts) if n != chosen):
        return
    after = [ScriptLine(line.start, line.end, edited if n == chosen else line.text) for n, line in enumerate(before)]
    found = follow(Script(after), anchor_of(before[chosen]))
    assert (found.start, found.end, found.words, found.state) == (
        before[chosen].start,
        before[chosen].end,
        edited,
        EDITED,
    )


def test_an_edited_sentence_is_found_though_its_neighbours_moved() -> None:
    before = ScriptLine(60_000, 64_000, "村里的账目每个月都要公开一次")
    beside = [ScriptLine(58_000, 61_000, "我再说第二件事"), ScriptLine(71_000, 75_000, "大家都看得到")]
    script = Script([*beside, ScriptLine(66_000, 71_000, "村里的帐目每月要公开一次")])
    found = follow(script, anchor_of(before))
    assert (found.start, found.state, found.words) == (66_000, EDITED, "村里的帐目每月要公开一次")


def test_of_a_repeated_slogan_the_nearest_counts_and_an_edit_does_not_jump_to_another() -> None:
    words = "坚持以人民为中心的发展思想"
    script = Script(
        [
            ScriptLine(60_000, 64_000, words),
            ScriptLine(600_000, 604_000, words),
            ScriptLine(1_200_000, 1_204_000, words),
        ]
    )
    for line in script.lines:
        assert follow(script, anchor_of(line)).start == line.start
    mended = Script([ScriptLine(60_000, 64_000, "坚持以人民为中心的发展理念"), *script.lines[1:]])
    found = follow(mended, anchor_of(script.lines[0]))
    assert (found.start, found.state) == (60_000, EDITED)


@pytest.mark.thorough
@given(SENTENCES, st.data())
def test_a_declared_mapping_is_followed_and_what_it_drops_was_cut(texts: list[str], data: st.DataObject) -> None:
    before = lines_of(texts)
    first = data.draw(st.integers(0, len(texts) - 1))
    last = data.draw(st.integers(first, len(texts) - 1))
    target = data.draw(st.integers(0, 10**6))
    kept = [(before[first].start, before[last].end, target)]
    stayed = before[first : last + 1]
    after = [ScriptLine(line.start - kept[0][0] + target, line.end - kept[0][0] + target, line.text) for line in stayed]
    for script in (Script(after), Script(())):  # with the words, and by the mapping alone
        for n, line in enumerate(before):
            found = follow(script, anchor_of(line), Film(kept=kept))
            if not first <= n <= last:
                assert (found.state, found.start, found.end, found.words) == (CUT, line.start, line.end, line.text)
            elif alone(texts):
                assert found.start == line.start - kept[0][0] + target
                assert found.state == (SAME if script.lines else EDITED)


@pytest.mark.thorough
@given(SENTENCES, SENTENCES, st.booleans())
def test_in_another_film_without_a_mapping_only_words_count(old: list[str], new: list[str], is_kept: bool) -> None:
    if not alone(old):
        return
    moved = lines_of([*new, *old] if is_kept else ["甲乙丙丁戊己庚辛壬癸"] * 5, 7000)
    for line in lines_of(old):
        found = follow(Script(moved), anchor_of(line), Film())
        if is_kept:
            assert found.state == SAME and anchors.letters_of(line.text) in anchors.letters_of(found.words)
        else:
            assert (found.state, found.start, found.words) == (CUT, line.start, line.text), "it says where it stood"


@st.composite
def scripts(draw: st.DrawFn) -> list[ScriptLine]:
    starts = sorted(draw(st.lists(st.integers(0, 10**6), max_size=12)))
    return [ScriptLine(at, at + draw(st.integers(1, 9000)), draw(st.text(max_size=30))) for at in starts]


FILMS = st.one_of(
    st.just(SAME_FILM),
    st.just(Film()),
    st.builds(
        lambda parts: Film(kept=[(start, start + length, target) for start, length, target in parts]),
        st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(0, 10**6)), max_size=3),
    ),
)


@given(scripts(), st.integers(0, 10**6), st.integers(1, 10**4), st.text(max_size=40), st.text(max_size=40), FILMS)
def test_whatever_comes_a_place_is_a_place_and_same_means_the_same(
    lines: list[ScriptLine], start: int, length: int, quote: str, words: str, film: Film
) -> None:
    script = Script(lines)
    found = follow(script, Anchor(start, start + length, quote, words), film)
    assert 0 <= found.start < found.end and len(found.words) <= QUOTE_LENGTH
    if found.state == SAME:
        assert anchors.letters_of(quote) in anchors.letters_of("".join(line.text for line in script.lines))
    again = follow(script, Anchor(found.start, found.end, quote, found.words))
    if found.state != CUT:
        assert again.state != CUT, "the same film never loses a place"
    whole = Anchor(start, start + length, quote, words)
    stretch, final = follow_stretch(script, (start, start + length), whole, whole, film)
    assert 0 <= stretch.start < stretch.end and final.end > final.start


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ([(0, 40_000, 10_000)], (14_000, 30_000, SAME)),
        ([(8_000, 40_000, 0)], (0, 12_000, EDITED)),  # its first sentence was taken out
        ([(0, 12_000, 0)], (4_000, 12_000, EDITED)),  # its last ones were
        ([(0, 4_000, 0)], (4_000, 20_000, CUT)),
    ],
)
def test_a_stretch_shrinks_to_what_is_left_of_it(
    kept: list[tuple[int, int, int]], expected: tuple[int, int, str]
) -> None:
    texts = [
        "同志们上午好请坐下",
        "今天讲三件事情要记好",
        "第一件是账目公开",
        "第二件是修水渠的钱",
        "第三件是夜校怎么办",
        "散会以后请打扫卫生",
    ]
    before = lines_of(texts)
    start, end, target = kept[0]
    after = [
        ScriptLine(a.start - start + target, a.end - start + target, a.text) for a in before if start <= a.start < end
    ]
    found, _ = follow_stretch(
        Script(after), (4_000, 20_000), anchor_of(before[1]), anchor_of(before[4]), Film(kept=kept)
    )
    assert (found.start, found.end, found.state) == expected


def test_pages_are_found_by_what_is_written_on_them() -> None:
    pages = [f"第{n}条　村务公开的内容包括第{n}类事项，每季度至少一次。" * 3 for n in range(1, 9)]
    old = Script([ScriptLine(n, n + 1, text) for n, text in enumerate(pages)], Unit.PAGE)
    new = Script([ScriptLine(n, n + 1, text) for n, text in enumerate(["封面", "目录", *pages[2:]])], Unit.PAGE)
    page = old.lines[4]
    found = follow(new, Anchor(4, 5, page.text[:QUOTE_LENGTH], page.text[:QUOTE_LENGTH]), Film())
    assert (found.start, found.end, found.state) == (4, 5, SAME)


def test_long_lectures_are_searched_quickly() -> None:
    lines = [ScriptLine(n * 3000, n * 3000 + 3000, f"这是第{n}句要讲的话，请大家记下来") for n in range(900)]
    script = Script(lines)
    for line in (lines[0], lines[450], lines[-1]):
        assert follow(script, anchor_of(line), Film()).state == SAME
    assert follow(script, Anchor(0, 1, "从来没有讲过的一句", "从来没有讲过的一句"), Film()).state == CUT
