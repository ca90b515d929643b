"""Caption files as people have them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media import captions
from academy.media.captions import CueText

SRT = "1\n00:00:01,000 --> 00:00:03,500\n同志们好\n\n2\n00:00:04,000 --> 00:00:06,000\n今天学习<b>党章</b>\n第二行\n"


def texts(parsed: captions.Parsed) -> list[tuple[int, int, str]]:
    return [(c.start_ms, c.end_ms, c.text) for c in parsed.cues]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_ending_reads_alike(encoding: str, ending: str) -> None:
    parsed = captions.parse("课.srt", SRT.replace("\n", ending).encode(encoding))
    assert texts(parsed) == [(1000, 3500, "同志们好"), (4000, 6000, "今天学习党章\n第二行")]


def test_vtt_with_notes_styles_settings_and_short_times() -> None:
    data = """WEBVTT

NOTE 说明 --- 不是字幕

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 align:start position:0%
<v 主讲人>你好 &amp; 欢迎</v>
"""
    assert texts(captions.parse("a.vtt", data.encode())) == [(1000, 2000, "你好 & 欢迎")]


def test_ass_dialogue_keeps_words_and_drops_drawing() -> None:
    data = """[Script Info]
Title: x
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\b1}第一,句\\N第二句
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10
"""
    assert texts(captions.parse("a.ass", data.encode())) == [(1500, 3000, "第一,句\n第二句")]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("00:00:0x,000 --> 00:00:03,000", "第 5 行：时间写法不对"),
        ("-00:00:01,000 --> 00:00:03,000", "第 5 行：时间不能是负数"),
        ("00:00:09,000 --> 00:00:03,000", "第 5 行：结束时间早于开始时间"),
        ("00:00:01,000 --> 99:00:03,000", "第 5 行：时间超出了合理范围"),
        ("-->", "第 5 行：时间写法不对"),
        ("００:00:01,000 --> 00:00:03,000", "第 5 行：时间写法不对"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, sentence: str) -> None:
    data = f"1\n00:00:01,000 --> 00:00:02,000\n好\n\n{line}\n坏\n"
    with pytest.raises(Invalid) as caught:
        captions.parse("a.srt", data.encode())
    assert str(caught.value).startswith(sentence)


def test_at_most_ten_errors_are_told() -> None:
    with pytest.raises(Invalid) as caught:
        captions.parse("a.srt", "\n\n".join(f"坏{n} --> 00:00:01,000\n字" for n in range(50)).encode())
    assert len(caught.value.fields) == captions.MAX_ERRORS


def test_overlaps_are_cut_or_joined_and_counted() -> None:
    parsed = captions.settle([CueText(2000, 5000, "乙"), CueText(0, 3000, "甲"), CueText(2000, 4000, "丙")])
    assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == [(0, 2000, "甲"), (2000, 5000, "丙\n乙")]
    assert parsed.trimmed == 2


@pytest.mark.parametrize("data", [b"", b"just words", b"\xff\xfe", b"WEBVTT\n\n", b"\x00" * 300, b"\xff\xff\xff"])
def test_what_is_no_caption_file_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        captions.parse("a.srt", data)


def test_script_in_captions_becomes_harmless_text() -> None:
    data = "WEBVTT\n\n00:01.000 --> 00:02.000\n<script>alert(1)</script>1 < 2\n<img src=x onerror=y>\u202e倒\n"
    made = captions.to_vtt(captions.parse("a.vtt", data.encode()).cues)
    assert "<" not in made
    assert "alert(1)1 &lt; 2\n倒" in made


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), st.text(min_size=1, max_size=30)),
        min_size=1,
        max_size=30,
    )
)
def test_settled_cues_never_overlap_and_survive_a_round_trip(given_: list[tuple[int, int, str]]) -> None:
    kept = captions.settle([CueText(s, s + d, captions.clean(t) or "字") for s, d, t in given_]).cues
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(kept))
    assert all(c.end_ms > c.start_ms for c in kept)
    again = captions.parse("a.vtt", captions.to_vtt(kept).encode()).cues
    assert [(c.start_ms, c.end_ms) for c in again] == [(c.start_ms, c.end_ms) for c in kept]
