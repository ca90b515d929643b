"""Writing rows of the PostgreSQL index, inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from academy.core.db import Tx
from academy.search.lectures import Lecture
from academy.search.names import suggestions
from academy.search.postgres_tables import COLUMNS, PAIR_WORD, heard, rows
from academy.search.text import Segmenter, named_bucket

PART = 20_000


def script(tx: Tx, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            tx.execute(text(statement))


def drop(tx: Tx, lecture_id: int) -> None:
    """Take a lecture out, and its words out of the counts."""
    gone: Counter[str] = Counter()
    query = f"SELECT words FROM search_windows WHERE lecture_id = {int(lecture_id)}"
    for word, documents in tx.execute(text("SELECT word, ndoc FROM ts_stat(:query)"), {"query": query}):
        if ":" not in word and "#" not in word:
            gone[word] -= documents
    paired = "SELECT pair, count(*) FROM search_windows, unnest(pairs) pair WHERE lecture_id = :id GROUP BY pair"
    for pair, documents in tx.execute(text(paired), {"id": lecture_id}):
        gone[PAIR_WORD + named_bucket(pair)] -= documents
    for about in tx.scalars(text("SELECT about FROM search_windows WHERE lecture_id = :id"), {"id": lecture_id}):
        gone.subtract((about or "").split())
    count(tx, gone, known=True)
    tx.execute(text("DELETE FROM search_windows WHERE lecture_id = :id"), {"id": lecture_id})
    tx.execute(text("DELETE FROM search_names WHERE lecture_id = :id"), {"id": lecture_id})


def put(tx: Tx, lectures: list[Lecture], segmenter: Segmenter, suffix: str = "") -> Counter[str]:
    """Add lectures; returns in how many of their rows each word is, for `count`."""
    counts: Counter[str] = Counter()
    made: list[tuple[Any, ...]] = []
    names: list[tuple[Any, ...]] = []
    for lecture in lectures:
        found = rows(lecture, segmenter)
        made += found.windows
        counts.update(found.counts)
        names += [(lecture.lecture_id, key, shown) for key, shown in suggestions(lecture, segmenter)]
    _copy(tx, f"search_windows{suffix}", COLUMNS, made)
    _copy(tx, f"search_names{suffix}", ("lecture_id", "key", "shown"), names)
    return counts


def count(tx: Tx, counts: Mapping[str, int], *, known: bool = False) -> None:
    """Add to the counts of words; `known`: only of those that are counted already."""
    words = sorted(counts)
    for start in range(0, len(words), PART):
        part = words[start : start + PART]
        values = {"words": part, "documents": [counts[word] for word in part]}
        if known:
            tx.execute(
                text(
                    "UPDATE search_words s SET documents = greatest(0, s.documents + n.documents) FROM "
                    "unnest(CAST(:words AS text[]), CAST(:documents AS integer[])) n(word, documents) "
                    "WHERE s.word = n.word"
                ),
                values,
            )
            continue
        tx.execute(
            text(
                "INSERT INTO search_words AS s (word, sound, documents) SELECT * FROM unnest("
                "CAST(:words AS text[]), CAST(:sounds AS text[]), CAST(:documents AS integer[])) "
                "ON CONFLICT (word) DO UPDATE SET documents = s.documents + excluded.documents"
            ),
            values | {"sounds": [heard(word) for word in part]},
        )


def fill(tx: Tx, counts: Mapping[str, int], suffix: str) -> None:
    """Write the counts of words into a table that has none yet."""
    _copy(tx, f"search_words{suffix}", ("word", "sound", "documents"), ((w, heard(w), n) for w, n in counts.items()))


def _copy(tx: Tx, table: str, columns: Iterable[str], made: Iterable[tuple[Any, ...]]) -> None:
    """Rows by COPY: several times as fast as INSERT."""
    driver: Any = tx.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in made:
            copy.write_row(row)
