"""The sentences people read: collect them from the code, bring a catalogue up to date.

`python -m tools.messages` merges what the code says into academy/translations/*/LC_MESSAGES/messages.po:
new sentences appear with an empty translation, unused ones go.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes
from jinja2.ext import i18n

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "academy" / "translations"
# A sentence that counts is written once: Chinese has one form, and its translation has as many as it needs.
COUNTING = ("nmsg", "count_text", "_n", "plural_words")
KEYWORDS = DEFAULT_KEYWORDS | {"msg": None} | dict.fromkeys(COUNTING, (1, 1))
MARKS = frozenset({"msg", "_", "gettext", "ngettext", *COUNTING})
CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
PLACE = re.compile(r"%(?:\(\w+\))?[a-z%]")
# Other ways to leave a place for a value: there is one in this project.
FOREIGN_PLACE = re.compile(r"[{}]|%(?!\()")


def collect() -> Catalog:
    """Every sentence of the code, with the files it is in."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for name, sentence, comments, context in _every_use():
        found.add(sentence, locations=[(name, 1)], auto_comments=comments, context=context)
    return found


def plain_sentences() -> list[str]:
    """Those that are said somewhere without a number; a catalogue holds a sentence once, whichever way it is said."""
    return [sentence for _name, sentence, _comments, _context in _every_use() if isinstance(sentence, str)]


@functools.cache
def _every_use() -> list[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, keywords=KEYWORDS, directory_filter=_worth_entering)
    return [(name, sentence, comments, context) for name, _line, sentence, comments, context in found]


def _worth_entering(path: str) -> bool:
    folder = Path(path)
    return folder == ROOT or (ROOT / "academy") in (folder, *folder.parents)


def catalogue(language: str) -> Path:
    """The file of a language."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """The catalogue of a language."""
    with catalogue(language).open("rb") as file:
        return read_po(file, locale=language)


def places(sentence: str) -> list[str]:
    """The places for values in a sentence, sorted: %(name)s, in those for scripts too."""
    return sorted(match.group(0) for match in PLACE.finditer(sentence))


def update(language: str) -> int:
    """Merge the code's sentences into a language's catalogue; returns how many lack a translation."""
    kept = read(language)
    kept.update(collect(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    # A header of our own: Babel's carries a date, so that every run would look like a change.
    plural = f"nplurals={kept.num_plurals}; plural={kept.plural_expr};"
    head = (f"Language: {language}", f"Plural-Forms: {plural}", "Content-Type: text/plain; charset=utf-8")
    with catalogue(language).open("wb") as file:
        file.write(b'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in head).encode() + b"\n")
        write_po(file, kept, width=0, omit_header=True, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    return sum(1 for message in kept if message.id and not filled(message.string))


def filled(translation: str | tuple[str, ...] | list[str]) -> bool:
    """Whether there is a translation, in every number."""
    return bool(translation) if isinstance(translation, str) else bool(translation) and all(translation)


def stray_in_python(source: str) -> Iterator[tuple[int, str]]:
    """Chinese texts of a module that no catalogue will see: neither marked nor a docstring."""
    every = list(ast.walk(ast.parse(source)))
    spared: set[int] = set()
    for node in every:
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in MARKS:
            spared.update(id(part) for part in node.args)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            spared.add(id(node.value))
    for node in every:
        if not isinstance(node, ast.Constant) or id(node) in spared:
            continue
        if isinstance(node.value, str) and CHINESE.search(node.value):
            yield node.lineno, node.value


def stray_in_template(source: str) -> Iterator[tuple[int, str]]:
    """Likewise for a template: text outside `_()`."""
    tree = Environment(extensions=[i18n], autoescape=True).parse(source)
    spared = {
        id(argument)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKS
        for argument in call.args
    }
    for text in tree.find_all(nodes.TemplateData):
        if CHINESE.search(text.data):
            yield text.lineno, text.data.strip()
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in spared and CHINESE.search(constant.value):
            yield constant.lineno, constant.value


if __name__ == "__main__":
    for folder in sorted(CATALOGUES.iterdir()):
        print(f"{folder.name}: {update(folder.name)} sentences without translation")
