"""From silences to captions, and the error rate."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.media.transcription import models, rules
from academy.media.transcription.recogniser import blocks


def test_pieces_leave_silence_out_and_are_short_enough() -> None:
    log = "silence_start: 0\nsilence_end: 1.5 | silence_duration: 1.5\nsilence_start: 9\nsilence_end: 12\n"
    quiet = rules.silences(log)
    assert quiet == [(0, 1500), (9000, 12000)]
    assert rules.pieces(quiet, 20_000) == [(1300, 20_000)]
    assert rules.pieces(quiet, 20_000, longest_ms=9_000) == [(1300, 9200), (11_800, 20_000)]
    assert rules.pieces(rules.silences("silence_start: 0\n"), 60_000) == []
    assert rules.pieces([], 45_000) == [(0, 15_000), (15_000, 30_000), (30_000, 45_000)]


@given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 20_000))), st.integers(1, 100_000))
def test_pieces_are_in_order_within_the_sound(gaps: list[tuple[int, int]], duration: int) -> None:
    quiet, at = [], 0
    for start, length in sorted(gaps):
        if start > at:
            quiet.append((start, start + length))
            at = start + length
    found = rules.pieces([one for one in quiet if one[0] < duration], duration)
    assert all(0 <= a < b <= duration and b - a <= rules.LONGEST_PIECE_MS + 400 for a, b in found)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(found))


def test_blocks_join_neighbours_up_to_five_minutes() -> None:
    assert blocks([(0, 200_000), (210_000, 290_000), (300_000, 400_000)]) == [(0, 290_000), (300_000, 400_000)]


def test_captions_break_at_stops_and_carry_how_sure_they_are() -> None:
    words = [[n * 300, n * 300 + 300, letter, 0.9 if n else 0.3] for n, letter in enumerate("大家好。今天讲乡村振兴")]
    cues = rules.to_cues([{"start": 0, "end": 3300, "text": "", "confidence": 0.5, "words": words}])
    assert [cue.text for cue in cues] == ["大家好。", "今天讲乡村振兴"]
    assert cues[0].confidence == pytest.approx(0.75)
    assert (cues[1].start_ms, cues[1].end_ms) == (1200, 3300)
    spread = rules.to_cues([{"start": 1000, "end": 5000, "text": "第一句。第二句。", "confidence": None, "words": []}])
    assert [(c.start_ms, c.end_ms, c.text) for c in spread] == [(1000, 3000, "第一句。"), (3000, 5000, "第二句。")]


def slow_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def test_the_distance_is_levenshteins() -> None:
    draw = random.Random(5)
    for _ in range(300):
        a = "".join(draw.choices("甲乙丙丁", k=draw.randrange(12)))
        b = "".join(draw.choices("甲乙丙丁", k=draw.randrange(12)))
        assert rules.distance(a, b) == slow_distance(a, b), (a, b)


def test_the_error_rate_counts_words_not_commas() -> None:
    assert rules.character_error_rate("同志们 好！", "同志们好") == (0, 4, 0.0)
    assert rules.character_error_rate("同志门好", "同志们好。") == (1, 4, 0.25)


@pytest.mark.parametrize(
    ("names", "engine", "kind"),
    [
        (["model.bin", "config.json"], "faster-whisper", "whisper"),
        (["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"], "sherpa-onnx", "moonshine"),
        (["encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"], "sherpa-onnx", "transducer"),
        (["tiny-encoder.onnx", "tiny-decoder.onnx", "tiny-tokens.txt"], "sherpa-onnx", "whisper"),
        (["model.int8.onnx", "tokens.txt"], "sherpa-onnx", "zipformer_ctc"),
        (["model.onnx"], None, None),
        ([], None, None),
    ],
)
def test_a_folder_tells_its_engine(tmp_path, names, engine, kind) -> None:  # type: ignore[no-untyped-def]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    found = models.inspect_model(tmp_path)
    assert (found and found.engine, found and found.kind) == (engine, kind)


def test_one_file_models_are_told_apart_by_their_metadata(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "tokens.txt").write_bytes(b"x")
    for data, kind in ((b"...lang_zh 3 lfr_window_size", "sense_voice"), (b"..lfr_window_size", "paraformer")):
        (tmp_path / "model.onnx").write_bytes(data)
        found = models.inspect_model(tmp_path)
        assert found is not None and found.kind == kind
    (tmp_path / "model.int8.onnx").write_bytes(b"x")
    found = models.inspect_model(tmp_path)
    assert found is not None and found.files["model"] == "model.int8.onnx"
