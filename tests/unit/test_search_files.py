"""The embedded index's files: posting lists as they are stored, segments read in place, the newest commit."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.search.backends.whoosh import store as whoosh_store
from academy.search.backends.whoosh.backend import WhooshBackend
from academy.search.backends.whoosh.bulk import pack, unpack
from academy.search.backends.whoosh.files import Mapped
from academy.search.backends.whoosh.pairs import Pairs, block, packed
from academy.search.lectures import Lecture, LectureLine, LecturePart
from academy.search.query_parser import parse
from academy.search.text import Segmenter

SEGMENTER = Segmenter()
POSTINGS = st.dictionaries(st.integers(0, 200_000), st.integers(1, 255), min_size=1, max_size=40)


@given(POSTINGS, st.integers(1, 300))
def test_a_posting_list_comes_back_as_it_was(often: dict[int, int], spread: int) -> None:
    docs = np.array(sorted({doc // spread for doc in often}), np.uint32)
    times = np.array(list(often.values())[: len(docs)], np.uint8)
    ids, said = unpack(*pickle.loads(pack(docs, times)))  # noqa: S301
    assert ids.tolist() == docs.tolist() and said.tolist() == times.tolist()


@given(POSTINGS)
def test_a_posting_list_with_another_number_in_it_is_not_taken(often: dict[int, int]) -> None:
    docs, times = np.array(sorted(often), np.uint32), np.array(list(often.values()), np.uint8)
    gaps, said, check = pickle.loads(pack(docs, times))  # noqa: S301
    for other in ((*gaps[:-1], gaps[-1] ^ 1), (*gaps, 1)):
        with pytest.raises(ValueError):
            unpack(other, said, check)
    with pytest.raises(ValueError):
        unpack(gaps, bytes(times) + b"\1", check)


def test_a_part_of_a_file_is_read_as_a_file(tmp_path: Path) -> None:
    stored = pickle.dumps([*range(400)])
    (tmp_path / "a.seg").write_bytes(b"before" + stored + b"a line\nafter")
    part = Mapped.open(tmp_path / "a.seg").subset(6, len(stored) + 7)
    part.seek(0)
    assert part.read_pickle() == [*range(400)] and part.readline() == b"a line\n" and part.read(5) == b""
    assert part.seek(-7, io.SEEK_END) == len(stored) and part.read(3) == b"a l" and part.tell() == len(stored) + 3
    assert part.get(len(stored), 99) == b"a line\n", "what comes after belongs to another"


def test_the_newest_commit_is_seen_at_once_by_whoever_has_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that knows its folder to be unchanged looks at nothing else of it; a commit or a merge changes it."""
    monkeypatch.setattr(whoosh_store, "SETTLED_NS", -1)
    looks: list[Path] = []
    generation = whoosh_store.Store.generation
    monkeypatch.setattr(
        whoosh_store.Store, "generation", lambda store, path: looks.append(path) or generation(store, path)
    )
    writer, reader = WhooshBackend(tmp_path), WhooshBackend(tmp_path)
    said: set[int] = set()
    for number in range(1, 5):
        lecture = Lecture(
            number, f"第{number}讲", parts=[LecturePart(number, "上篇", [LectureLine(0, 0, 5000, "我们种茶叶。")])]
        )
        said.add(number)
        writer.index_lecture(lecture, SEGMENTER)
        if number == 3:
            writer.merge()
        for turn in range(3):
            looks.clear()
            assert reader.search(parse("茶叶", SEGMENTER), frozenset(range(9))).lectures == said
            assert bool(looks) == (turn == 0)


def test_a_folder_that_changed_a_moment_ago_is_looked_at_again(tmp_path: Path) -> None:
    """Two commits within one tick of the file system's clock look the same from outside."""
    index = WhooshBackend(tmp_path)
    index.delete_lecture(1)
    assert index.store.stamp(next(tmp_path.glob("g*-*"))) is None


HELD = st.dictionaries(
    st.integers(0, 5000), st.sets(st.integers(0, (1 << 32) - 1), min_size=1, max_size=30), max_size=30
)


@pytest.mark.thorough
@given(HELD)
def test_pairs_come_back_as_they_were(held: dict[int, set[int]]) -> None:
    gathered = [packed(np.array(sorted(pairs), np.uint32), doc) for doc, pairs in held.items()]
    stored = block(np.concatenate([np.empty(0, np.uint64), *gathered]))
    read = Pairs(memoryview(b"what comes before" + stored))
    for pair in {pair for pairs in held.values() for pair in pairs}:
        docs = sorted(doc for doc, pairs in held.items() if pair in pairs)
        assert read.docs(pair).tolist() == docs and read.frequency(pair) == len(docs)
    assert not len(read.docs(0xDEADBEEF)) or any(0xDEADBEEF in pairs for pairs in held.values())
    runs = [(n, d) for numbers, docs in read.runs() for n, d in zip(numbers.tolist(), docs.tolist(), strict=True)]
    assert runs == sorted((pair, doc) for doc, pairs in held.items() for pair in pairs)


@given(HELD.filter(bool), st.data())
def test_pairs_with_another_byte_in_them_are_not_taken(held: dict[int, set[int]], data: st.DataObject) -> None:
    gathered = [packed(np.array(sorted(pairs), np.uint32), doc) for doc, pairs in held.items()]
    stored = bytearray(block(np.concatenate(gathered)))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError):
        list(Pairs(memoryview(stored)).runs())


def test_more_documents_than_three_bytes_count_are_refused() -> None:
    with pytest.raises(ValueError, match="three bytes"):
        block(packed(np.array([1], np.uint32), 1 << 24))
