"""What would change if an earlier transcript came back."""

from hypothesis import given
from hypothesis import strategies as st

from academy.media.captions.caption_files import CueText
from academy.media.transcripts.versions import compare_cues

LINES = st.lists(st.sampled_from("甲乙丙丁"), max_size=12).map(
    lambda texts: [CueText(n * 1000, n * 1000 + 900, text) for n, text in enumerate(texts)]
)


@given(LINES, LINES)
def test_the_changes_lead_from_one_to_the_other(now: list[CueText], then: list[CueText]) -> None:
    told = compare_cues(now, then)
    gone = [line.cue for line in told if line.change == "gone"]
    back = [line.cue for line in told if line.change == "back"]
    assert {*now} - {*gone} | {*back} == {*then}
    assert not {*gone} & {*back}, "what stays is not told"
    assert (told == []) == (now == then)


def test_a_line_whose_time_changed_is_told_and_confidence_is_not() -> None:
    told = compare_cues(
        [CueText(0, 900, "好", 0.3), CueText(1000, 1900, "课")], [CueText(0, 950, "好"), CueText(1000, 1900, "课")]
    )
    assert [(line.cue.end_ms, line.change) for line in told] == [(900, "gone"), (950, "back")]
    assert compare_cues([CueText(0, 900, "好", 0.3)], [CueText(0, 900, "好")]) == []
