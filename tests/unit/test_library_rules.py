"""The course's way: nothing unreviewed reaches a member."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.library import rules
from academy.library.kinds import VersionState
from academy.library.rules import CourseStanding, CourseVerb, ItemState, after, may, offered_verbs

_UNDO = {CourseVerb.EDIT, CourseVerb.RETURN, CourseVerb.DISCARD, CourseVerb.WITHDRAW}
verbs = st.lists(st.tuples(st.sampled_from(CourseVerb), st.integers(0, 2)), max_size=40)


@given(verbs)
def test_whatever_people_try_the_published_was_approved_by_another_since_the_last_edit(
    acts: list[tuple[CourseVerb, int]],
) -> None:
    # Person 0 is the author and also holds the reviewer's office; 1 and 2 are reviewers.
    standing, approved_by = CourseStanding(VersionState.DRAFT), None
    for verb, person in acts:
        target = after(verb, standing)
        if target is None or not may(verb, is_author=person == 0, is_reviewer=True):
            continue
        if verb is CourseVerb.APPROVE:
            approved_by = person
        # A revision begins without a review, and after a withdrawal another look is asked for.
        if verb in _UNDO or (verb is CourseVerb.REVISE and standing.draft is None):
            approved_by = None
        standing = target
        if verb is CourseVerb.PUBLISH:
            assert approved_by in {1, 2} and standing == CourseStanding(None, is_published=True)
        if standing.draft is None and not standing.is_published:
            break  # discarded


standings = st.builds(CourseStanding, st.none() | st.sampled_from(VersionState), st.booleans(), st.booleans())


@given(standings, st.booleans())
def test_nobody_decides_on_their_own(standing: CourseStanding, is_reviewer: bool) -> None:
    mine = offered_verbs(standing, is_author=True, is_reviewer=is_reviewer)
    assert not mine & rules.REVIEWER_VERBS


@given(standings)
def test_a_stranger_can_do_nothing(standing: CourseStanding) -> None:
    assert not offered_verbs(standing, is_author=False, is_reviewer=False)


def test_every_verb_belongs_to_somebody() -> None:
    assert set(CourseVerb) == rules.AUTHOR_VERBS | rules.REVIEWER_VERBS | rules.EITHER_VERBS
    everywhere = [
        CourseStanding(draft, a, b) for draft in (None, *VersionState) for a in (True, False) for b in (True, False)
    ]
    assert {verb for verb in CourseVerb if any(after(verb, one) for one in everywhere)} == set(CourseVerb)


OUT = [(7, 1, True), (8, 2, False)]


@pytest.mark.parametrize(
    ("listed", "number", "published", "expected"),
    [
        (OUT, 1, None, 1),
        (OUT, 4, None, 4),
        (OUT[::-1], 3, OUT, 3),
        (OUT[:1], 3, OUT, 4),
        ([*OUT, (9, 1, True)], 3, OUT, 4),
        ([(7, 2, True), OUT[1]], 4, OUT, 4),
        ([(7, 1, False), OUT[1]], 3, OUT, 4),
        (OUT, 4, OUT, 3),
    ],
    ids=["never out", "out once", "reordered", "less", "more", "replaced", "optional", "changed and back"],
)
def test_the_contents_number_rises_once_above_what_was_published(
    listed: rules.Listed, number: int, published: rules.Listed | None, expected: int
) -> None:
    assert rules.content_number(listed, number, published, 3) == expected


def test_what_is_missing_is_said_item_by_item() -> None:
    wants = rules.missing(
        title="标题",
        summary=" ",
        items=[
            ItemState("甲", "ready"),
            ItemState("乙", "processing"),
            ItemState("丙", "failed"),
            ItemState("丁", None),
        ],
    )
    said = [str(want) for want in wants]
    assert len(said) == 4
    assert "简介" in said[0]
    assert "乙" in said[1] and "丙" in said[2] and "丁" in said[3]
    assert rules.missing(title="标题", summary="简介", items=[ItemState("甲", "ready")]) == []
    assert len(rules.missing(title="", summary="", items=[])) == 3
    document = ItemState("讲义", "ready", "document", required=False)
    assert len(rules.missing(title="标题", summary="简介", items=[document])) == 1
    assert rules.missing(title="标题", summary="简介", items=[document, ItemState("讲课", "ready", "audio")]) == []


def test_titles_lose_what_cannot_be_seen() -> None:
    assert rules.clean(" 党课\u202egpj.exe\r\x00 ") == "党课gpj.exe"
    assert rules.clean(None) == ""
    assert rules.clean("第一段\n第二段") == "第一段\n第二段"


@given(st.text())
def test_clean_text_stays_clean(text: str) -> None:
    assert rules.clean(rules.clean(text)) == rules.clean(text)


def test_fields_are_judged_together() -> None:
    wrong = rules.check_fields(
        title="", summary="字" * 5000, lecturer="", office="书记", threshold_permille=0, credit_minutes=9999
    )
    assert set(wrong) == {"title", "summary", "lecturer", "threshold", "credit_minutes"}
    right = rules.check_fields(
        title="题", summary="", lecturer="马青山", office="", threshold_permille=950, credit_minutes=0
    )
    assert right == {}
