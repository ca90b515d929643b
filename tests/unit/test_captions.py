"""Caption files as people have them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText

SRT = "1\n00:00:01,000 --> 00:00:03,500\n同志们好\n\n2\n00:00:04,000 --> 00:00:06,000\n今天学习<b>党章</b>\n第二行\n"


def texts(parsed: caption_files.ParsedCaptions) -> list[tuple[int, int, str]]:
    return [(c.start_ms, c.end_ms, c.text) for c in parsed.cues]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_ending_reads_alike(encoding: str, ending: str) -> None:
    parsed = caption_files.parse_captions("课.srt", SRT.replace("\n", ending).encode(encoding))
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
    assert texts(caption_files.parse_captions("a.vtt", data.encode())) == [(1000, 2000, "你好 & 欢迎")]


def test_ass_dialogue_keeps_words_and_drops_drawing() -> None:
    data = """[Script Info]
Title: x
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\b1}第一,句\\N第二句
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10
"""
    assert texts(caption_files.parse_captions("a.ass", data.encode())) == [(1500, 3000, "第一,句\n第二句")]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("00:00:0x,000 --> 00:00:03,000", "第 5 行：时间写法不对"),
        ("-00:00:01,000 --> 00:00:03,000", "第 5 行：时间不能是负数"),
        ("00:00:09,000 --> 00:00:03,000", "第 5 行：结束时间早于开始时间"),
        ("00:00:01,000 --> 99:00:03,000", "第 5 行：时间超出了合理范围"),
        ("-->", "第 5 行：时间写法不对"),
        ("〇〇:00:01,000 --> 00:00:03,000", "第 5 行：时间写法不对"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, sentence: str) -> None:
    data = f"1\n00:00:01,000 --> 00:00:02,000\n好\n\n{line}\n坏\n"
    with pytest.raises(Invalid) as caught:
        caption_files.parse_captions("a.srt", data.encode())
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    "line",
    [
        "00:00:03,000 - -> 00:00:04,000",
        "00:00:03,000 ==> 00:00:04,000",
        "00:00:03.000 >> 00:00:04.000",
        "00:00:03,000 — 00:00:04,000",
        "００：００：０３，０００　--＞　００：００：０４，０００",
        "00：00：03，000 –> 00：00：04，000",
        "00:00:03,000 => 00:00:04,000 X1:0 X2:9",
    ],
)
def test_times_are_read_whatever_sign_stands_between_them(line: str) -> None:
    """Retyped by hand or by a program that recognises letters; they are no words of the caption above."""
    data = f"1\n00:00:01,000 --> 00:00:02,000\n一\n\n2\n{line}\n二\n"
    assert texts(caption_files.parse_captions("a.srt", data.encode())) == [(1000, 2000, "一"), (3000, 4000, "二")]


@pytest.mark.parametrize(
    "text", ["08:00:00 - 09:00:00 开幕", "3.141 - 2.718", "从 1.000 ~ 2.000", "12:30 => 13:00", "a >> b"]
)
def test_a_sentence_with_times_stays_a_sentence(text: str) -> None:
    data = f"1\n00:00:01,000 --> 00:00:02,000\n一\n{text}\n"
    assert texts(caption_files.parse_captions("a.srt", data.encode())) == [(1000, 2000, f"一\n{text}")]


def test_at_most_ten_errors_are_told() -> None:
    with pytest.raises(Invalid) as caught:
        caption_files.parse_captions("a.srt", "\n\n".join(f"坏{n} --> 00:00:01,000\n字" for n in range(50)).encode())
    assert len(caught.value.fields) == caption_files.MAX_ERRORS


def test_overlaps_are_cut_or_joined_and_counted() -> None:
    parsed = caption_files.remove_overlaps(
        [CueText(2000, 5000, "乙"), CueText(0, 3000, "甲"), CueText(2000, 4000, "丙")]
    )
    assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == [(0, 2000, "甲"), (2000, 5000, "丙\n乙")]
    assert parsed.trimmed == 2


@pytest.mark.parametrize("data", [b"", b"just words", b"\xff\xfe", b"WEBVTT\n\n", b"\x00" * 300, b"\xff\xff\xff"])
def test_what_is_no_caption_file_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        caption_files.parse_captions("a.srt", data)


def test_script_in_captions_becomes_harmless_text() -> None:
    data = "WEBVTT\n\n00:01.000 --> 00:02.000\n<script>alert(1)</script>1 < 2\n<img src=x onerror=y>\u202e倒\n"
    made = caption_files.to_vtt(caption_files.parse_captions("a.vtt", data.encode()).cues)
    assert "<" not in made
    assert "alert(1)1 &lt; 2\n倒" in made


@pytest.mark.thorough
@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), st.text(min_size=1, max_size=30)),
        min_size=1,
        max_size=30,
    )
)
def test_settled_cues_never_overlap_and_survive_a_round_trip(given_: list[tuple[int, int, str]]) -> None:
    kept = caption_files.remove_overlaps([CueText(s, s + d, caption_files.clean(t) or "字") for s, d, t in given_]).cues
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(kept))
    assert all(c.end_ms > c.start_ms for c in kept)
    again = caption_files.parse_captions("a.vtt", caption_files.to_vtt(kept).encode()).cues
    assert [(c.start_ms, c.end_ms) for c in again] == [(c.start_ms, c.end_ms) for c in kept]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_a_text_without_times_is_spread_over_the_lecture_and_says_so(encoding: str) -> None:
    text = (
        "同志们好。\r\n今天我们学习党章，一共三个部分，请大家认真听，把不懂的地方记下来，下课以后讨论。\r\n\r\n谢谢\r\n"
    )
    parsed = caption_files.parse_captions("讲稿.txt", text.encode(encoding), 60_000)
    assert parsed.estimated
    assert [c.text for c in parsed.cues] == [
        "同志们好。",
        "今天我们学习党章，一共三个部分，请大家认真听，",
        "把不懂的地方记下来，下课以后讨论。",
        "谢谢",
    ]
    assert (parsed.cues[0].start_ms, parsed.cues[-1].end_ms) == (0, 60_000)
    assert all(one.end_ms == other.start_ms for one, other in itertools.pairwise(parsed.cues))
    lengths = [(c.end_ms - c.start_ms) / len(c.text) for c in parsed.cues]
    assert max(lengths) < 1.05 * min(lengths), "as long as its share of the words"


def test_a_text_needs_a_lecture_to_be_spread_over() -> None:
    for text, duration in (("讲稿", None), ("讲" * 4000 + "。", 2_000), ("  \n", 60_000)):
        with pytest.raises(Invalid):
            caption_files.parse_captions("讲稿.txt", text.encode(), duration)


def test_a_speech_in_one_line_is_kept_whole() -> None:
    cues = caption_files.parse_captions("讲稿.txt", ("讲" * 4000).encode(), 3_600_000).cues
    assert sum(len(cue.text) for cue in cues) == 4000


def test_times_inside_a_txt_are_believed() -> None:
    parsed = caption_files.parse_captions("课.txt", SRT.encode(), 60_000)
    assert not parsed.estimated and parsed.cues[0].start_ms == 1000


@given(st.text(max_size=400), st.integers(1_000, 7_200_000))
def test_no_word_is_lost_when_a_text_is_spread(text: str, duration: int) -> None:
    words = caption_files.plain(text)
    cues = caption_files.sentences_over(words, 0, duration)
    said = "".join("".join(c.text for c in cues).split())
    assert said == "".join(words.split())
    assert all(0 <= c.start_ms < c.end_ms for c in cues)


def test_words_go_out_as_plain_text() -> None:
    assert caption_files.to_txt([CueText(0, 1000, "甲\n乙"), CueText(1000, 2000, "丙")]) == "甲\n乙\n丙\n"
