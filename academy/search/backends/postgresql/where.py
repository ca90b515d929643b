"""Conditions on rows of the PostgreSQL index for a query, by pairs of characters."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Set
from functools import cached_property
from typing import Any

from sqlalchemy import text

from academy.core.database import Tx
from academy.search.backends.postgresql.tables import NAME, quote, signed
from academy.search.literal import Literal
from academy.search.query_parser import Query
from academy.search.text import is_han

Condition = tuple[str, dict[str, Any]]
"""A condition on rows with its bind values; empty for none."""
MOST_GROUPS = 8
"""Alternatives: words that are in the names of some lectures, whose other words are looked up in the windows."""
MOST_CHOICES = 8
"""Choices of forms of several words that are looked up one by one."""


class Together:
    """Rows with all of several words, each in the window or in the lecture's name."""

    def __init__(
        self, prefix: str, words: Sequence[Literal], phrases: Sequence[Literal], question: Query, counts: PairCounts
    ) -> None:
        self.prefix, self.phrases, self.counts = prefix, phrases, counts
        alone = {run.plain for run in question.runs}
        self.words = [word for word in words if len(word.plain) > 1]
        single = [word.plain for word in words if len(word.plain) == 1]
        self.anywhere = [one for one in single if one in alone]
        """Characters typed by themselves, which may be anywhere in the lecture."""
        self.tokens = [one for one in single if one not in alone]
        found = [counts.alternatives(word) for word in (*self.words, *phrases)]
        self.is_hopeless = not all(found) or not all(counts.words.get(token) for token in self.tokens)
        self.is_empty = not (found or single)

    @cached_property
    def named(self) -> dict[str, set[int]]:
        """The lectures whose names hold each word."""
        return self.named_among(None)

    def named_among(self, lectures: Set[int] | None) -> dict[str, set[int]]:
        """The same among some lectures; known results are not read again."""
        if lectures is None or "named" not in self.__dict__:
            among = "" if lectures is None else "lecture_id = ANY(:among) AND "
            parts: list[str] = []
            values: dict[str, Any] = {} if lectures is None else {"among": list(lectures)}
            for n, word in enumerate(self.words):
                for m, pairs in enumerate(self.counts.alternatives(word)):
                    condition = f"{among}names @> CAST(:n{n}_{m} AS integer[])"
                    parts.append(f"SELECT {n}, lecture_id FROM search_lectures WHERE {condition}")
                    values[f"n{n}_{m}"] = pairs
            found: dict[str, set[int]] = {word.plain: set() for word in self.words}
            for n, lecture_id in self.counts.tx.execute(text(" UNION ALL ".join(parts)), values) if parts else ():
                found[self.words[n].plain].add(lecture_id)
            return found
        return self.named

    def condition(self) -> Condition:
        """The rows, as a condition."""
        if self.is_hopeless or self.is_empty:
            return "", {}
        where, values = self._inside(self.words, self.prefix)
        if not where:
            return "", {}
        parts = [where]
        for n, (names, lectures) in enumerate(self._groups()):
            group = f"{self.prefix}g{n}"
            rest, more = self._inside([word for word in self.words if word.plain not in names], f"{group}_")
            values |= more | {group: sorted(lectures)}
            parts.append(f"(lecture_id = ANY(:{group})" + (f" AND {rest})" if rest else ")"))
        return "(" + " OR ".join(parts) + ")", values

    def lectures(self) -> set[int]:
        """The lectures that have such a row."""
        if self.is_hopeless or self.is_empty:
            return set()
        where, values = self.condition()
        found: set[int] | None = None
        if where:
            alone = self.counts.alternatives(self.words[0]) if len(self.words) == 1 else []
            if len(alone) == 1 and len(alone[0]) == 1 and not (self.phrases or self.tokens):
                found = self.counts.holding(alone[0])
            else:
                statement = f"SELECT DISTINCT lecture_id FROM search_windows WHERE {where}"
                found = set(self.counts.tx.scalars(text(statement), values))
        for character in self.anywhere:
            there = self.counts.holding(Literal(character).pairs[0])
            found = there if found is None else found & there
        return found or set()

    def _groups(self) -> list[tuple[frozenset[str], set[int]]]:
        """Lectures grouped by the words in their names; those first whose names have most."""
        if len(self.words) < 2 and not (self.phrases or self.tokens):
            return []
        inside: dict[int, set[str]] = {}
        for word, lectures in self.named.items():
            for lecture_id in lectures:
                inside.setdefault(lecture_id, set()).add(word)
        groups: dict[frozenset[str], set[int]] = {}
        for lecture_id, words in inside.items():
            groups.setdefault(frozenset(words), set()).add(lecture_id)
        return sorted(groups.items(), key=lambda one: (-len(one[0]), sorted(one[0])))[:MOST_GROUPS]

    def _inside(self, words: Sequence[Literal], name: str) -> Condition:
        """Rows that contain these words and all phrases themselves."""
        found = [self.counts.alternatives(word) for word in (*words, *self.phrases)]
        parts: list[str] = []
        values: dict[str, Any] = {}
        # Each choice of forms is one array: a list of a frequent pair is then only searched for what the rarest has.
        choices = list(itertools.islice(itertools.product(*found), MOST_CHOICES + 1))
        if len(choices) <= MOST_CHOICES:
            found = [[list(dict.fromkeys(itertools.chain(*choice))) for choice in choices]] if found else []
        for n, alternatives in enumerate(found):
            either = [f"pairs @> CAST(:{name}{n}_{m} AS integer[])" for m in range(len(alternatives))]
            parts.append("(" + " OR ".join(either) + ")")
            values |= {f"{name}{n}_{m}": pairs for m, pairs in enumerate(alternatives)}
        if self.tokens:
            parts.append(f"words @@ CAST(:{name}t AS tsquery)")
            values[f"{name}t"] = " & ".join(f"({quote(one)} | {quote(NAME + one)})" for one in self.tokens)
        return " AND ".join(parts), values


class PairCounts:
    """Number of rows with words and pairs: those in none need no query."""

    def __init__(self, tx: Tx, words: Mapping[str, int], pairs: Mapping[int, int]) -> None:
        self.tx, self.words, self.pairs = tx, words, pairs

    def alternatives(self, sought: Literal) -> list[list[int]]:
        """The pairs of each form that occur at all."""
        forms = [signed(pairs) for pairs in sought.pairs if len(sought.plain) > 1]
        return [pairs for pairs in forms if all(self.pairs.get(pair) for pair in pairs)]

    def holding(self, pairs: Sequence[int]) -> set[int]:
        """Lectures with a pair, or a character, anywhere; with several pairs, all in one row."""
        one = len(pairs) == 1
        table = "lecture_id FROM search_lectures" if one else "DISTINCT lecture_id FROM search_windows"
        statement = f"SELECT {table} WHERE pairs @> CAST(:pairs AS integer[])"
        return set(self.tx.scalars(text(statement), {"pairs": list(pairs)}))

    def having(self, stretches: Sequence[Sequence[int]]) -> set[int]:
        """Lectures with all pairs of each stretch in some row; the rarest stretch should come first."""
        found: set[int] | None = None
        for pairs in stretches:
            values: dict[str, Any] = {"pairs": signed(pairs)}
            narrow = ""
            if found is not None:
                narrow, values["among"] = " AND lecture_id = ANY(:among)", list(found)
            statement = "SELECT DISTINCT lecture_id FROM search_windows WHERE pairs @> CAST(:pairs AS integer[])"
            found = set(self.tx.scalars(text(statement + narrow), values))
            if not found:
                break
        return found or set()


class Where:
    """Rows and lectures of a query."""

    def __init__(self, question: Query, counts: PairCounts) -> None:
        self.question, self.counts = question, counts
        self.words = Together("w", question.sought, question.quoted, question, counts)
        names = [word.written for word in question.sought]
        self.names = self.words if names == list(question.sought) else Together("b", names, (), question, counts)
        runs = question.runs if len(question.runs) > 1 and not question.phrases else ()
        written = [run.written for run in runs]
        are_words = {run.plain for run in runs} == {word.plain for word in question.sought}
        self.equal = self.words if are_words else Together("e", runs, (), question, counts)
        self.literal = self.equal if written == list(runs) else Together("l", written, (), question, counts)

    @property
    def is_one_word(self) -> bool:
        """Whether the query is a single word and nothing else."""
        words = self.question.sought
        return len(words) == 1 and not self.question.phrases and words[0].plain == self.question.whole.plain

    @cached_property
    def lectures(self) -> set[int]:
        """Lectures that have every word in one row."""
        return set() if self.is_one_word else self.words.lectures()

    @cached_property
    def written(self) -> tuple[set[int], set[int]]:
        """Lectures with the complete query in one row, or all its runs; the same with numerals in their one form."""
        whole = self.question.whole
        if self.question.is_single:
            return self.counts.holding(whole.pairs[0]), set()
        literal, equal = (self.counts.holding(pairs) if pairs else set() for pairs in self._forms())
        if len(self.question.runs) > 1 and not self.question.phrases:
            literal |= self._lectures(self.literal)
            equal |= set() if self.equal is self.literal else self._lectures(self.equal)
        return literal, equal

    def stretched(self) -> set[int]:
        """Lectures with every stretch of the query, each in some row."""
        found: set[int] = set()
        for form in self.question.whole.stretches:
            rarest = {pairs: min(self.counts.pairs.get(pair, 0) for pair in signed(pairs)) for pairs in form}
            ordered: list[tuple[int, ...]] = sorted(form, key=rarest.__getitem__)
            found |= self.counts.having(ordered) if all(rarest.values()) else set()
        return found

    def _lectures(self, together: Together) -> set[int]:
        return self.lectures if together is self.words else together.lectures()

    def named(self, lectures: Set[int]) -> dict[str, set[int]]:
        """For each word, those of the lectures whose names contain it: a number not inside another number, nor in other
        numerals (第1讲 for 第一)."""
        if not lectures:
            return {}
        found = dict(self.names.named_among(lectures))
        latin = [word for word in found if not is_han(word)]
        if latin:
            parts = [
                f"SELECT {n}, lecture_id FROM search_windows WHERE lecture_id = ANY(:among) AND item_id = 0 "
                f"AND words @@ CAST(:w{n} AS tsquery)"
                for n in range(len(latin))
            ]
            values: dict[str, Any] = {f"w{n}": quote(NAME + word) for n, word in enumerate(latin)}
            found |= {word: set() for word in latin}
            rows = self.counts.tx.execute(text(" UNION ALL ".join(parts)), values | {"among": list(lectures)})
            for n, lecture_id in rows:
                found[latin[n]].add(lecture_id)
        return found

    def whole(self) -> tuple[Condition, Condition]:
        """Rows with the complete query; and with numerals in their one form."""
        first, second = self._forms()
        runs = [
            ("", {}) if one is self.words or one.is_empty else one.condition() for one in (self.literal, self.equal)
        ]
        return _either([self._has(first, "whole"), runs[0]]), _either([self._has(second, "counted"), runs[1]])

    def rows(self) -> Condition:
        """Every row that matches."""
        first, second = self._forms()
        words = [] if self.is_one_word else [self.words.condition()]
        return _either([*words, self._has(first, "whole"), self._has(second, "counted")])

    def _forms(self) -> tuple[list[int], list[int]]:
        whole = self.question.whole
        found = [
            signed(pairs) if len(whole.plain) > 1 and all(self.counts.pairs.get(one) for one in signed(pairs)) else []
            for pairs in whole.pairs
        ]
        return found[0], found[1] if len(found) > 1 else []

    def _has(self, pairs: Sequence[int], name: str) -> Condition:
        return (f"pairs @> CAST(:{name} AS integer[])", {name: list(pairs)}) if pairs else ("", {})


def _either(conditions: Sequence[Condition]) -> Condition:
    filled = [one for one in conditions if one[0]]
    values = dict(itertools.chain.from_iterable(values.items() for _, values in filled))
    where = " OR ".join(where for where, _ in filled)
    return (f"({where})" if len(filled) > 1 else where), values
