"""Whether search finds what is there: every word of two to six characters of the sample city, typed.

    python -m benchmarks.literal [--quick] [--fresh]

The words are every stretch of so many characters, signs and all, of every title, summary, name, caption and
sentence of a page. `found`: the part of them that finds every lecture that has it; `first`: of which what has it
stands before what does not; `corrected`: for how many something else was searched. Exactly 1, 1 and 0 is right.
`--quick` takes a sample of the words.
"""

import argparse
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from academy.accounts.models import Account
from academy.cli.sample import courses, lecture, statutes
from academy.core.database import Database, Tx
from academy.core.runtime import Runtime
from academy.jobs.models import Job
from academy.library.models import Course
from academy.library.versions import put_on_shelf
from academy.media.models import Asset, AssetState, Cue, DocumentPage, Transcript
from academy.people.models import Organisation
from academy.search import queries
from academy.search.backends.interface import SearchBackend
from academy.search.backends.postgresql.backend import PostgresBackend
from academy.search.backends.selection import search_backend
from academy.search.lectures import Lecture, join
from academy.search.literal import LiteralText
from academy.search.query_parser import parse
from academy.search.retrieval import answer
from academy.search.text import Segmenter
from benchmarks._lectures import MS_PER_CHARACTER, is_filled, mark_filled, open_runtime
from tests.support.services import postgres

LENGTHS = range(2, 7)
QUICK = 700
ROWS_OF_A_PAGE = 12


@dataclass
class City:
    """Only as much of one as courses need."""

    root: Organisation


@dataclass
class Tally:
    """What came of the words on one index."""

    asked: int = 0
    found: int = 0
    first: int = 0
    corrected: int = 0
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self) -> dict[str, object]:
        return {
            "found": _part(self.found, self.asked),
            "first": _part(self.first, self.asked),
            "corrected": self.corrected,
            "ms_per_word": round(1000 * self.seconds / max(1, self.asked), 2),
        }


def _part(some: int, every: int) -> float:
    """Exactly 1 when it is all of them."""
    return 1.0 if some == every else min(0.9999, round(some / max(1, every), 4))


def build(runtime: Runtime) -> None:
    """The sample's courses, every one published, with the words that its films and papers have."""
    with runtime.db.begin() as tx:
        root = Organisation(code="C", name="样例市", kind="committee", level="city", path="/1/")
        trainer, reviewer = (Account(username=name, display_name=name) for name in ("trainer", "reviewer"))
        tx.add_all([root, trainer, reviewer])
        tx.flush()
        courses.make_courses(tx, City(root), trainer.id, reviewer.id)  # type: ignore[arg-type]
        job = tx.scalars(select(Job).where(Job.name == courses.JOB)).one()
        for asset_id, plan in job.args["files"]:
            _say(tx, tx.get_one(Asset, asset_id), lecture.LecturePlan(**plan))
        for course in tx.scalars(select(Course).where(Course.published_version_id.is_(None))).all():
            put_on_shelf(tx, course, course.updated_at)


def _say(tx: Tx, asset: Asset, plan: lecture.LecturePlan) -> None:
    asset.state = AssetState.READY
    if plan.kind == "image":
        return
    pages = statutes.articles(plan.law, plan.first, lecture.ARTICLES)
    if plan.kind == "document":
        rows = [row for page in pages for row in (page.heading, *page.sentences)]
        for number, start in enumerate(range(0, len(rows), ROWS_OF_A_PAGE), 1):
            text = "\n".join(rows[start : start + ROWS_OF_A_PAGE])
            tx.add(DocumentPage(asset_id=asset.id, number=number, width=100, height=140, text=text))
        return
    lines = [f"{plan.title}。"]
    for page in pages:
        lines += [f"{page.heading}，{page.sentences[0]}", *page.sentences[1:]]
    transcript = Transcript(asset_id=asset.id, origin="manual")
    tx.add(transcript)
    tx.flush()
    at = 0
    for seq, text in enumerate(lines):
        end = at + len(text) * MS_PER_CHARACTER
        if end > plan.length_ms - lecture.CLOSING_MS:
            break
        tx.add(Cue(transcript_id=transcript.id, seq=seq, start_ms=at, end_ms=end, text=text))
        at = end


def texts(one: Lecture) -> list[str]:
    """Everything that is searched of a lecture, text by text."""
    named = [one.title, one.summary, one.lecturer, one.category, *(part.title for part in one.parts)]
    return [*named, *(line.text for part in one.parts for line in part.lines)]


def words(lectures: list[Lecture]) -> list[str]:
    """Every stretch of two to six characters that has something to search, each once, as somebody would type it."""
    found: dict[str, None] = {}
    for text in (text for one in lectures for text in texts(one)):
        for start in range(len(text)):
            for length in LENGTHS:
                typed = text[start : start + length].strip()
                if len(typed) > 1:
                    found.setdefault(typed)
    return [typed for typed in found if LiteralText(typed).plain]


def ask(runtime: Runtime, index: SearchBackend, typed: list[str], lectures: list[Lecture]) -> Tally:
    """Type every word."""
    plain = {one.lecture_id: "\n".join(LiteralText(text).plain for text in texts(one)) for one in lectures}
    # A word may also begin in one line and end in the next.
    across = {
        one.lecture_id: "\n".join(
            [plain[one.lecture_id], *(LiteralText(join(line.text for line in part.lines)).plain for part in one.parts)]
        )
        for one in lectures
    }
    tally = Tally()
    segmenter = Segmenter()
    with runtime.db.read() as tx:
        for word in typed:
            started = time.perf_counter()
            found = answer(tx, index, parse(word, segmenter), segmenter, plain.keys(), None)
            tally.seconds += time.perf_counter() - started
            sought = LiteralText(word).plain
            holders = {number for number, text in plain.items() if sought in text}
            tally.asked += 1
            tally.corrected += bool(found.meant)
            having = [sought in across[number] for number in found.ranked]
            tally.first += having == sorted(having, reverse=True)
            if holders <= set(found.ranked) and holders <= found.found.lectures:
                tally.found += 1
            elif len(tally.missed) < 20:
                tally.missed.append(word)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    place = Path(".cache/literal")
    runtime = open_runtime(place, fresh=given.fresh)
    if not is_filled(place):
        build(runtime)
        mark_filled(place)
    lectures = list(queries.stream_lectures(runtime.db))
    typed = words(lectures)
    if given.quick:
        typed = random.Random(12).sample(typed, min(len(typed), QUICK))
    with postgres(place.absolute() / "postgres", keep=True) as url:
        indexes: dict[str, SearchBackend] = {
            "whoosh": search_backend(runtime),
            "postgresql": PostgresBackend(Database(url)),
        }
        tallies: dict[str, Tally] = {}
        for name, index in indexes.items():
            index.rebuild(iter(lectures), Segmenter())
            tallies[name] = ask(runtime, index, typed, lectures)
    line: dict[str, object] = {"benchmark": "literal", "quick": given.quick, "lectures": len(lectures)}
    line |= {"words": len(typed)} | {name: tally.figures() for name, tally in tallies.items()}
    print(json.dumps(line | {"missed": sorted({w for t in tallies.values() for w in t.missed})}, ensure_ascii=False))


if __name__ == "__main__":
    main()
