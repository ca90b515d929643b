"""One question to the PostgreSQL index."""

import math
from collections.abc import Set
from typing import Any

from sqlalchemy import text

from academy.core.db import Tx
from academy.search.backend import Found, Hit
from academy.search.postgres_tables import NAME, TIERS, quote
from academy.search.question import RAREST, Question
from academy.search.text import pairs

NAMED = 2.0
MOST_POSTINGS = 12_000
"""Windows that a question may touch in the second try: rarest words first, until so many."""


def documents(tx: Tx, words: list[str]) -> dict[str, int]:
    found = tx.execute(text("SELECT word, documents FROM search_words WHERE word = ANY(:words)"), {"words": words})
    counts: dict[str, int] = {row.word: row.documents for row in found}
    return {word: counts.get(word, 0) for word in words}


class PostgresSearch:
    """One question."""

    def __init__(self, tx: Tx, question: Question, visible: Set[int], allowed: Set[int] | None, limit: int) -> None:
        self.tx, self.question, self.visible, self.allowed, self.limit = tx, question, visible, allowed, limit
        words = list(question.words)
        self.counts = documents(tx, words) if words else {}
        total = tx.execute(text("SELECT reltuples FROM pg_class WHERE oid = 'search_windows'::regclass")).scalar_one()
        total = max(float(total), *self.counts.values(), 1.0)
        self.weights = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in self.counts.items()}
        self.names = self._names(words)

    def run(self) -> Found:
        matched, hits = self._strict()
        relaxed = not matched and not self.question.phrases
        if relaxed:
            matched, hits = self._relaxed()
        named: dict[int, float] = {}
        for word, lectures in self.names.items():
            for lecture_id in lectures & matched:
                named[lecture_id] = named.get(lecture_id, 0.0) + self.weights[word] * NAMED
        return Found(hits, frozenset(matched), named, relaxed and bool(matched), self.weights)

    def _names(self, words: list[str]) -> dict[str, set[int]]:
        """For each word, the lectures in whose name it stands."""
        if not words:
            return {}
        rows = self.tx.execute(
            text(
                "SELECT w.n, s.lecture_id FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY w(q, n) "
                "JOIN search_windows s ON s.words @@ CAST(w.q AS tsquery)"
            ),
            {"queries": [quote(NAME + word) for word in words]},
        )
        found: dict[str, set[int]] = {word: set() for word in words}
        for number, lecture_id in rows:
            found[words[number - 1]].add(lecture_id)
        return found

    def _strict(self) -> tuple[set[int], list[Hit]]:
        """Every word, said in the window or standing in the lecture's name; every pair of the phrases."""
        values: dict[str, Any] = {"limit": self.limit}
        conditions = []
        for number, word in enumerate(self.question.words):
            lectures = self.names[word]
            if not self.counts.get(word) and not lectures:
                return set(), []
            said = f"words @@ CAST(:w{number} AS tsquery)"
            values[f"w{number}"] = quote(word)
            if lectures:
                said = f"({said} OR lecture_id = ANY(:l{number}))"
                values[f"l{number}"] = list(lectures)
            conditions.append(said)
        for number, phrase in enumerate(self.question.phrases):
            together = list(dict.fromkeys(pairs(phrase)))
            if together:
                conditions.append(f"pairs @@ CAST(:p{number} AS tsquery)")
                values[f"p{number}"] = " & ".join(map(quote, together))
        if not conditions:
            return set(), []
        where = " AND ".join(conditions)
        matched = self._lectures(f"SELECT DISTINCT lecture_id FROM search_windows WHERE {where}", values)
        return matched, self._hits(where, values, matched) if matched else []

    def _lectures(self, statement: str, values: dict[str, Any]) -> set[int]:
        return set(self.tx.scalars(text(statement), values)) & self.visible

    def _hits(self, where: str, values: dict[str, Any], matched: set[int]) -> list[Hit]:
        """The strongest windows: those that say the words most often, then any."""
        wanted = matched if self.allowed is None else matched & self.allowed
        narrowed = len(wanted) < len(matched) or len(wanted) < 50
        extra = " AND lecture_id = ANY(:wanted)" if narrowed else ""
        if narrowed:
            values = values | {"wanted": list(wanted)}
        found: dict[int, Hit] = {}
        words = sorted(self.question.words, key=lambda word: self.counts.get(word, 0))
        for tier in (*reversed(TIERS), 0):
            more, tiers = "", {}
            if tier:
                if not words:
                    continue
                more = " AND (" + " OR ".join(f"words @@ CAST(:x{n} AS tsquery)" for n in range(len(words))) + ")"
                tiers = {f"x{n}": quote(f"{word}#{tier}") for n, word in enumerate(words)}
            for row in self.tx.execute(
                text(
                    f"SELECT id, lecture_id, item_id, first_seq, last_seq FROM search_windows "
                    f"WHERE {where}{extra}{more} LIMIT :limit"
                ),
                values | tiers,
            ):
                if row.lecture_id in wanted and row.id not in found:
                    found[row.id] = Hit(row.lecture_id, row.item_id, row.first_seq, row.last_seq, float(tier + 1))
            if len(found) >= self.limit:
                break
        return list(found.values())[: self.limit]

    def _relaxed(self) -> tuple[set[int], list[Hit]]:
        """Some of the words: the rarest, each worth its rarity."""
        known = [word for word in self.question.words if self.counts.get(word) or self.names[word]]
        rarest = sorted(known, key=lambda word: self.counts.get(word, 0))[:RAREST]
        chosen: list[str] = []
        postings = 0
        for word in rarest:
            if chosen and postings + self.counts.get(word, 0) > MOST_POSTINGS:
                break
            chosen.append(word)
            postings += self.counts.get(word, 0)
        if not chosen:
            return set(), []
        values: dict[str, Any] = {"limit": self.limit}
        parts = []
        for number, word in enumerate(chosen):
            values |= {f"w{number}": quote(word), f"s{number}": self.weights[word]}
            parts.append(
                f"SELECT id, lecture_id, item_id, first_seq, last_seq, CAST(:s{number} AS float8) AS s "
                f"FROM search_windows WHERE words @@ CAST(:w{number} AS tsquery)"
            )
            if self.names[word]:
                values |= {f"l{number}": list(self.names[word])}
                parts.append(
                    f"SELECT id, lecture_id, item_id, first_seq, last_seq, CAST(:s{number} AS float8) "
                    f"FROM search_windows WHERE item_id = 0 AND lecture_id = ANY(:l{number})"
                )
        union = " UNION ALL ".join(parts)
        scored = self.tx.execute(
            text(
                f"SELECT lecture_id, item_id, first_seq, last_seq, sum(s) AS score FROM ({union}) u "
                "GROUP BY id, lecture_id, item_id, first_seq, last_seq ORDER BY score DESC"
            ),
            values,
        ).all()
        matched = {row.lecture_id for row in scored} & self.visible
        wanted = matched if self.allowed is None else matched & self.allowed
        return matched, [Hit(*row) for row in scored if row.lecture_id in wanted][: self.limit]
