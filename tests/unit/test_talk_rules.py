"""Saves of a note from several pages and devices: in whatever order they come, nothing that somebody typed is gone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from academy.talk import rules
from academy.talk.rules import Saved, merge

BODY = st.text("记好这一句，再看 ", max_size=12)


def applied(stored: Saved, sent: Saved) -> Saved:
    body = merge(stored, sent)
    return stored if body is None else Saved(body, sent.writer, sent.sequence, stored.revision + 1)


@given(st.lists(BODY, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_one_page_ends_with_its_last_text_whatever_the_order(texts: list[str], dice: object) -> None:
    sent = [Saved(text, "a", n, 1) for n, text in enumerate(texts, 1)]
    mixed = [*sent, *sent[:3]]
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    stored = Saved("", "a", 0, 1)
    for one in mixed:
        stored = applied(stored, one)
    assert stored.body == texts[-1]


@given(BODY, BODY, BODY)
def test_two_devices_keep_both_texts(first: str, second: str, third: str) -> None:
    if first == second:
        return
    stored = Saved(first, "a", 1, 1)
    stored = applied(stored, Saved(second, "b", 1, 1))
    assert stored.body == second, "made from what was stored"
    late = Saved(third, "c", 1, 1)
    both = applied(stored, late)
    assert second in both.body and third in both.body
    assert applied(both, late) == both, "sent twice, kept once"


@given(BODY, BODY, st.integers(0, 9))
def test_the_same_text_again_is_no_new_state(body: str, other: str, revision: int) -> None:
    stored = Saved(body, "a", 3, revision)
    assert merge(stored, replace(stored, writer="b", revision=revision - 1)) is None
    assert merge(stored, Saved(other, "a", 3, revision)) is None
    assert merge(stored, Saved(other, "a", 2, revision)) is None


@given(st.text(max_size=40), st.integers(1, 30))
def test_what_is_stored_is_cut_first_and_printable(raw: str, most: int) -> None:
    text = rules.written(raw, most)
    assert text == text.strip() and all(one in "\n\t" or one.isprintable() for one in text)
    plain = "纸" * (most + 50)
    assert len(rules.written(plain, most)) == most + 1, "one more, so that it is noticed"
