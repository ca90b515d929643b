"""Many processes search while one writes, replaces and merges: no search may fail.

    python -m tests.faults.search_reads [--reads 100000] [--readers 4]

Prints one JSON line: reads, errors, wrong answers, commits and merges meanwhile, the slowest read.
Every lecture says the word that is searched, before and after it is replaced: fewer is wrong.
"""

import argparse
import json
import multiprocessing
import random
import tempfile
import time
from pathlib import Path

from academy.search.backends.whoosh.backend import WhooshBackend
from tests.components.search_index import SEGMENTER, ask, lecture

LECTURES = 40
WORDS = ("茶叶", "合作社 茶叶", "“都说茶叶”", "茶叶 没有的词语")


def _read(
    folder: Path, reads: int, seed: int, told: "multiprocessing.Queue[tuple[int, list[str], int, float]]"
) -> None:
    index, draw = WhooshBackend(folder), random.Random(seed)
    errors: list[str] = []
    wrong, slowest = 0, 0.0
    for _ in range(reads):
        begun = time.perf_counter()
        try:
            found = ask(index, draw.choice(WORDS))
            wrong += len(found.lectures) != LECTURES
        except Exception as error:  # whatever it is, it is what this looks for
            errors.append(repr(error))
        slowest = max(slowest, time.perf_counter() - begun)
    told.put((reads, errors[:3], wrong, slowest))


def _lecture(number: int, turn: int):  # type: ignore[no-untyped-def]
    return lecture(number, [f"第{turn}回，合作社里都说茶叶。"] * 20)


def run(folder: Path, reads: int, readers: int) -> dict[str, object]:
    """Do it in `folder`; returns what the line says."""
    writer = WhooshBackend(folder)
    writer.rebuild((_lecture(n, 0) for n in range(1, LECTURES + 1)), SEGMENTER)
    context = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[tuple[int, list[str], int, float]] = context.Queue()
    share = -(-reads // readers)
    processes = [context.Process(target=_read, args=(folder, share, seed, told)) for seed in range(readers)]
    begun = time.monotonic()
    for process in processes:
        process.start()
    draw = random.Random(7)
    commits = merges = 0
    while any(process.is_alive() for process in processes) and told.qsize() < readers:
        writer.index_lecture(_lecture(draw.randrange(1, LECTURES + 1), commits), SEGMENTER)
        commits += 1
        if commits % 10 == 0:
            writer.merge()
            merges += 1
    heard = [told.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    return {
        "reads": sum(count for count, *_ in heard),
        "errors": sum(len(errors) for _, errors, _, _ in heard),
        "error": next((errors[0] for _, errors, _, _ in heard if errors), ""),
        "wrong": sum(wrong for _, _, wrong, _ in heard),
        "commits": commits,
        "merges": merges,
        "slowest_ms": round(1000 * max(slowest for *_, slowest in heard)),
        "seconds": round(time.monotonic() - begun, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=4)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), told.reads, told.readers)))


if __name__ == "__main__":
    main()
