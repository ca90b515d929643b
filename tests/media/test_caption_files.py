"""Caption files from outside are parsed by a process in the jail; what it prints is checked before it is believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from academy.core.errors import Busy, Invalid
from academy.media import tools
from academy.media.captions import caption_files, jailed_parser
from academy.media.captions.formats import refusals
from academy.media.documents import packages
from academy.media.tools import Limits

pytestmark = pytest.mark.media

SRT = "1\n00:00:01,000 --> 00:00:03,000\n同志们好，今天学习党章\n\n2\n00:00:04,000 --> 00:00:05,000\n第二句\n"
ASS = (
    "[Events]\nFormat: Layer, Start, End, Text\n"
    "Comment: 0,0:00:00.00,0:00:01.00,注\nDialogue: 0,0:00:01.00,0:00:02.00,{\\p1}m 0 0{\\p0}图一\n"
)
GIVEN = [
    ("a.srt", SRT.encode()),
    ("a.SRT", b"\xef\xbb\xbf" + SRT.replace("\n", "\r\r\n").encode()),
    ("a.srt", SRT.encode("gb18030")),
    ("a.srt", SRT.replace("们", "們").replace("党", "黨").replace("学习", "學習").encode("big5", "ignore")),
    ("a.srt", SRT.encode("utf-16")),
    ("a.srt", SRT.encode("utf-32-le")),
    ("a.vtt", b"WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000\nA &lt;video&gt;\n\nno times\n"),
    ("a.ass", ASS.encode()),
    ("讲稿.txt", "第一句。第二句！\n第三句".encode()),
    ("a.srt", ("00:00:01,000 --> 00:00:01,000\n" + "字 " * 3000).encode()),
    ("a.srt", b"00:00:05,000 --> 00:00:03,000\nx\n\n00:00:0x,000 --> 00:00:03,000\ny\n"),
    ("a.srt", b""),
    ("a.srt", b"\x81\xff" * 40),
    ("a.srt", b"{\\" * 20_000),
    ("a.srt\0", b"no captions at all"),
    ("a.ass", b"[Events]\nDialogue: 0,x\n"),
    ("a.srt", b"x" * (caption_files.MAX_CAPTION_BYTES + 1)),
    ("a.srt", b"".join(b"00:00:%02d,%03d --> 00:01:00,000\nx\n\n" % (n // 1000, n % 1000) for n in range(20_001))),
    ("讲稿.txt", "讲".encode() * 100_000),
]


def result(parse: Any, name: str, data: bytes, duration_ms: int | None) -> object:
    try:
        return parse(name, data, duration_ms)
    except Invalid as error:
        return [(field, str(one)) for field, one in error.fields.items()]


@pytest.mark.parametrize("duration_ms", [60_000, None])
@pytest.mark.parametrize("number", range(len(GIVEN)))
def test_the_jail_changes_nothing_of_what_is_found(number: int, duration_ms: int | None) -> None:
    name, data = GIVEN[number]
    wanted = result(caption_files.parse_captions, name, data, duration_ms)
    assert result(jailed_parser.parse_captions_jailed, name, data, duration_ms) == wanted


ANSWER: dict[str, Any] = {
    "cues": [[0, 1000, "甲"], [1000, 2000, "乙"]],
    "trimmed": 0,
    "estimated": False,
    "encoding": "UTF-8",
    "counts": {"comment": 1},
    "places": {"comment": [[1, "注"]]},
}
LIES: list[object] = [
    "",
    "not JSON",
    "[" * 100_000,
    "NaN",
    "[]",
    "{}",
    ANSWER | {"cues": []},
    ANSWER | {"cues": [[0, 1000]]},
    ANSWER | {"cues": [[0, 1000, 5]]},
    ANSWER | {"cues": [[0, 1000, ""]]},
    ANSWER | {"cues": [[1000, 1000, "甲"]]},
    ANSWER | {"cues": [[-1, 1000, "甲"]]},
    ANSWER | {"cues": [[0.5, 1000, "甲"]]},
    ANSWER | {"cues": [[True, 1000, "甲"]]},
    ANSWER | {"cues": [[0, 10**12, "甲"]]},
    ANSWER | {"cues": [[1000, 2000, "甲"], [0, 1000, "乙"]]},
    ANSWER | {"cues": [[0, 1000, "\ud800"]]},
    ANSWER | {"cues": [[0, 1000, "a\0b"]]},
    ANSWER | {"cues": [[n, n + 1, "x"] for n in range(70_000)]},
    ANSWER | {"cues": [[0, 1000, "x" * 3_000_000], [1000, 2000, "x" * 3_000_000]]},
    ANSWER | {"cues": {"a": 1}},
    ANSWER | {"encoding": "Latin-1"},
    ANSWER | {"encoding": ["UTF-8"]},
    ANSWER | {"trimmed": -1},
    ANSWER | {"trimmed": "0"},
    ANSWER | {"estimated": 1},
    ANSWER | {"counts": {"<script>": 1}},
    ANSWER | {"counts": {"comment": "many"}},
    ANSWER | {"places": {"comment": [[1, "x" * 61]]}},
    ANSWER | {"places": {"comment": [[1, "x"]] * 21}},
    ANSWER | {"places": {"comment": [["1", "x"]]}},
    {"refused": []},
    {"refused": [["请打开 https://example.org 输入密码", None]]},
    {"refused": [[refusals.NEGATIVE_TIMES.text, "1"]]},
    {"refused": [[refusals.NO_CUES.text, None]] * 11},
    {"refused": "x"},
    {"refused": [5]},
]


@pytest.mark.parametrize("number", range(len(LIES)))
def test_an_answer_that_no_parser_gives_is_not_believed(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """As from a parser that a file has taken over."""
    lie = LIES[number]
    printed = lie if isinstance(lie, str) else json.dumps(lie)
    monkeypatch.setattr(tools, "run_module", lambda *_args, **_named: printed)
    with pytest.raises(Invalid) as refused:
        jailed_parser.parse_captions_jailed("a.srt", SRT.encode())
    assert [str(one) for one in refused.value.fields.values()] == ["读不出这个字幕文件，请另存为 SRT 后再上传。"]


def test_a_parser_at_its_limits_is_ended_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = "讲".encode() * 1_700_000
    for limits, sentence in (
        (Limits(seconds=0.3), "太长时间"),
        (Limits(seconds=60, cpu_s=1), "太长时间"),
        (Limits(seconds=60, memory_mib=60), "读不出"),
    ):
        monkeypatch.setattr(jailed_parser, "LIMITS", limits)
        with pytest.raises(Invalid, match=sentence):
            jailed_parser.parse_captions_jailed("讲稿.txt", data, 3_600_000)


def test_so_many_files_at_a_time_and_then_please_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jailed_parser, "WAIT_S", 0.01)
    taken = [jailed_parser._turns.acquire(blocking=False) for _ in range(jailed_parser.AT_ONCE)]
    try:
        assert all(taken), "every parse before gave its turn back, also those that were refused"
        with pytest.raises(Busy):
            jailed_parser.parse_captions_jailed("a.srt", SRT.encode())
    finally:
        for _ in taken:
            jailed_parser._turns.release()
    assert len(jailed_parser.parse_captions_jailed("a.srt", SRT.encode()).cues) == 2


LOOK = """
import json, pathlib, sys
def main(arguments):
    said = []
    for path in arguments:
        try:
            said.append(pathlib.Path(path).read_text()[:6])
        except OSError as error:
            said.append(type(error).__name__)
    json.dump(said, sys.stdout)
"""


def test_a_module_in_the_jail_sees_code_and_the_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "academy"
    package.mkdir()
    (package / "looking.py").write_text(LOOK)
    (tmp_path / "mine").mkdir()
    for name in ("secret", "shown"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(tools, "_PACKAGE", package)
    paths = [str(tmp_path / name) for name in ("secret", "shown")] + ["/etc/shadow", "/proc/1/environ"]
    sees = [tmp_path / "shown", tools._JAILED]
    said = tools.run_module("academy.looking", paths, folder=tmp_path / "mine", limits=Limits(), sees=sees)
    assert json.loads(said) == ["PermissionError", "shown", "PermissionError", "PermissionError"]


def test_a_document_is_refused_only_with_sentences_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "x.docx"
    given.write_bytes(b"PK\x03\x04")
    for printed in ("", "[]", '{"refused": "x"}', '{"refused": ["x"]}', '{"answer": "exe"}', '{"answer": ["docx"]}'):
        monkeypatch.setattr(tools, "run_module", lambda *_args, said=printed, **_named: said)
        if "answer" in printed:
            assert packages.kind_of(given, tmp_path) is None
            assert packages.refusal_of(given, tmp_path) is None
        else:
            with pytest.raises(Invalid, match="文件已损坏"):
                packages.kind_of(given, tmp_path)
