"""Parses what was typed into a query. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from academy.core.lazy import lazy_property
from academy.search.literal import Literal, LiteralText, level
from academy.search.text import Segmenter, is_han, normalise, pairs, squeeze

LONGEST = 200
"""Maximum characters of a query; more of a pasted page adds nothing."""
MOST_WORDS = 24
MOST_PHRASES = 4
RAREST = 6
"""Words, and pairs of characters, that are tried when not all must match: the rarest."""
SENTENCE, KEYWORDS, FEW = 4, 3, 10
"""From so many words on, a query is a sentence whose words need not all match. Three words that all occur in fewer than
ten lectures also find, further down, lectures with most of them."""
PAIR, NAMED = 0.5, 2.0
"""Weight of a pair of characters, or of a word of a title, relative to a word of the transcript."""
EACH, EACH_DOUBTFUL = 2, 4
"""Windows of one lecture that are read: a lecture with many should not displace the others. More where a window with
all characters may not contain the word: if the first does not, the next may."""
GOOD = 0.5
"""Minimum score of a match relative to the best window, when not all words must match."""

_QUOTED = re.compile(r'["“”„‟«»「『](.+?)["“”„‟«»」』]')
# Stop words (interrogatives and function words): dropped while other words remain.
_STOP = (
    "的 了 是 在 和 与 及 或 也 就 都 而 于 以 之 其 这 那 有 为 对 把 被 从 到 向 由 吗 呢 吧 啊 呀 么 "
    "什么 谁 哪 哪里 哪个 哪些 哪儿 哪种 哪位 哪年 哪一 何 何时 何处 何地 如何 怎么 怎样 怎么样 为什么 为何 为啥 "
    "多少 几 几个 几次 是否 能否 可否 请问 一个 一种 这个 那个 我 你 他 她 它 我们 你们 他们 "
    "a an the of and or is are was were to in on for what who where when why how which"
)
STOP = frozenset(_STOP.split())


@dataclass(frozen=True)
class Query:
    """A query after normalisation. Empty when nothing of it is searchable."""

    text: str
    """As typed, without characters unfit for display."""
    normal: str
    words: tuple[str, ...] = ()
    """Content words outside quotation marks, each once, in the order typed."""
    phrases: tuple[str, ...] = ()
    """Quoted phrases, reduced to searchable characters."""
    latin: tuple[str, ...] = ()
    """Latin words and numbers of the phrases: lectures that have them as words are read first."""
    pairs: tuple[str, ...] = ()
    """Pairs of neighbouring Chinese characters: the wording, for the choice of windows."""
    runs: tuple[Literal, ...] = ()
    """The space-separated parts and the phrases: each is also matched literally."""
    scattered: bool = False
    """Repeated with some of the words, because apparent matches of all turned out false."""

    @property
    def is_empty(self) -> bool:
        return not self.words and not self.phrases

    @lazy_property
    def whole(self) -> Literal:
        """The complete query, as one stretch."""
        return Literal(self.text)

    @lazy_property
    def quoted(self) -> tuple[Literal, ...]:
        """The phrases, to be matched literally."""
        return tuple(map(Literal, self.phrases))

    @lazy_property
    def sought(self) -> tuple[Literal, ...]:
        """The words, to be matched literally, independent of segmentation."""
        typed = {run.typed: run for run in self.runs}
        return tuple(typed.get(word) or Literal(word) for word in self.words)

    @lazy_property
    def marked(self) -> tuple[Literal, ...]:
        """Highlighted stretches: the complete query, its runs and words; single characters only if there is nothing
        else."""
        found = {one.plain: one for one in (self.whole, *self.runs, *self.sought) if one.plain}
        if all(len(run.plain) == 1 for run in self.runs):
            return tuple(found.values())
        return tuple(one for one in found.values() if len(one.plain) > 1)

    @property
    def is_single(self) -> bool:
        """Whether it is a single character."""
        return len(self.whole.plain) == 1

    @lazy_property
    def is_doubtful(self) -> bool:
        """Whether a window may have all its pairs of characters without its words."""
        return any(one.is_doubtful for one in (self.whole, *self.runs, *self.sought))

    def level(self, texts: Sequence[LiteralText]) -> int:
        """Quality of the literal match in several texts."""
        return level(texts, self.whole, self.runs)

    def has_words(self, texts: Sequence[LiteralText]) -> bool:
        """Whether several texts together contain every word; a character typed by itself may be anywhere."""
        alone = {run.plain for run in self.runs if len(run.plain) == 1}
        return all(word.plain in alone or any(text.holds(word) for text in texts) for word in self.sought)

    @property
    def each(self) -> int:
        """Number of windows read for a lecture."""
        return EACH_DOUBTFUL if self.is_doubtful else EACH

    def is_loose(self, found: int) -> bool:
        """Whether lectures with some of the words should be found beside those with all."""
        if self.phrases:
            return False
        if self.scattered:
            return True
        return not found or len(self.words) >= SENTENCE or (len(self.words) >= KEYWORDS and found < FEW)


def clean(text: str) -> str:
    """Without control characters, NUL and surrogates; single spaces; cut to the maximum length."""
    printable = "".join(c if c.isprintable() or c.isspace() else " " for c in text[: LONGEST * 4])
    return " ".join(printable.split())[:LONGEST]


def parse(text: str, segmenter: Segmenter) -> Query:
    """Never fails: any input is a query, perhaps an empty one."""
    text = clean(text)
    phrases: list[str] = []
    latin: list[str] = []

    def take(quoted: re.Match[str]) -> str:
        phrase = normalise(quoted[1])
        if len(squeeze(phrase)) < 2:
            return f" {quoted[1]} "
        phrases.append(squeeze(phrase))
        latin.extend(word for word in segmenter.words(phrase) if not is_han(word))
        return " "

    unquoted = _QUOTED.sub(take, text)
    normal = normalise(text)
    words = list(dict.fromkeys(segmenter.words(normalise(unquoted))))
    content = [word for word in words if word not in STOP and (len(word) > 1 or is_han(word) or word.isdigit())]
    kept = (content or words)[:MOST_WORDS]
    return Query(
        text,
        normal,
        tuple(kept),
        tuple(dict.fromkeys(phrases))[:MOST_PHRASES],
        tuple(dict.fromkeys(latin))[:MOST_WORDS],
        tuple(dict.fromkeys(pairs(normal)))[: 4 * MOST_WORDS],
        tuple(run for run in map(Literal, (*unquoted.split(), *phrases)) if run.plain)[:MOST_WORDS],
    )


def looser(question: Query, segmenter: Segmenter) -> Iterator[Query]:
    """The query to try when one with phrases finds nothing: the phrases alone, then its words without quotation marks.

    A query of phrases only is exact: there is no looser one.
    """
    if question.words and question.phrases:
        # Now they are the complete query: matches inside a longer word rank last.
        phrases = tuple(map(Literal, question.phrases))
        yield replace(question, text=" ".join(question.phrases), words=(), runs=phrases)
        yield replace(parse(_QUOTED.sub(r" \1 ", question.text), segmenter), text=question.text)
