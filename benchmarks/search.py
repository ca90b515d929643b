"""How fast search is at 700,000 captions: Whoosh, PostgreSQL and SQLite FTS5 in one run.

    python -m benchmarks.search [--cues 700000] [--quick] [--fresh]

Every engine holds the same windows of the same words and answers the same thing: the ten best
lectures, and which lectures match at all. FTS5 is given its best case: contentless, the lecture's
number in the row id, no second look.
"""

import argparse
import json
import random
import re
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from academy.core.database import Database
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.library.events import CoursePublished
from academy.search import queries
from academy.search.backends.interface import SearchBackend
from academy.search.backends.postgresql.backend import PostgresBackend
from academy.search.backends.selection import search_backend
from academy.search.backends.whoosh.view import folder_size
from academy.search.lectures import windows
from academy.search.query_parser import RAREST, Query, parse
from academy.search.retrieval import CANDIDATES, MOST_VERIFIED, rank
from academy.search.text import HAN, Segmenter, is_han, normalise
from benchmarks._lectures import CATEGORIES, Talk, fill, is_filled, mark_filled, open_runtime, put
from benchmarks._texts import cue_texts, packed, pieces
from tests.support.services import postgres
from tests.support.shortcuts import drain

CLASSES = ("rare", "common", "two_word", "phrase", "question", "facet")
READ_AGAIN = {"phrase", "question"}
"""A phrase is exact, and a question well answered, only after a look at the captions: it is part of their price."""
PER_LECTURE = 280
ROOM = 10_000
"""Row ids of one lecture in FTS5: its number times this, and the window's."""

Answer = Callable[[str, Query], int]


@dataclass
class Built:
    """An engine ready to answer, with what it cost."""

    answer: Answer
    build_s: float
    size: int


def talks(cues: int) -> Iterator[Talk]:
    """Lectures of some 280 lines (44 minutes) until there are so many lines."""
    lines: list[str] = []
    made = 0
    while made < cues:
        for _, title, text in pieces():
            lines += packed(cue_texts(text))
            if len(lines) >= PER_LECTURE or made + len(lines) >= cues:
                lines = lines[: cues - made]
                yield Talk(title[:60] or "无题", lines)
                made += len(lines)
                lines = []
                if made >= cues:
                    return


def whoosh_engine(runtime: Runtime, place: Path) -> Built:
    index = search_backend(runtime)
    seconds = _kept(place / "whoosh.json", index.health().ok, lambda: _rebuild(runtime, index))
    if index.health().segments > 1:
        index.merge()  # what earlier runs published for `fresh_s`
    return Built(_answer(runtime, index), seconds, folder_size(runtime.settings.data_dir / "search"))


def postgres_engine(runtime: Runtime, url: str, place: Path) -> Built:
    index = PostgresBackend(Database(url))
    seconds = _kept(place / "postgres.json", index.health().ok, lambda: _rebuild(runtime, index))
    return Built(_answer(runtime, index), seconds, index.health().size)


def _rebuild(runtime: Runtime, index: SearchBackend) -> None:
    with runtime.db.read() as tx:
        segmenter = queries.load_segmenter(tx)
    index.rebuild(queries.stream_lectures(runtime.db), segmenter)


def _answer(runtime: Runtime, index: SearchBackend) -> Answer:
    with runtime.db.read() as tx:
        visible = frozenset(queries.published_course_ids(tx))
        category = {c.course_id: c.category_id for c in queries.shelf(tx).values()}

    def answer(kind: str, question: Query) -> int:
        if kind in READ_AGAIN:
            found = index.search(question, visible, None, MOST_VERIFIED if kind == "phrase" else CANDIDATES)
            with runtime.db.read() as tx:
                ranked, found = rank(tx, question, found, None)
            return len(ranked)
        found = index.search(question, visible, None, CANDIDATES)
        if kind == "facet":
            return len(Counter(category[lecture] for lecture in found.lectures))
        return len(found.lectures)

    return answer


def fts5_engine(runtime: Runtime, place: Path) -> Built:
    path = place / "fts5.db"

    def build() -> None:
        path.unlink(missing_ok=True)
        base = sqlite3.connect(path)
        base.execute("CREATE VIRTUAL TABLE w USING fts5(t, content='', tokenize='unicode61')")
        base.execute("CREATE TABLE c (lecture INTEGER PRIMARY KEY, category INTEGER NOT NULL)")
        segmenter = Segmenter()
        for lecture in queries.stream_lectures(runtime.db):
            made = (window for part in lecture.parts for window in windows(part))
            base.executemany(
                "INSERT INTO w (rowid, t) VALUES (?, ?)",
                [
                    (lecture.lecture_id * ROOM + n, " ".join(segmenter.words(normalise(window.text))))
                    for n, window in enumerate(made)
                ],
            )
            base.execute("INSERT INTO c VALUES (?, ?)", (lecture.lecture_id, lecture.lecture_id % CATEGORIES))
        base.execute("INSERT INTO w (w) VALUES ('optimize')")
        base.commit()
        base.close()

    seconds = _kept(place / "fts5.json", path.exists(), build)
    base = sqlite3.connect(path)
    base.execute("PRAGMA mmap_size=2147483648")
    base.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab('main', 'w', 'row')")
    segmenter = Segmenter()

    def frequency(word: str) -> int:
        row = base.execute("SELECT doc FROM temp.v WHERE term = ?", (word,)).fetchone()
        return row[0] if row else 0

    def answer(kind: str, question: Query) -> int:
        quoted = [f'"{word}"' for word in question.words]
        if kind == "phrase":
            match = '"' + " ".join(segmenter.words(question.phrases[0])) + '"'
        elif kind == "question":
            known = sorted((n, word) for word in question.words if (n := frequency(word)))
            if not base.execute("SELECT 1 FROM w WHERE w MATCH ? LIMIT 1", (" AND ".join(quoted),)).fetchone():
                quoted = [f'"{word}"' for _, word in known[:RAREST]]
                match = " OR ".join(quoted)
            else:
                match = " AND ".join(quoted)
        else:
            match = " AND ".join(quoted)
        rows = base.execute(
            f"SELECT rowid / {ROOM}, min(rank) AS best FROM w WHERE w MATCH ? GROUP BY 1 ORDER BY best", (match,)
        ).fetchall()
        if kind == "facet":
            return len(
                base.execute(
                    f"SELECT c.category, count(DISTINCT c.lecture) FROM w JOIN c ON c.lecture = w.rowid / {ROOM} "
                    "WHERE w MATCH ? GROUP BY 1",
                    (match,),
                ).fetchall()
            )
        return len(rows)

    return Built(answer, seconds, path.stat().st_size)


def _kept(path: Path, there: bool, build: Callable[[], None]) -> float:
    """Build once; afterwards the seconds it took are remembered."""
    if not there or not path.exists():
        started = time.perf_counter()
        build()
        path.write_text(json.dumps(time.perf_counter() - started))
    return float(json.loads(path.read_text()))


def asked(runtime: Runtime, each: int) -> dict[str, list[tuple[str, Query]]]:
    """Questions of every class, drawn from what is said, none twice."""
    segmenter, draw = Segmenter(), random.Random(6)
    with runtime.db.read() as tx:
        ids = queries.published_course_ids(tx)
        lectures = queries.lectures(tx, draw.sample(ids, min(len(ids), 150)))
    texts = [normalise(w.text) for lecture in lectures for part in lecture.parts for w in windows(part)]
    cut = [[w for w in segmenter.words(text) if len(w) > 1 and is_han(w)] for text in texts]
    count = Counter(word for words in cut for word in dict.fromkeys(words))  # a set's order differs from run to run
    ranked = [word for word, _ in count.most_common()]
    common = ranked[: each * 2]
    middle = set(ranked[: max(400, len(ranked) // 10)])
    rare = draw.sample([word for word in ranked if count[word] == 1], each)
    made: dict[str, list[str]] = {"rare": rare, "common": common[::2][:each], "facet": common[1::2][:each]}
    made["two_word"] = [" ".join(draw.sample(sorted(middle & set(w)), 2)) for w in cut if len(middle & set(w)) > 1]
    made["phrase"] = []
    for text in draw.sample(texts, min(len(texts), each * 4)):
        made["phrase"] += [f"“{run[1:7]}”" for run in re.findall(rf"[{HAN}]{{8,}}", text)[:1]]
    made["question"] = ["".join(w[i : i + 8]) + "是什么" for w in cut if len(w) > 20 for i in [draw.randrange(12)]]
    questions: dict[str, list[tuple[str, Query]]] = {}
    for kind in CLASSES:
        chosen = list(dict.fromkeys(made[kind]))
        if kind not in {"common", "facet"}:
            draw.shuffle(chosen)
        questions[kind] = [(text, parse(text, segmenter)) for text in chosen[:each]]
    return questions


def timed(
    engines: dict[str, Built], questions: dict[str, list[tuple[str, Query]]]
) -> dict[str, dict[str, dict[str, float]]]:
    """p50 and p95 in milliseconds, by class and engine; the engines take turns, so that noise hits all."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for kind, asked_ in questions.items():
        spent: dict[str, list[float]] = {name: [] for name in engines}
        for _, question in asked_:
            for name, engine in engines.items():
                started = time.perf_counter()
                engine.answer(kind, question)
                spent[name].append(1000 * (time.perf_counter() - started))
        figures[kind] = {
            name: {"p50": round(statistics.median(ms), 2), "p95": round(sorted(ms)[int(len(ms) * 0.95)], 2)}
            for name, ms in spent.items()
        }
    return figures


def warm(place: Path) -> None:
    """Read every engine's files once: a running house has them in memory, and otherwise the first question of
    a class would pay for the disk."""
    for path in place.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 22):
                    pass


def fresh_seconds(runtime: Runtime) -> float:
    """From publishing a lecture of 1,200 lines to finding a word of it."""
    word = f"鲜{int(time.time()) % 9973}"
    lines = [
        f"这一句是第{n}句，讲的是乡村的事情，也讲{word}。" if n == 700 else f"第{n}句，讲的是村里的水渠和道路。"
        for n in range(1200)
    ]
    with runtime.db.read() as tx:
        number = max(queries.published_course_ids(tx)) + 1
    put(runtime, [(number, Talk("新课", lines))])
    started = time.perf_counter()
    with runtime.db.begin() as tx:
        publish(tx, CoursePublished(number))
    drain(runtime)
    found = search_backend(runtime).search(parse(word, Segmenter()), frozenset({number}), None, 10)
    assert found.lectures == {number}, found
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cues", type=int, default=700_000)
    parser.add_argument("--each", type=int, default=60, help="questions of each class")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    cues, each = (20_000, 20) if given.quick else (given.cues, given.each)
    place = Path(f".cache/search/{cues}")
    runtime = open_runtime(place, fresh=given.fresh)
    if not is_filled(place):
        fill(runtime, talks(cues))
        mark_filled(place)
    with postgres(place.absolute() / "postgres", keep=True) as url:
        engines = {
            "whoosh": whoosh_engine(runtime, place),
            "postgresql": postgres_engine(runtime, url, place),
            "fts5": fts5_engine(runtime, place),
        }
        warm(place)
        figures = timed(engines, asked(runtime, each))
        line = {
            "benchmark": "search",
            "cues": cues,
            "windows": search_backend(runtime).health().documents,
            "build_s": {name: round(engine.build_s, 1) for name, engine in engines.items()},
            "mb": {name: round(engine.size / 1e6, 1) for name, engine in engines.items()},
            "ms": figures,
            "two_word_ratio": _ratio(figures["two_word"]),
            "common_ratio": _ratio(figures["common"]),
            "facet_ratio": _ratio(figures["facet"]),
            "question_p95_ms": figures["question"]["whoosh"]["p95"],
            "pg_worst_p95_ms": max(kind["postgresql"]["p95"] for kind in figures.values()),
            "fresh_s": round(fresh_seconds(runtime), 2),
        }
    print(json.dumps(line, ensure_ascii=False))


def _ratio(figures: dict[str, dict[str, float]]) -> float:
    return round(figures["whoosh"]["p50"] / max(1e-9, figures["fts5"]["p50"]), 2)


if __name__ == "__main__":
    main()
