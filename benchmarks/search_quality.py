"""How good search is: judged questions, each answered by one passage among 40,000 lectures.

    python -m benchmarks.search_quality FOLDER [--quick] [--fresh] [--others 40000]
        [--only questions|scripts|typed] [--half even|odd] [--step N]

FOLDER holds SQuAD-like JSON files whose names begin with `cmrc` or `drcd`. A passage becomes a
lecture without a telling title, its sentences become captions; a question finds it or does not.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from opencc import OpenCC
from pypinyin import lazy_pinyin

from academy.core.actor import NOBODY
from academy.core.runtime import Runtime
from academy.search import queries, service
from academy.search.backends.selection import search_backend
from academy.search.query_parser import STOP
from academy.search.results import Results
from academy.search.text import Segmenter, is_han, normalise
from benchmarks._lectures import Talk, fill, is_filled, mark_filled, open_runtime
from benchmarks._texts import cue_texts, pieces

TOP = 10
HALVES = ("even", "odd")


@dataclass(frozen=True)
class Judged:
    """A question, the lecture that answers it, and the lines that hold the answer (none if unknown)."""

    text: str
    course_id: int
    lines: range


@dataclass
class Passage:
    """A judged passage with its lines and their places in the text."""

    lines: list[str]
    questions: list[tuple[str, range]]


def passages(path: Path) -> Iterator[Passage]:
    """The passages of a judged file, in order."""
    stored = json.loads(path.read_text("utf-8"))
    for article in stored["data"] if isinstance(stored, dict) else stored:
        for paragraph in article.get("paragraphs") or [article]:
            context = paragraph.get("context") or paragraph.get("context_text") or ""
            lines = cue_texts(context)
            asked = [
                (qa.get("question") or qa.get("query_text") or "", _answer_lines(context, lines, qa))
                for qa in paragraph.get("qas", [])
            ]
            if lines and asked:
                yield Passage(lines, asked)


def _answer_lines(context: str, lines: list[str], qa: dict[str, object]) -> range:
    answers = qa.get("answers") or []
    first = answers[0] if isinstance(answers, list) and answers else ""
    text = str(first["text"] if isinstance(first, dict) else first)
    start = int(first.get("answer_start", -1)) if isinstance(first, dict) else -1
    if start < 0 or context[start : start + len(text)] != text:
        start = context.find(text)
    if start < 0 or not text:
        return range(0)
    at, holding = 0, []
    for number, line in enumerate(lines):
        at = context.find(line[:8], at)
        if at < start + len(text) and at + len(line) > start:
            holding.append(number)
        at += len(line)
    return range(holding[0], holding[-1] + 1) if holding else range(0)


@dataclass
class Score:
    """What a set of questions came to."""

    asked: int = 0
    found: int = 0
    reciprocal: float = 0.0
    near: int = 0
    answerable: int = 0

    def add(self, results: Results, judged: Judged) -> None:
        rows = list(results.page.rows)
        self.asked += 1
        self.answerable += bool(judged.lines)
        for place, row in enumerate(rows[:TOP], 1):
            if row.course_id == judged.course_id:
                self.found += 1
                self.reciprocal += 1 / place
                self.near += bool(judged.lines) and any(
                    judged.lines.start - 1 <= sentence.seq <= judged.lines.stop for sentence in row.sentences
                )

    def figures(self) -> dict[str, float]:
        return {
            "questions": self.asked,
            "recall10": round(self.found / max(1, self.asked), 4),
            "mrr10": round(self.reciprocal / max(1, self.asked), 4),
            "near3": round(self.near / max(1, self.answerable), 4),
        }


def ask(runtime: Runtime, text: str) -> Results:
    return service.search_lectures(runtime, NOBODY, text)


def measure(runtime: Runtime, judged: list[Judged], say: Callable[[Judged], str] = lambda j: j.text) -> Score:
    score = Score()
    for one in judged:
        score.add(ask(runtime, say(one)), one)
    return score


def same_in_other_script(runtime: Runtime, judged: list[Judged], convert: Callable[[str], str]) -> tuple[int, int]:
    """How many questions find the very same lectures, in the same order, in the other script; of how many."""
    same = 0
    for one in judged:
        there, here = ([row.course_id for row in ask(runtime, t).page.rows] for t in (convert(one.text), one.text))
        same += there == here
    return same, len(judged)


def in_full(runtime: Runtime, judged: dict[str, list[Judged]]) -> dict[str, object]:
    """The figures of every set as its questions are written, and what a question took."""
    started = time.perf_counter()
    line: dict[str, object] = {name: measure(runtime, questions).figures() for name, questions in judged.items()}
    line["ms_per_question"] = round(1000 * (time.perf_counter() - started) / sum(map(len, judged.values())), 1)
    return line


def equal_scripts(runtime: Runtime, judged: dict[str, list[Judged]]) -> float:
    """The part of the questions that find the same in both scripts; exactly 1 when all do."""
    pairs = [
        same_in_other_script(runtime, judged["cmrc"], OpenCC("s2t").convert),
        same_in_other_script(runtime, judged["drcd"], OpenCC("t2s").convert),
    ]
    same, asked = sum(same for same, _ in pairs), sum(of for _, of in pairs)
    return 1.0 if same == asked else min(0.9999, round(same / max(1, asked), 4))


def three_words(segmenter: Segmenter, text: str) -> list[str]:
    """The three longest content words of a question, in their order; what a hurried person would type."""
    words = [w for w in dict.fromkeys(segmenter.words(normalise(text))) if w not in STOP and is_han(w) and len(w) > 1]
    chosen = sorted(words, key=len, reverse=True)[:3]
    return [w for w in words if w in chosen] if len(chosen) == 3 else []


class Homophones:
    """Other words that sound the same, from the library's own words: what an input method would offer."""

    def __init__(self, words: set[str]) -> None:
        self.by_sound: dict[str, list[str]] = {}
        for word in sorted(words):
            if len(word) > 1 and is_han(word):
                self.by_sound.setdefault(" ".join(lazy_pinyin(word)), []).append(word)

    def typo(self, word: str) -> str:
        """Another word or, where there is none, another character of the same sound."""
        others = [w for w in self.by_sound.get(" ".join(lazy_pinyin(word)), []) if w != word and len(w) == len(word)]
        return others[len(word) % len(others)] if others else ""


def typed_otherwise(runtime: Runtime, judged: list[Judged]) -> dict[str, float]:
    """Recall of three-word queries: clean, in pinyin, with one homophone typo."""
    with runtime.db.read() as tx:
        segmenter = queries.load_segmenter(tx)
    asked = [(one, words) for one in judged if (words := three_words(segmenter, one.text))]
    homophones = Homophones({word for _, words in asked for word in words} | _dictionary())
    scores = {"clean": Score(), "pinyin": Score(), "typo": Score(), "typo_clean": Score()}
    for one, words in asked:
        clean = ask(runtime, " ".join(words))
        scores["clean"].add(clean, one)
        scores["pinyin"].add(ask(runtime, " ".join("".join(lazy_pinyin(word)) for word in words)), one)
        wrong = [homophones.typo(word) for word in words]
        place = next((n for n, word in enumerate(wrong) if word), None)
        if place is not None:
            scores["typo_clean"].add(clean, one)
            scores["typo"].add(ask(runtime, " ".join([*words[:place], wrong[place], *words[place + 1 :]])), one)
    recall = {name: score.found / max(1, score.asked) for name, score in scores.items()}
    return {
        "three_words_recall10": round(recall["clean"], 4),
        "pinyin_ratio": round(recall["pinyin"] / max(1e-9, recall["clean"]), 4),
        "homophone_ratio": round(recall["typo"] / max(1e-9, recall["typo_clean"]), 4),
        "pinyin_queries": scores["pinyin"].asked,
        "homophone_queries": scores["typo"].asked,
    }


def _dictionary() -> set[str]:
    from pypinyin.phrases_dict import phrases_dict

    return {word for word in phrases_dict if len(word) <= 3}


def prepare(folder: Path, others: int, fresh: bool) -> tuple[Runtime, dict[str, list[Judged]]]:
    """The library with every judged passage in it, and the questions by set."""
    files = sorted(p for p in folder.glob("*.json") if p.name.lower().startswith(("cmrc", "drcd")))
    if not files:
        raise SystemExit(f"no judged sets in {folder}")
    state = blake2b(b"2" + str(others).encode() + b"".join(p.read_bytes() for p in files), digest_size=6).hexdigest()
    place = Path(".cache/search_quality") / state
    runtime = open_runtime(place, fresh=fresh)
    talks: list[Talk] = []
    judged: dict[str, list[Judged]] = {"cmrc": [], "drcd": []}
    for path in files:
        for passage in passages(path):
            talks.append(Talk(f"第{len(talks) + 1}讲", passage.lines))
            judged[path.name.lower()[:4]] += [Judged(text, len(talks), lines) for text, lines in passage.questions]
    if not is_filled(place):
        texts = sorted(pieces(), key=lambda piece: piece[0] == "poems")[:others]
        talks += [Talk(f"第{n}讲", cue_texts(text)) for n, (_, _, text) in enumerate(texts, len(talks) + 1)]
        fill(runtime, talks)
        mark_filled(place)
    return runtime, judged


def index(runtime: Runtime) -> float:
    """Build the index where there is none; seconds it took."""
    started = time.perf_counter()
    if not search_backend(runtime).health().ok:
        with runtime.db.read() as tx:
            segmenter = queries.load_segmenter(tx)
        search_backend(runtime).rebuild(queries.stream_lectures(runtime.db), segmenter)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="judged sets; they are not part of the academy")
    parser.add_argument("--others", type=int, default=40_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--only", choices=("questions", "scripts", "typed"), help="one part of the figures")
    parser.add_argument("--half", choices=HALVES, help="passages for tuning (even) or held out (odd)")
    parser.add_argument("--step", type=int, default=1, help="every so manyth question")
    given = parser.parse_args()
    if given.folder is None:
        print(json.dumps({"benchmark": "search_quality", "skipped": "name the folder of the judged sets"}))
        return
    runtime, judged = prepare(given.folder, 3000 if given.quick else given.others, given.fresh)
    line: dict[str, object] = {"benchmark": "search_quality", "index_s": round(index(runtime), 1)}
    if given.quick:
        judged = {name: questions[:: max(1, len(questions) // 150)] for name, questions in judged.items()}
    if given.half:
        kept = HALVES.index(given.half)
        judged = {name: [one for one in all_ if one.course_id % 2 == kept] for name, all_ in judged.items()}
    judged = {name: questions[:: given.step] for name, questions in judged.items()}
    step = 1 if not given.quick else 3
    some = {"cmrc": judged["cmrc"][::step], "drcd": judged["drcd"][:: 4 * step]}
    if given.only in {None, "questions"}:
        line |= in_full(runtime, judged)
    if given.only in {None, "scripts"}:
        line["traditional_equal"] = equal_scripts(runtime, some)
    if given.only in {None, "typed"}:
        line |= typed_otherwise(runtime, [*some["cmrc"], *some["drcd"]])
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
