"""Well-formed files, read by us and by pysubs2: the same cues."""

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from academy.media.captions import caption_files

LINE = st.lists(
    st.sampled_from(["同志们", "党 章", "5 > 3", "R&D", "<i>斜体</i>", "{\\b1}粗", "第 3 章"]), min_size=1, max_size=3
)
CUES = st.lists(st.lists(LINE.map("".join), min_size=1, max_size=2), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", ["srt", "ass"])
@settings(max_examples=40, deadline=None)
@given(given_=CUES)
def test_a_well_formed_file_reads_as_elsewhere(kind: str, given_: list[list[str]]) -> None:
    made = pysubs2.SSAFile()
    for number, lines in enumerate(given_):
        text = "\\N".join(lines).replace("<i>", "{\\i1}").replace("</i>", "{\\i0}")
        made.append(pysubs2.SSAEvent(start=number * 3000, end=number * 3000 + 2000, text=text))
    written = made.to_string(kind)
    theirs = [(e.start, e.end, e.plaintext) for e in pysubs2.SSAFile.from_string(written) if e.is_text]
    ours = [(c.start_ms, c.end_ms, c.text) for c in caption_files.parse_captions(f"a.{kind}", written.encode()).cues]
    assert ours == theirs
