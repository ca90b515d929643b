"""Subtitle files of every kind that people have: nothing written as text is lost, and markup is never shown."""

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from academy.core.errors import Invalid
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText
from academy.media.captions.formats import encoding, markup
from academy.media.captions.formats.timing import timing_of

FILES = Path(__file__).parents[1] / "files" / "captions"
WORDS = (
    "同志们好",
    "a<b 且 c>d",
    "<中国共产党章程>",
    "若 x<y",
    "5 > 3",
    "甲 -> 乙",
    "甲 --> 乙",
    "第一步 –> 第二步",
    "2026",
    "7",
    "R&D",
    "http://x.cn/?a=1&lt=2",
    "C:\\New",
    "{甲}",
    "\\alpha",
    "{\\alpha}",
    "12:30 开会",
    "<<",
    ">",
    "{",
    "NOTE 说明",
    "STYLE",
    "<video>",
    "<第3章>",
    "i<j>k",
    "[注]",
    "WEBVTT",
    "&",
)
SPOKEN_TIMES = ("00:00:01,000 --> 00:00:02,000", "1:02:03 → 1:02:04", "9:00 --> 10:00", "-->")
lines = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4)
cues = st.lists(lines, min_size=1, max_size=6)
ARROWS = (" --> ", "-->", " -> ", " –> ", " —> ", " → ", " --&gt; ", " ->", " --> ")


@pytest.mark.parametrize("arrow", ARROWS)
@pytest.mark.parametrize(
    "word", ["12:30 开会", "九点 9:00 开会", "开会", "同志们好 第一步 –> 第二步 a<b 且 c>d 甲 -> 乙 a<b 且 c>d <第3章>"]
)
def test_arrows_and_times_that_are_spoken_leave_the_language_known(word: str, arrow: str) -> None:
    text = f"1\n0:01:01,000{arrow}0:01:05,000\n{word}\n"
    assert said(caption_files.parse_captions("课.srt", text.encode("gb18030"))) == [[word]]


def said(parsed: caption_files.ParsedCaptions) -> list[list[str]]:
    return [cue.text.split("\n") for cue in parsed.cues]


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(
    cues,
    st.sampled_from(ARROWS),
    st.sampled_from(("\n", "\r\n", "\r", "\r\r\n")),
    st.sampled_from(("{h}:{m:02}:{s:02},{f:03}", "{h:02}:{m:02}:{s:02}.{f:03}", "{h:02}:{m:02}:{s:02}")),
    st.sampled_from(("numbered", "bare", "tight")),
    st.sampled_from((None, "after", "inside", "both")),
    st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be", "gb18030")),
)
def test_subrip_keeps_every_word_however_it_is_written(
    given_: list[list[str]], arrow: str, ending: str, time: str, shape: str, blank: str | None, name: str
) -> None:
    text = "" if shape == "bare" else "1\n"
    for number, body in enumerate(given_, 1):
        at = [time.format(h=0, m=number, s=second, f=0) for second in (1, 5)]
        gap = "\n\n" if blank in {"inside", "both"} and shape != "tight" else "\n"
        top = "\n" if blank in {"after", "both"} and shape != "tight" else ""
        text += f"{at[0]}{arrow}{at[1]}\n{top}{gap.join(body)}\n"
        if number < len(given_):
            text += {"numbered": f"\n{number + 1}\n", "bare": "\n\n", "tight": f"{number + 1}\n"}[shape]
    parsed = caption_files.parse_captions("课.srt", text.replace("\n", ending).encode(name))
    assert said(parsed) == given_
    assert not parsed.counts


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS + SPOKEN_TIMES), min_size=1, max_size=4), min_size=1, max_size=8))
def test_our_own_files_come_back_word_for_word(given_: list[list[str]]) -> None:
    whole = [CueText(n * 3000, n * 3000 + 2000, "\n".join(body)) for n, body in enumerate(given_)]
    for name, written in (("a.srt", caption_files.to_srt(whole)), ("a.vtt", caption_files.to_vtt(whole))):
        parsed = caption_files.parse_captions(name, written.encode())
        assert said(parsed) == given_, name
        assert not parsed.counts, name


TAGS = (
    "<b>{}</b>",
    "<i>{}</i>",
    "<font color=\"#fff\" face='Sim Sun'>{}</font>",
    "<u><b>{}</b></u>",
    "<c.red.big>{}</c>",
)
SUBRIP = (
    *TAGS,
    "{{\\an8}}{}",
    "{{\\pos(10,20)\\b1}}{}",
    "<v 主讲人>{}</v>",
    "<FONT COLOR=red>{}</FONT>",
    "<span class=x>{}</span>",
)
WEBVTT = (
    *TAGS,
    "<v 主讲 人>{}</v>",
    "<v.loud 张>{}",
    "<lang zh-CN>{}</lang>",
    "<00:01.000>{}",
    "<ruby>{}<rt></rt></ruby>",
    "<custom>{}</custom>",
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["同志们", "党 章", "5 > 3", "R&amp;D", "&lt;video&gt;"]), min_size=1), st.data())
def test_markup_is_never_shown(words: list[str], data: st.DataObject) -> None:
    for name, shapes, head in (("a.srt", SUBRIP, "1\n"), ("a.vtt", WEBVTT, "WEBVTT\n\n")):
        dressed = " ".join(data.draw(st.sampled_from(shapes)).format(word) for word in words)
        parsed = caption_files.parse_captions(name, f"{head}00:00:01.000 --> 00:00:03.000\n{dressed}\n".encode())
        plain = " ".join(words).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
        assert [cue.text for cue in parsed.cues] == [plain]


def test_old_numbers_of_cues_are_no_words() -> None:
    blank = (
        "3\n\n00:00:01,000 --> 00:00:02,000\n甲\n\n4\n\n00:00:03,000 --> 00:00:04,000\n2026\n\n"
        "9\n00:00:05,000 --> 00:00:06,000\n5"
    )
    assert [cue.text for cue in caption_files.parse_captions("a.srt", blank.encode()).cues] == ["甲", "2026", "5"]


@pytest.mark.parametrize("level", [1, 2, 4, 10])
def test_substation_shows_words_only(level: int) -> None:
    def event(text: str, second: int, kind: str = "Dialogue") -> str:
        return f"{kind}: 0,0:00:0{second}.00,0:00:0{second}.90,Default,,0,0,0,,{text}\n"

    data = (
        "[Script Info]\nTitle: x\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        + event(f"{{\\p{level}}}m 0 0 l 10 10", 1)
        + event(f"{{\\bord0\\p{level}}}m 0 0 l 9 9{{\\p0}}图一{{看这里}}", 2)
        + event("{\\pos(1,2)\\pbo3}第一{删掉这句}句\\N第二句", 3)
        + event("a<b 且 c>d，&lt; 和 <i>", 4)
        + event("没有关上的 { 括号", 5)
        + event("{只有注释}", 6)
        + event("{\\k20}卡{\\k30}拉", 7)
        + event("以后再翻译", 8, "Comment")
    )
    parsed = caption_files.parse_captions("a.ass", data.encode("utf-16"))
    assert [cue.text for cue in parsed.cues] == [
        "图一",
        "第一句\n第二句",
        "a<b 且 c>d，&lt; 和 <i>",
        "没有关上的 { 括号",
        "卡拉",
    ]
    assert dict(parsed.counts) == {"drawing": 2, "comment": 1}


def test_substation_follows_its_own_order_of_columns() -> None:
    data = "[Events]\nFormat: Start, Text, End\nDialogue: 0:00:01.00,甲,0:00:02.00\n"
    with pytest.raises(
        Invalid
    ):  # its last column takes the rest of the line, so a text in the middle cannot hold a comma
        caption_files.parse_captions("a.ass", data.replace("甲", "甲,乙").encode())
    assert said(caption_files.parse_captions("a.ass", data.encode())) == [["甲"]]


WEBVTT_NOTES = """WEBVTT - 例
Kind: captions

NOTE 给编辑的话
00:01.000 --> 00:02.000
紧接在注释下面

STYLE
::cue { color: red }

REGION
id:x

NOTE
两行
注释
00:03.000 --> 00:04.000
也紧接着

NOTE-1
00:05.000 --> 00:06.000
名字像注释

STYLE 1
00:07.000 --> 00:08.000 align:start
NOTE 是句子里的词

1

00:09.000 --> 00:10.000

空行之后

再空一行
"""


def test_webvtt_loses_no_cue_beside_a_note_and_counts_what_it_leaves_out() -> None:
    parsed = caption_files.parse_captions("a.vtt", WEBVTT_NOTES.encode())
    assert [cue.text for cue in parsed.cues] == [
        "紧接在注释下面",
        "也紧接着",
        "名字像注释",
        "NOTE 是句子里的词",
        "空行之后\n再空一行",
    ]
    assert dict(parsed.counts) == {"comment": 3, "joined": 2}
    assert [(place.line, place.text) for place in parsed.places["joined"]] == [(32, "空行之后"), (34, "再空一行")]


def test_words_above_the_first_time_are_counted_and_shown() -> None:
    parsed = caption_files.parse_captions("a.srt", "某某字幕组\n请勿外传\n\n1\n00:01,000 --> 00:02,000\n甲\n".encode())
    assert said(parsed) == [["甲"]]
    assert [(place.line, place.text) for place in parsed.places["untimed"]] == [(1, "某某字幕组"), (2, "请勿外传")]
    assert not parsed.is_whole


def test_a_cue_without_length_and_one_without_end_of_words_are_kept() -> None:
    long = "学" * 1300
    text = f"1\n00:00:01,000 --> 00:00:01,000\n一瞬\n\n2\n00:00:02,000 --> 00:00:08,000\n{long}\n"
    parsed = caption_files.parse_captions("a.srt", text.encode())
    assert (parsed.cues[0].text, parsed.cues[0].end_ms) == ("一瞬", 2000)
    rest = parsed.cues[1:]
    assert "".join(cue.text for cue in rest) == long and max(len(cue.text) for cue in rest) <= caption_files.MAX_TEXT
    assert (rest[0].start_ms, rest[-1].end_ms) == (2000, 8000)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50), st.text(min_size=1, max_size=900)), max_size=12))
def test_settling_loses_no_words_and_leaves_no_overlap(rows: list[tuple[int, int, str]]) -> None:
    kept = caption_files.remove_overlaps([CueText(start, start + length, text) for start, length, text in rows]).cues
    assert all(one.end_ms <= other.start_ms for one, other in itertools.pairwise(kept))
    assert all(cue.start_ms < cue.end_ms for cue in kept)
    words = "".join("".join(cue.text.split()) for cue in kept)
    assert all("".join(text.split()) in words for _, _, text in rows if len(text) < caption_files.MAX_TEXT)


SIMPLIFIED = (
    "党的基层组织是党在社会基层组织中的战斗堡垒，"
    "是党的全部工作和战斗力的基础。宣传和执行党的路线方针政策，充分发挥党员的先锋模范作用。"
)
TRADITIONAL = (
    "維護民族團結，發展經濟與文化事業，應當尊重當地的風俗習慣。"
    "學習歷史，認識過去與現在，纔能夠開創將來的道路；請大家認真聽講。"
)


@pytest.mark.parametrize(
    ("text", "name"), [(SIMPLIFIED, "gb18030"), (SIMPLIFIED, "gbk"), (TRADITIONAL, "big5"), (TRADITIONAL, "cp950")]
)
def test_chinese_of_either_script_is_read_or_refused_but_never_misread(text: str, name: str) -> None:
    draw = random.Random(12)
    read = 0
    for _ in range(60):
        start, count = draw.randrange(len(text) - 1), draw.randrange(1, 40)
        words = "".join(text[start : start + count].split("，"))
        if not words:
            continue
        try:
            found, _ = encoding.decode(f"1\r\n00:00:01,000 --> 00:00:03,000\r\n{words}\r\n".encode(name))
        except Invalid:
            assert len(words) < 12, words
            continue
        assert words in found
        read += 1
    assert read > 45


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("안녕하세요 여러분 오늘은 좋은 날입니다", "euc-kr"),
        ("こんにちは、皆さん。今日は良い天気ですね", "shift_jis"),
        ("Добрый день, дорогие товарищи", "cp1251"),
        ("Voilà l'été où l'élève a déjà étudié à côté", "cp1252"),
        ("今天讲第二课"[:5], "utf-8"),
    ],
)
def test_other_encodings_are_refused_in_words(text: str, name: str) -> None:
    data = f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n".encode(name)
    data = data[:-2] if name == "utf-8" else data  # the last character is cut in two
    with pytest.raises(Invalid, match="文字编码"):
        caption_files.parse_captions("a.srt", data)


@given(st.binary(max_size=300))
def test_no_bytes_become_private_characters_without_a_word(data: bytes) -> None:
    try:
        text, _ = encoding.decode(data)
    except Invalid:
        return
    try:
        assert text == data.decode("utf-8-sig").replace("\0", "") or encoding._is_text(text)
    except UnicodeDecodeError:
        assert encoding._is_text(text)


@pytest.mark.parametrize("place", [0, 5, 40, -1])
def test_one_stray_nul_byte_changes_nothing(place: int) -> None:
    data = bytearray("1\n00:00:01,000 --> 00:00:03,000\n同志们好，今天学习党章\n".encode())
    data.insert(place if place >= 0 else len(data), 0)
    assert said(caption_files.parse_captions("a.srt", bytes(data))) == [["同志们好，今天学习党章"]]


@pytest.mark.parametrize(
    "line",
    ["", "甲 -> 乙", "甲 --> 乙", "9:00->10:30 开会", "12:30 -> 13:30", "x" * 10_000 + " --> ", "→", "- -"],
)
def test_words_with_an_arrow_are_words(line: str) -> None:
    assert timing_of(line) is None


@given(st.text(max_size=200))
def test_plain_text_keeps_all_that_can_be_seen(text: str) -> None:
    kept = markup.plain(text)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]
    assert all(line == line.strip() and line for line in kept.split("\n")) or kept == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("j_lt.srt", ["若 a<b 且 c>d，则成立", "<中国共产党章程>总纲", "A&B <x>"]),
        ("c_arrow.srt", ["第一句", "箭头少一划的第二句", "破折号箭头的第三句", "第四句"]),
        ("big5.srt", ["繁體中文字幕"]),
        ("a_blankafter.srt", ["第一句在空行之后", "第二句"]),
        ("b_blankinside.srt", ["第一行\n第二行在空行后", "第二句"]),
        ("d_badbyte.srt", None),
    ],
)
def test_files_that_were_read_wrongly_once(name: str, words: list[str] | None) -> None:
    data = (FILES / name).read_bytes()
    if words is None:
        with pytest.raises(Invalid, match="文字编码"):
            caption_files.parse_captions(name, data)
    else:
        assert [cue.text for cue in caption_files.parse_captions(name, data).cues] == words
