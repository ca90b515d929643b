"""The index's writer is killed in mid-commit, two hundred times: what is there can always be read."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from academy.search.backends.whoosh.backend import WhooshBackend
from tests.components.search_index import SEGMENTER, ask, lecture

ROUNDS = 200
pytestmark = pytest.mark.faults


def write_for_ever(folder: Path, seed: int) -> None:
    """The child: replaces, deletes, merges, until it is killed."""
    index, draw = WhooshBackend(folder), random.Random(seed)
    while True:
        number = draw.randrange(1, 6)
        index.index_lecture(lecture(number, [f"第{draw.random()}回说茶叶。"] * 40), SEGMENTER)
        if draw.random() < 0.2:
            index.merge()


def test_a_killed_writer_leaves_a_whole_index(tmp_path: Path) -> None:
    draw = random.Random(1)
    index = WhooshBackend(tmp_path)
    index.rebuild((lecture(n, ["说茶叶。"] * 40) for n in range(1, 6)), SEGMENTER)
    for turn in range(ROUNDS):
        child = os.fork()
        if child == 0:
            try:
                write_for_ever(tmp_path, turn)
            finally:
                os._exit(1)
        time.sleep(draw.uniform(0.002, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        fresh = WhooshBackend(tmp_path)
        health = fresh.health(thorough=True)
        assert health.ok and health.lectures == 5, (turn, health)
        assert ask(fresh, "茶叶").lectures == {1, 2, 3, 4, 5}, turn
    index.index_lecture(lecture(9, ["最后说水库。"]), SEGMENTER)
    assert ask(index, "水库").lectures == {9}
