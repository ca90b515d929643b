"""Passages of syllabuses and handouts: nothing of a text is lost, a comparison covers both versions, what re-opens."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from academy.faculty.material_kinds import MaterialState
from academy.faculty.materials import rules
from academy.faculty.materials.rules import Change, Round

TYPED = st.text(st.one_of(st.characters(), st.sampled_from("\n\r\t ，。　\u202e\x00\u0301\ufeff")), max_size=300)
PASSAGES = st.lists(
    st.sampled_from(["甲，乙。", "甲，丙。", "丁", "丁丁", "戊己，庚辛；壬癸。", "aa bb", "x"]), max_size=12
)


@given(TYPED)
@example("一\r\n\r\n 二\u202e三 \n\x00")
def test_passages_are_printable_lines_and_are_read_again_as_they_are(text: str) -> None:
    found = rules.passages_of(text)
    assert all(one and one == one.strip() and "\n" not in one for one in found)
    shown = [one for line in found for one in line if one != "\u3000"]
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Cn", "Co"}]
    assert rules.passages_of(rules.text_of(found)) == found
    kept = "".join("".join(found).split())
    assert kept == "".join("".join(one for one in text if one.isprintable()).split())


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_only_a_text_within_its_limits_is_taken(passages: int, longest: int, length: int) -> None:
    counts = (1, rules.MOST_PASSAGES, rules.MOST_PASSAGES + 1, 0)
    sizes = (1, rules.PASSAGE_LENGTH, rules.PASSAGE_LENGTH + 1, 2)
    lines = ["字"] * (counts[passages] - 1) + ["字" * sizes[longest]] if counts[passages] else []
    text = "\n".join(lines) + " " * (length * 30_000)
    fits = (
        len(text) <= rules.TEXT_LENGTH
        and 1 <= len(lines) <= rules.MOST_PASSAGES
        and max(map(len, lines)) <= rules.PASSAGE_LENGTH
    )
    assert (rules.check_text(text) is None) == fits


@given(PASSAGES, PASSAGES)
def test_a_comparison_has_every_passage_of_both_once_and_in_order(old: list[str], new: list[str]) -> None:
    found = rules.compare(old, new)
    assert [one.before for one in found if one.before] == list(range(1, len(old) + 1))
    assert [one.after for one in found if one.after] == list(range(1, len(new) + 1))
    for one in found:
        before = old[one.before - 1] if one.before else None
        after = new[one.after - 1] if one.after else None
        assert (one.change == Change.KEPT) == (before is not None and before == after)
        assert (one.change == Change.REMOVED) == (after is None)
        assert (one.change == Change.ADDED) == (before is None)
        if one.change == Change.CHANGED:
            assert before is not None and after is not None
            pieces = rules.clause_changes(before, after)
            assert "".join(text for how, text in pieces if how != "new") == before
            assert "".join(text for how, text in pieces if how != "gone") == after
    followed = rules.follow(old, new)
    assert sorted(followed) == list(range(1, len(old) + 1))


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_pieces_of_any_two_passages_make_both_of_them(old: str, new: str) -> None:
    pieces = rules.clause_changes(old, new)
    assert "".join(text for how, text in pieces if how != "new") == old
    assert "".join(text for how, text in pieces if how != "gone") == new


def test_a_rewritten_passage_is_followed_across_one_that_was_put_before_it() -> None:
    old = ["村里的账，每个季度公开一次。", "公开栏放在村口。"]
    new = ["先讲为什么。", "村里的账，每个月公开一次，贴在墙上。", "公开栏放在村口。"]
    assert [(one.change.value, one.before, one.after) for one in rules.compare(old, new)] == [
        ("added", None, 1),
        ("changed", 1, 2),
        ("kept", 2, 3),
    ]


@given(st.lists(st.sampled_from(MaterialState), max_size=8))
def test_what_may_be_taught_is_approved_and_nothing_was_submitted_after_it(states: list[MaterialState]) -> None:
    rounds = [Round(number, state) for number, state in enumerate(states, 1)]
    taught, read = rules.teachable_number(rounds), rules.approved_number(rounds)
    approved = [one.number for one in rounds if one.state == MaterialState.APPROVED]
    assert read == (approved[-1] if approved else None)
    open_after = {MaterialState.SUBMITTED, MaterialState.RETURNED}
    reopened = read is not None and any(one.number > read and one.state in open_after for one in rounds)
    assert taught == (None if reopened else read)
    assert rules.teachable_number(rounds[::-1]) == taught, "the order of the rows does not matter"


@given(st.lists(st.integers(0, 60), max_size=9))
def test_half_of_the_rounds_are_no_longer_than_the_median(days: list[int]) -> None:
    middle = rules.median(days)
    assert (middle is None) == (not days)
    if middle is not None:
        assert 2 * sum(one <= middle for one in days) >= len(days) <= 2 * sum(one >= middle for one in days)
