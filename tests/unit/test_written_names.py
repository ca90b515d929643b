"""Spaces, marks and dots in names: what means nothing is dropped, what means something stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.people import rules
from academy.people.name_spelling import are_names_alike, clean_name

SPACES = (" ", "  ", "\u3000", "\u00a0", "\t", "\u2003", "\u200b", "\ufeff", "\u200d", "\u2060", "\u00ad")
HAN = st.text(st.sampled_from("丁浩王伟买提古丽欧阳𬭎㛃〇"), min_size=2, max_size=6)


@given(HAN, st.lists(st.sampled_from(SPACES), min_size=1, max_size=4), st.data())
def test_a_chinese_name_is_itself_whatever_fills_it(name: str, fill: list[str], data: st.DataObject) -> None:
    dressed = name
    for mark in fill:
        place = data.draw(st.integers(0, len(dressed)))
        dressed = dressed[:place] + mark + dressed[place:]
    assert rules.read_name(dressed) == name
    assert are_names_alike(dressed, name)


@given(
    st.lists(st.sampled_from(("Anna", "Li", "O'Brien", "Jean-Luc", "de")), min_size=2, max_size=4),
    st.sampled_from(SPACES[:6]),
)
def test_a_name_in_letters_keeps_its_spaces(parts: list[str], space: str) -> None:
    assert rules.read_name(f"{space}{space.join(parts)}\t") == " ".join(parts)


@pytest.mark.parametrize("dot", "·•‧∙⋅・．.･")
def test_a_name_of_parts_keeps_one_dot_and_its_spaces(dot: str) -> None:
    assert rules.read_name(f"阿依古丽{dot}买买提") == "阿依古丽·买买提"
    assert rules.read_name(f"阿依古丽 {dot} 买买提\u200b") == "阿依古丽 · 买买提"
    assert are_names_alike(f"阿依古丽 {dot}买买提", "阿依古丽·买买提")


def test_characters_of_the_first_gb18030_are_where_they_belong() -> None:
    assert rules.read_name(b"\xcd\xf5\xfe\x59".decode("gb18030")) == "王\u9fb4"


def test_other_people_stay_other_people() -> None:
    assert not are_names_alike("丁浩", "丁皓") and not are_names_alike("Anna Li", "Anna Lu")


@pytest.mark.parametrize("text", ["\x00丁浩", "丁\x07浩", "丁\ue000浩"])
def test_what_cannot_be_seen_and_means_something_is_refused(text: str) -> None:
    with pytest.raises(rules.Unreadable):
        rules.read_name(text)


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)
