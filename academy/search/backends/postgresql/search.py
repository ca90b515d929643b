"""One query to the PostgreSQL index.

Few statements, and none that reads vectors: properties of a window are tokens, so GIN alone answers.
"""

import math
from collections.abc import Iterable, Sequence, Set
from typing import Any

from sqlalchemy import text

from academy.core.database import Tx
from academy.search.backends.interface import Found, Hit
from academy.search.backends.postgresql.tables import NAME, TIERS, quote, signed, tier_of
from academy.search.backends.postgresql.where import PairCounts, Where
from academy.search.literal import Literal, pair_number
from academy.search.query_parser import EACH, GOOD, NAMED, PAIR, Query

RAREST = 4
"""Words, and pairs of characters, in a loose query: planning each takes a third of a millisecond."""
MOST_POSTINGS = 2_500
"""Windows that a loose query may read: the rarest terms first, up to this limit; for a query of common words only, the
intersections of the rarest."""
MOST_SCORED = 400

_COUNTS = text(
    # Transaction settings, combined with the counts: JIT compilation takes longer than the search, and a sequential
    # scan is never cheaper, because the vectors are out of line.
    "SELECT word, NULL AS pair, documents FROM search_words WHERE word = ANY(:words) UNION ALL "
    "SELECT NULL, pair, documents FROM search_pairs WHERE pair = ANY(:pairs) UNION ALL "
    "SELECT set_config('jit', 'off', true) || set_config('enable_seqscan', 'off', true), NULL, "
    # A table that was never analysed has -1 rows.
    "CASE WHEN reltuples > 0 THEN reltuples::bigint ELSE (SELECT max(id) FROM search_windows) END "
    "FROM pg_class WHERE oid = 'search_windows'::regclass"
)
_SETTINGS = "offoff"
PAIR_TERM = "p:"
"""Prefix of a pair of characters among the terms of a query."""
WORDS, PAIRS = "words @@ CAST(:{} AS tsquery)", "pairs @> CAST(:{} AS integer[])"
"""Conditions, each with its bind parameter."""
_FIELDS = "lecture_id, item_id, first_seq, last_seq"


def documents(tx: Tx, words: Iterable[str]) -> dict[str, int]:
    """Number of rows with each word."""
    words = list(words)
    found = tx.execute(text("SELECT word, documents FROM search_words WHERE word = ANY(:words)"), {"words": words})
    counts: dict[str, int] = {row.word: row.documents for row in found}
    return {word: counts.get(word, 0) for word in words}


class PostgresSearch:
    """One query."""

    def __init__(self, tx: Tx, question: Query, visible: Set[int], allowed: Set[int] | None, limit: int) -> None:
        self.tx, self.question, self.visible, self.allowed, self.limit = tx, question, visible, allowed, limit
        self.pairs = {PAIR_TERM + pair: signed([pair_number(pair)])[0] for pair in question.pairs}
        self.each = question.each
        self.counts: dict[str, int] = {}
        frequent: dict[int, int] = {}
        asked = {pair for one in self._literals() for pairs in one.pairs for pair in signed(pairs)}
        asked.update(pair for form in question.whole.stretches for pairs in form for pair in signed(pairs))
        terms = {"words": list(question.words), "pairs": [*asked.union(self.pairs.values())]}
        for word, pair, count in self._rows(_COUNTS, terms):
            if word is None:
                frequent[pair] = count
            else:
                self.counts[word] = count
        self.total = float(max(self.counts.pop(_SETTINGS) or 1, *self.counts.values(), 1))
        self.weights = {word: self._rarity(self.counts.get(word, 0)) for word in question.words}
        self.where = Where(question, PairCounts(tx, self.counts, frequent))
        self.counts |= {term: frequent[pair] for term, pair in self.pairs.items() if pair in frequent}

    def _literals(self) -> list[Literal]:
        question = self.question
        return [*question.sought, *question.runs, question.whole, *question.quoted]

    def run(self) -> Found:
        literal, equal = (found & self.visible for found in self.where.written)
        lectures = literal | equal | (self.where.lectures & self.visible)
        relaxed = not lectures or self.question.scattered
        loose = self.question.is_loose(len(lectures))
        if loose:
            rows, more = self._some_words()
            self.each = EACH
            lectures |= more
        else:
            rows = []
        wanted = lectures if self.allowed is None else lectures & self.allowed
        if not loose and lectures:
            rows = self._phrased(wanted) if self.question.phrases else self._strongest(lectures, wanted)
        hits = self._few([hit for hit in self._first(literal, equal) + rows if hit.lecture_id in wanted])
        return Found(
            hits,
            frozenset(lectures),
            self._named(hits),
            relaxed and bool(lectures),
            frozenset(literal),
            frozenset(equal),
            frozenset(self.where.stretched() & self.visible),
            0 if loose else self.each,
            self.weights,
        )

    def _rows(self, statement: Any, values: dict[str, Any]) -> Sequence[Any]:
        return self.tx.execute(statement, values).all()

    def _rarity(self, n: int) -> float:
        return math.log(1 + (self.total - n + 0.5) / (n + 0.5))

    def _first(self, literal: Set[int], equal: Set[int]) -> list[Hit]:
        """Windows that contain the complete query, then those that contain it with other numerals."""
        if self.question.phrases or self.question.is_single or (self.where.is_one_word and not equal):
            return []
        hits: list[Hit] = []
        for there, (where, values) in zip((literal, equal), self.where.whole(), strict=True):
            if there and where:
                # As they lie in the table: to order thousands of rows takes longer than everything else.
                statement = f"SELECT {_FIELDS} FROM search_windows WHERE {where} LIMIT :limit"
                found = self._rows(text(statement), values | {"limit": self.limit})
                hits += [Hit(row.lecture_id, row.item_id, row.first_seq, row.last_seq, 1.0) for row in found]
        return hits

    def _narrowed(self, lectures: Set[int], wanted: Set[int]) -> tuple[str, dict[str, Any]]:
        if len(wanted) == len(lectures) and len(wanted) > self.question.each * self.limit:
            return "", {}
        return " AND lecture_id = ANY(:wanted)", {"wanted": list(wanted)}

    def _strongest(self, lectures: Set[int], wanted: Set[int]) -> list[Hit]:
        """Windows with the most occurrences of the words, those first whose lecture's name has one of them."""
        where, values = self.where.rows()
        more, narrow = self._narrowed(lectures, wanted)
        words = self.question.words
        if not where:
            # Single characters only: their windows are not indexed, unless they are words there.
            where, values = WORDS.format("said"), {"said": " | ".join(map(quote, words))}
            where = f"({where} OR item_id = 0)"
        named, in_text = (" | ".join(quote(before + word) for word in words) for before in (NAME, ""))
        tiers = [f"({named}) & ({in_text})"]
        tiers += [" | ".join(quote(tier_of(word, tier)) for word in words) for tier in TIERS]
        tiers.append(in_text)
        # One index only: a recheck of the words in the matches of pairs would read every vector.
        tokens = " & ".join(f"({quote(word)} | {quote(NAME + word)})" for word in words)
        parts = [
            f"(SELECT id, {_FIELDS}, {len(tiers) - n} AS tier FROM search_windows WHERE {WORDS.format('tokens')} "
            f"AND {WORDS.format(f'tier{n}')}{more} LIMIT :limit)"
            for n in range(len(tiers))
        ]
        parts.append(f"(SELECT id, {_FIELDS}, 0 FROM search_windows WHERE {where}{more} LIMIT :limit)")
        found = self._rows(
            # Later parts are skipped once the first have given enough.
            text(f"SELECT * FROM ({' UNION ALL '.join(parts)}) u LIMIT :limit"),
            values
            | narrow
            | {"limit": 3 * self.limit, "tokens": tokens}
            | {f"tier{n}": query for n, query in enumerate(tiers)},
        )
        best: dict[int, Hit] = {}
        for row in found:
            best.setdefault(row.id, Hit(row.lecture_id, row.item_id, row.first_seq, row.last_seq, float(row.tier + 1)))
        return list(best.values())

    def _phrased(self, wanted: Set[int]) -> list[Hit]:
        """Whole lectures, those first that have the phrases' Latin words as words, then the newest: every candidate
        window is read for a phrase."""
        where, values = self.where.rows()
        first = self._with_words(self.question.latin)
        found = self._rows(
            text(
                f"SELECT {_FIELDS} FROM search_windows WHERE ({where}) AND lecture_id = ANY(:wanted) "
                "ORDER BY lecture_id = ANY(CAST(:first AS bigint[])) DESC, lecture_id DESC, item_id, first_seq "
                "LIMIT :limit"
            ),
            values | {"wanted": list(wanted), "limit": self.limit, "first": first},
        )
        return [Hit(row.lecture_id, row.item_id, row.first_seq, row.last_seq, 1.0) for row in found]

    def _with_words(self, tokens: Sequence[str]) -> list[int]:
        """Lectures that have all of these as words, in any rows."""
        parts = [f"SELECT lecture_id FROM search_windows WHERE {WORDS.format(f't{n}')}" for n in range(len(tokens))]
        values = {f"t{n}": f"{quote(token)} | {quote(NAME + token)}" for n, token in enumerate(tokens)}
        return list(self.tx.scalars(text(" INTERSECT ".join(parts)), values)) if parts else []

    def _some_words(self) -> tuple[list[Hit], set[int]]:
        """Windows with some of the words: the rarest words and pairs of characters, weighted by rarity."""
        words = self._rarest([word for word in self.question.words if self.counts.get(word)])
        tokens = self._rarest([term for term in self.pairs if self.counts.get(term)])
        chosen, left = [], MOST_POSTINGS
        for term in sorted([*words, *tokens], key=lambda term: (self.counts[term], term)):
            if self.counts[term] <= left:
                chosen.append(term)
                left -= self.counts[term]
        if words and words[0] not in chosen:
            chosen.append(words[0])
        if not chosen:
            return [], set()
        parts: list[str] = []
        values: dict[str, Any] = {}
        for n, term in enumerate(chosen):
            condition, query, weight = self._term(term, words)
            parts.append(
                f"(SELECT id, {_FIELDS}, CAST(:s{n} AS float8) AS s FROM search_windows "
                f"WHERE {condition.format(f'q{n}')} LIMIT {MOST_POSTINGS})"
            )
            values |= {f"q{n}": query, f"s{n}": weight}
        found = self._rows(
            text(
                f"SELECT {_FIELDS}, sum(s) AS score FROM ({' UNION ALL '.join(parts)}) u "
                f"GROUP BY id, {_FIELDS} ORDER BY score DESC, id LIMIT {MOST_SCORED}"
            ),
            values,
        )
        hits = [Hit(*row) for row in found]
        best = hits[0].score if hits else 0.0
        return hits, {hit.lecture_id for hit in hits if hit.score >= GOOD * best} & self.visible

    def _rarest(self, terms: Iterable[str]) -> list[str]:
        return sorted(terms, key=lambda term: (self.counts[term], term))[:RAREST]

    def _term(self, term: str, words: Sequence[str]) -> tuple[str, str | list[int], float]:
        """The tsquery or array condition of a term, and its weight."""
        if term in self.pairs:
            return PAIRS, [self.pairs[term]], PAIR * self._rarity(self.counts[term])
        query = f"{quote(term)} | {quote(NAME + term)}"
        if self.counts[term] > MOST_POSTINGS and len(words) > 1:
            others = " | ".join(quote(word) for word in words if word != term)
            query = f"({query}) & ({others})"
        return WORDS, query, self.weights[term]

    def _few(self, hits: Sequence[Hit]) -> list[Hit]:
        """At most so many windows of a lecture; for a phrase all, because each must be read."""
        kept: list[Hit] = []
        seen: dict[int, int] = {}
        every: dict[tuple[int, int, int], Hit] = {}
        for hit in hits:
            every.setdefault((hit.lecture_id, hit.item_id, hit.first), hit)
        each = self.each
        for hit in every.values():
            seen[hit.lecture_id] = times = seen.get(hit.lecture_id, 0) + 1
            if times <= each or self.question.phrases:
                kept.append(hit)
        return kept[: self.limit]

    def _named(self, hits: Iterable[Hit]) -> dict[int, float]:
        """Score of words in the names of the hits' lectures."""
        weights = {
            word.plain: self.weights[one] for one, word in zip(self.question.words, self.question.sought, strict=True)
        }
        shown = {hit.lecture_id for hit in hits}
        named: dict[int, float] = {}
        for word, lectures in self.where.named(shown).items():
            for lecture_id in lectures & shown:
                named[lecture_id] = named.get(lecture_id, 0.0) + weights[word] * NAMED
        return named
