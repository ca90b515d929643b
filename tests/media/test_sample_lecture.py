"""The sample lectures: spoken statutes whose captions are timed by the speech itself."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from academy.cli.sample import espeak_library, lecture, paper, parts, slides, speech, statutes
from academy.core.settings import Settings
from academy.media import tools

PLAN = lecture.LecturePlan("把乡村建设得更好", "乡村振兴促进法", 1, 24_000)


pytestmark = [pytest.mark.media, pytest.mark.needs("voice")]


@pytest.fixture
def made(tmp_path: Path) -> lecture.MadeLecture:
    return lecture.make(PLAN, Settings(), "云溪市", lambda _: None, tmp_path / "cache")


def length_s(file: Path) -> float:
    words = [tools.ffprobe(Settings()), "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_it_is_exactly_as_long_as_was_promised(made: lecture.MadeLecture) -> None:
    assert abs(length_s(made.file) - 24.0) < 0.1


def test_captions_follow_each_other_and_end_with_the_speech(made: lecture.MadeLecture) -> None:
    assert len(made.cues) >= 2
    assert made.cues[0].text == "把乡村建设得更好。"
    for one, following in zip(made.cues, made.cues[1:], strict=False):
        assert one.start_ms < one.end_ms <= following.start_ms
    assert made.cues[-1].end_ms <= 24_000 - lecture.CLOSING_MS


def test_there_is_speech_where_a_caption_says_so_and_silence_between(made: lecture.MadeLecture) -> None:
    command = [tools.ffmpeg_path(Settings()), "-v", "error", "-i", str(made.file)]
    command += ["-f", "s16le", "-ac", "1", "-ar", "8000", "-"]
    sound = subprocess.run(command, capture_output=True, check=True).stdout

    def loudness(start_ms: int, end_ms: int) -> float:
        piece = memoryview(sound[start_ms * 16 : end_ms * 16]).cast("h")
        return (sum(sample * sample for sample in piece) / max(1, len(piece))) ** 0.5

    for one, following in zip(made.cues, made.cues[1:], strict=False):
        spoken, between = loudness(one.start_ms, one.end_ms), loudness(one.end_ms + 60, following.start_ms - 60)
        assert spoken > 300 > 10 * between


def test_the_second_city_reuses_the_film(made: lecture.MadeLecture, tmp_path: Path) -> None:
    before = made.file.stat().st_mtime_ns
    again = lecture.make(PLAN, Settings(), "云溪市", lambda _: None, tmp_path / "cache")
    assert (again.file.stat().st_mtime_ns, again.cues) == (before, made.cues)


def test_a_slide_shows_chinese_and_not_boxes() -> None:
    page = slides.article("乡村振兴促进法", "第一条", ["为了全面实施乡村振兴战略。", "制定本法。"], 0, (1, 2))
    assert page.size == slides.SIZE
    one, other = (slides.font(60).getmask(character) for character in "党学")
    assert bytes(one) != bytes(other), "two characters look alike: the font lacks them"
    assert isinstance(page, Image.Image)


def test_a_paper_has_words_that_can_be_found_and_a_face_that_can_be_read(tmp_path: Path) -> None:
    plan = lecture.LecturePlan("消防", "消防法", 1, 0, "document")
    made = lecture.make(plan, Settings(), "云溪市", lambda _: None, tmp_path / "cache")
    assert made.cues == []
    with contextlib.closing(pdfium.PdfDocument(made.file)) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert len(texts) > 1 and "消防法" in texts[0]
    lines = [line for text in texts for line in text.splitlines()]
    assert not [line for line in lines if line[0] in "，。；、：！？"], "no line begins with a stop"
    said = "".join(lines)
    for article in statutes.articles("消防法", 1, lecture.ARTICLES):
        assert article.heading in said
    again = tmp_path / "again.pdf"
    paper.write("消防法", statutes.articles("消防法", 1, lecture.ARTICLES), again)
    assert again.read_bytes() == made.file.read_bytes()


def test_the_library_of_a_wheel_speaks_too(tmp_path: Path) -> None:
    library = parts.find_espeak_library()
    assert library is not None, "requirements/dev.txt has it"
    words = [sys.executable, "-I", "-S", espeak_library.__file__, str(library), "280", str(tmp_path / "a.wav")]
    subprocess.run(words, input="为了全面实施乡村振兴战略。".encode(), check=True)
    assert 1_000 < speech.length_ms((tmp_path / "a.wav").read_bytes()[44:]) < 9_000
