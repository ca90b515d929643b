"""Every sentence is in the English catalogue, with its places; no Chinese text hides from it."""

import functools
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tools import messages

# Files whose Chinese is data or recognition, not a sentence to a reader.
SPARED = {
    "academy/core/settings.py": "the academy's own name",
    "academy/core/i18n.py": "how a date is written in Chinese; the English form stands beside it",
    "academy/http/languages.py": "a language is offered in its own name",
    "academy/library/categories.py": "the first shelves are data; officers rename them",
    "academy/media/captions/languages.py": "what tracks inside films are called",
    "academy/roster/columns.py": "headings that a roster may carry",
    "academy/classes/class_columns.py": "headings and words that a list of people may carry",
    "academy/faculty/pool_columns.py": "headings and words that a sheet of lecturers may carry",
    "academy/people/rules.py": "words that a roster may carry",
    "academy/learning/recuts.py": "a word that may stand between two times",
    "academy/people/position_names.py": "words of the registers' positions",
    "academy/people/name_spelling.py": "the range of Chinese characters",
    "academy/roster/sheet_xlsx.py": "how a cell that holds yes or no would be typed",
    "academy/reports/coverage.py": "headings of exported files, which go from office to office in Chinese",
    "academy/search/numerals.py": "digits and units of Chinese numerals",
    "academy/search/query_parser.py": "words that a question does not mean",
    "academy/search/text.py": "characters that are written in two ways",
}
SPARED_FOLDERS = {
    "academy/cli/sample": "the sample city's names and texts are data",
}


FROZEN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
"""Chinese characters and the punctuation of Chinese sentences."""

WAY_OUT = "run `make messages` and translate what is empty in academy/translations/en"


def spared(path: Path) -> bool:
    name = path.as_posix()
    return name in SPARED or any(name.startswith(f"{folder}/") for folder in SPARED_FOLDERS)


def both_numbers(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@functools.cache
def english() -> Catalog:
    return messages.read("en")


@functools.cache
def sentences() -> list[Message]:
    return [message for message in messages.collect() if message.id]


def test_every_sentence_is_translated() -> None:
    catalogue = english()
    lacking = [
        message.id
        for message in sentences()
        if message.id not in catalogue
        or not messages.filled(catalogue[message.id].string)
        or catalogue[message.id].fuzzy
    ]
    assert not lacking, WAY_OUT


def test_translations_keep_the_places() -> None:
    differing = {
        source: target
        for message in english()
        if message.id
        if messages.filled(message.string)
        for source in both_numbers(message.id)
        for target in both_numbers(message.string)
        if set(messages.places(source)) != set(messages.places(target))
    }
    assert not differing


def test_no_translation_is_kept_for_what_nobody_says() -> None:
    said = {message.id for message in sentences()}
    assert [message.id for message in english() if message.id and message.id not in said] == []


def test_translations_are_english() -> None:
    chinese = [m.string for m in english() if m.id and messages.CHINESE.search("".join(m.string))]
    assert not chinese


@pytest.mark.parametrize("path", sorted(Path("academy").rglob("*.py")), ids=str)
def test_no_chinese_outside_the_catalogue_in_code(path: Path) -> None:
    if not spared(path):
        assert list(messages.stray_in_python(path.read_text())) == [], "mark it with msg(…) or gettext(…)"


@pytest.mark.parametrize("path", sorted(Path("academy/web/templates").rglob("*.html")), ids=str)
def test_no_chinese_outside_the_catalogue_in_pages(path: Path) -> None:
    assert list(messages.stray_in_template(path.read_text())) == [], "mark it with _(…)"


@pytest.mark.parametrize("path", sorted(Path("academy/web/static/js").rglob("*.js")), ids=str)
def test_scripts_carry_no_sentences(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    code = "\n".join(re.sub(r"(?:^|\s)//.*", "", line) for line in code.splitlines())
    assert not FROZEN.search(code), "let the page give the script its words, in data attributes"


@pytest.mark.parametrize("path", sorted(Path("academy/web/static/css").rglob("*.css")), ids=str)
def test_styles_carry_no_sentences(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not FROZEN.search(code), "what a page says stands in its template"


def test_values_have_one_kind_of_place() -> None:
    """`%(name)s` in sentences of pages, of services and of scripts alike."""
    others = [
        m.id
        for m in sentences()
        for text in both_numbers(m.id)
        if messages.FOREIGN_PLACE.search(text.replace("%%", ""))
    ]
    assert not others


def test_a_sentence_counts_everywhere_or_nowhere() -> None:
    """Said by `_` it would always be in the form of one."""
    counting = {m.id[0] for m in sentences() if not isinstance(m.id, str)}
    plain = set(messages.plain_sentences())
    assert not counting & plain


def test_a_percent_sign_is_written_twice() -> None:
    """`%` in a marked sentence is a place for a value, so a bare one breaks the page that shows it."""
    bare = [
        m.id
        for m in sentences()
        for text in both_numbers(m.id)
        if text.replace("%%", "").count("%")
        != len([place for place in messages.places(text) if place[0] == "%" and place != "%%"])
    ]
    assert not bare


LIMITS = {"most", "longest", "shortest"}
NAMES = {"code", "name", "number", "line", "column", "columns", "place", "end", "sheet", "shown", "hidden", "what"}
TIMES = {"day", "date", "first", "last", "since", "from", "to", "hour", "time", "length", "whole", "part", "left"}
SHARES = {"branch", "title", "share", "size", "counted", "missing", "low", "high", "sound", "speed", "kind"}
NEVER_ONE = LIMITS | NAMES | TIMES | SHARES
"""Places that hold no count, or a limit that is greater than one."""
ONE_OF_MANY = re.compile(
    r"(?<![\w.,:])1 (?:more )?(?:people|have|are|(?!is\b|was\b|has\b|this\b|its\b|less\b)[a-z]+s)\b"
)


def test_english_never_says_one_people() -> None:
    """Where the number is one, no sentence speaks of many: those that count have a form for it."""
    wrong = []
    for message in english():
        if not message.id:
            continue
        text = both_numbers(message.string)[0]
        said = re.sub(r"%\((\w+)\)[sd]", lambda m: "…" if m[1] in NEVER_ONE else "1", text)
        if ONE_OF_MANY.search(said):
            wrong.append(text)
    assert not wrong, "say it with _n(…), count_text(…) or nmsg(…), or without a plural"


def test_english_has_a_form_for_many() -> None:
    same = [m.id[0] for m in english() if not isinstance(m.id, str) and m.string[0] == m.string[1]]
    assert not same
