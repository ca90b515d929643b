"""Writing rows of the PostgreSQL index, inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from academy.core.database import Tx
from academy.search.backends.postgresql.tables import COLUMNS, pronunciation, rows
from academy.search.lectures import Lecture
from academy.search.suggestions import suggestions
from academy.search.text import Segmenter

PART = 20_000


def script(tx: Tx, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            tx.execute(text(statement))


def drop(tx: Tx, lecture_id: int) -> None:
    """Remove a lecture and its words from the counts."""
    gone: Counter[str] = Counter()
    query = f"SELECT words FROM search_windows WHERE lecture_id = {int(lecture_id)}"
    for word, documents in tx.execute(text("SELECT word, ndoc FROM ts_stat(:query)"), {"query": query}):
        if ":" not in word:
            gone[word] -= documents
    for about in tx.scalars(text("SELECT about FROM search_windows WHERE lecture_id = :id"), {"id": lecture_id}):
        gone.subtract((about or "").split())
    paired = "SELECT pair, count(*) FROM search_windows, unnest(pairs) pair WHERE lecture_id = :id GROUP BY pair"
    _uncount(tx, gone, dict(tx.execute(text(paired), {"id": lecture_id}).all()))
    for table in ("search_windows", "search_lectures", "search_names"):
        tx.execute(text(f"DELETE FROM {table} WHERE lecture_id = :id"), {"id": lecture_id})


@dataclass
class RowCounts:
    """Number of rows with each word and each pair of characters."""

    words: Counter[str] = field(default_factory=Counter)
    pairs: Counter[int] = field(default_factory=Counter)


def put(tx: Tx, lectures: list[Lecture], segmenter: Segmenter, counts: RowCounts, suffix: str = "") -> None:
    """Add lectures, and update the counts of words and pairs."""
    made: list[tuple[Any, ...]] = []
    whole: list[tuple[Any, ...]] = []
    names: list[tuple[Any, ...]] = []
    for lecture in lectures:
        found = rows(lecture, segmenter)
        made += found.windows
        whole.append(found.lecture)
        counts.words.update(found.counts)
        counts.pairs.update(found.paired)
        names += [(lecture.lecture_id, key, shown) for key, shown in suggestions(lecture, segmenter)]
    _copy(tx, f"search_windows{suffix}", COLUMNS, made)
    _copy(tx, f"search_lectures{suffix}", ("lecture_id", "names", "pairs"), whole)
    _copy(tx, f"search_names{suffix}", ("lecture_id", "key", "shown"), names)


def count(tx: Tx, counts: RowCounts) -> None:
    """Increase the counts of words and pairs."""
    for words in _parts(counts.words):
        tx.execute(
            text(
                "INSERT INTO search_words AS s (word, sound, documents) SELECT * FROM unnest("
                "CAST(:words AS text[]), CAST(:sounds AS text[]), CAST(:documents AS integer[])) "
                "ON CONFLICT (word) DO UPDATE SET documents = s.documents + excluded.documents"
            ),
            {
                "words": words,
                "sounds": [*map(pronunciation, words)],
                "documents": [counts.words[word] for word in words],
            },
        )
    for pairs in _parts(counts.pairs):
        tx.execute(
            text(
                "INSERT INTO search_pairs AS s (pair, documents) "
                "SELECT * FROM unnest(CAST(:pairs AS integer[]), CAST(:documents AS integer[])) "
                "ON CONFLICT (pair) DO UPDATE SET documents = s.documents + excluded.documents"
            ),
            {"pairs": pairs, "documents": [counts.pairs[pair] for pair in pairs]},
        )


def _uncount(tx: Tx, words: Mapping[str, int], pairs: Mapping[int, int]) -> None:
    """Decrease the counts of words and pairs."""
    for table, key, kind, gone in (
        ("search_words", "word", "text", words), ("search_pairs", "pair", "integer", {p: -n for p, n in pairs.items()})
    ):  # fmt: skip
        statement = text(
            f"UPDATE {table} s SET documents = greatest(0, s.documents + n.documents) FROM "
            f"unnest(CAST(:keys AS {kind}[]), CAST(:documents AS integer[])) n(key, documents) WHERE s.{key} = n.key"
        )
        for keys in _parts(gone):
            tx.execute(statement, {"keys": keys, "documents": [gone[one] for one in keys]})


def _parts(counts: Mapping[Any, int]) -> Iterator[list[Any]]:
    """Keys in order, so that two writers cannot deadlock, in batches."""
    keys = sorted(counts)
    for start in range(0, len(keys), PART):
        yield keys[start : start + PART]


def fill(tx: Tx, counts: RowCounts, suffix: str) -> None:
    """Write the counts into tables that have none yet."""
    words = ((word, pronunciation(word), n) for word, n in counts.words.items())
    _copy(tx, f"search_words{suffix}", ("word", "sound", "documents"), words)
    _copy(tx, f"search_pairs{suffix}", ("pair", "documents"), counts.pairs.items())


def _copy(tx: Tx, table: str, columns: Iterable[str], made: Iterable[tuple[Any, ...]]) -> None:
    """Rows by COPY: several times as fast as INSERT."""
    driver: Any = tx.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in made:
            copy.write_row(row)
