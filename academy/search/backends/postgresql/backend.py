"""Search on PostgreSQL: tsvector 'simple' over our own tokens, GIN; for an academy on several machines."""

import itertools
from collections.abc import Iterable, Sequence, Set

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from academy.core.database import Database, Tx
from academy.search.backends.interface import Found, Health, IndexBroken, Progress
from academy.search.backends.postgresql.rows import RowCounts, count, drop, fill, put, script
from academy.search.backends.postgresql.search import PostgresSearch, documents
from academy.search.backends.postgresql.tables import FORMAT, INDEX_NAMES, INDEXES, NAME, TABLE_NAMES, TABLES, quote
from academy.search.lectures import Lecture
from academy.search.query_parser import Query
from academy.search.text import Segmenter

LOCK = 0x5EA4C4
"""The advisory lock of the writer."""
BATCH = 50
SORTING = "512MB"
"""Memory for building an index: with half of it, a city's is written out several times and merged."""

ANALYSE = "ANALYZE search_windows, search_lectures, search_words, search_pairs"


class PostgresBackend:
    """Tables beside the application's own. A reader sees a complete commit or the one before."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._made = False

    # ---- reading ----

    def search(self, question: Query, visible: Set[int], allowed: Set[int] | None = None, limit: int = 300) -> Found:
        if question.is_empty:
            return Found()
        with self.db.read() as tx:
            if not self._there(tx):
                return Found()
            return PostgresSearch(tx, question, visible, allowed, limit).run()

    def suggest(self, prefix: str, limit: int = 8) -> list[tuple[str, frozenset[int]]]:
        if not prefix:
            return []
        like = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        with self.db.read() as tx:
            if not self._there(tx):
                return []
            found = tx.execute(
                text(
                    "SELECT shown, array_agg(DISTINCT lecture_id) FROM search_names WHERE key LIKE :like "
                    "GROUP BY shown ORDER BY min(key), shown LIMIT :limit"
                ),
                {"like": like, "limit": limit},
            )
            return [(shown, frozenset(lectures)) for shown, lectures in found]

    def sounding(self, sounds: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        with self.db.read() as tx:
            if not self._there(tx):
                return {}
            found: dict[str, list[tuple[str, int]]] = {}
            for key, word, documents in tx.execute(
                text(
                    "SELECT sound, word, documents FROM search_words WHERE sound = ANY(:sounds) AND documents > 0 "
                    "ORDER BY documents DESC, word"
                ),
                {"sounds": list(sounds)},
            ):
                found.setdefault(key, []).append((word, documents))
            return found

    def frequencies(self, words: Iterable[str]) -> dict[str, int]:
        with self.db.read() as tx:
            return documents(tx, words) if self._there(tx) else {}

    def together(self, wordings: Sequence[Sequence[str]]) -> list[int]:
        asked = [" & ".join(f"({quote(word)} | {quote(NAME + word)})" for word in words) for words in wordings]
        with self.db.read() as tx:
            if not wordings or not self._there(tx):
                return [0] * len(wordings)
            return list(
                tx.scalars(
                    text(
                        "SELECT (SELECT count(*) FROM search_windows WHERE words @@ CAST(w.q AS tsquery)) "
                        "FROM unnest(CAST(:asked AS text[])) WITH ORDINALITY w(q, n) ORDER BY w.n"
                    ),
                    {"asked": asked},
                )
            )

    def inventory(self) -> dict[int, int]:
        with self.db.read() as tx:
            if not self._there(tx):
                return {}
            held = tx.execute(text("SELECT lecture_id, digest FROM search_windows WHERE item_id = 0"))
            return {row.lecture_id: row.digest for row in held}

    def health(self, *, thorough: bool = False) -> Health:
        try:
            with self.db.read() as tx:
                if not self._there(tx):
                    return Health(False, problem="no index")
                count, lectures = tx.execute(
                    text("SELECT count(*), count(DISTINCT lecture_id) FROM search_windows")
                ).one()
                size = tx.execute(text("SELECT pg_total_relation_size('search_windows')")).scalar_one()
                if thorough:
                    # Detoasts every vector: a damaged page raises.
                    tx.execute(text("SELECT sum(length(words) + cardinality(pairs)) FROM search_windows"))
        except DBAPIError as error:
            return Health(False, problem=str(error.orig))
        return Health(True, count, lectures, 1, int(size))

    def wants_merge(self) -> bool:
        return False

    def exists(self) -> bool:
        with self.db.read() as tx:
            return self._there(tx)

    def damaged(self) -> bool:
        return False

    # ---- writing ----

    def index_lecture(self, lecture: Lecture, segmenter: Segmenter) -> None:
        def write(tx: Tx) -> None:
            self._own(tx)
            drop(tx, lecture.lecture_id)
            counts = RowCounts()
            put(tx, [lecture], segmenter, counts)
            count(tx, counts)

        self.db.run_in_transaction(write)

    def delete_lecture(self, lecture_id: int) -> None:
        def write(tx: Tx) -> None:
            self._own(tx)
            drop(tx, lecture_id)

        self.db.run_in_transaction(write)

    def rebuild(self, lectures: Iterable[Lecture], segmenter: Segmenter, progress: Progress | None = None) -> int:
        """Build into new tables; indexes after the rows; then the names are swapped in a moment."""
        # Not retried: under its lock there are no collisions, and the iterator of lectures is consumed once.
        done, counts = 0, RowCounts()
        with self.db.begin() as tx:
            self._own(tx)
            tx.execute(text("SET LOCAL statement_timeout = 0"))
            tx.execute(text(f"SET LOCAL maintenance_work_mem = '{SORTING}'"))
            tx.execute(text(f"DROP TABLE IF EXISTS {', '.join(f'{table}_new' for table in TABLE_NAMES)}"))
            script(tx, TABLES.format("_new"))
            stream = iter(lectures)
            while batch := list(itertools.islice(stream, BATCH)):
                put(tx, batch, segmenter, counts, "_new")
                done += len(batch)
                if progress:
                    progress(done)
            fill(tx, counts, "_new")
            script(tx, INDEXES.format("_new"))
            for table in TABLE_NAMES:
                tx.execute(text(f"DROP TABLE {table}"))
                tx.execute(text(f"ALTER TABLE {table}_new RENAME TO {table}"))
            for name in INDEX_NAMES:
                tx.execute(text(f"ALTER INDEX search_{name.format('_new')} RENAME TO search_{name.format('')}"))
            tx.execute(text(ANALYSE))
        return done

    def merge(self) -> None:
        """Update the planner's statistics; GIN itself has nothing to merge."""

        def write(tx: Tx) -> None:
            self._own(tx)
            tx.execute(text(ANALYSE))

        self.db.run_in_transaction(write)

    def _there(self, tx: Tx) -> bool:
        if not self._made:
            self._made = tx.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": FORMAT}).scalar_one()
        return self._made

    def _own(self, tx: Tx) -> None:
        """Lock out other writers until the transaction ends; create the tables when there are none of this kind."""
        if self.db.is_sqlite:
            raise IndexBroken("ACADEMY_SEARCH=postgresql needs a PostgreSQL database")
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if not self._there(tx):
            tx.execute(text(f"DROP TABLE IF EXISTS {', '.join(TABLE_NAMES)}"))
            script(tx, TABLES.format(""))
            script(tx, INDEXES.format(""))
