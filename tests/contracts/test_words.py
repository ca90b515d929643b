"""The application is written in the trade's words (docs/decisions/0042), and no two public classes have one name."""

import ast
import builtins
import functools
import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.source import CODE, ROOT, python

WORDS = """
house houses room rooms door doors gate gates wish wishes wished hear hears heard tell tells told telling
trouble troubles riddle riddles hearsay whoever whomever ear ears
"""
IN_TEXT = frozenset(WORDS.split())
"""Words of parables, banned in docstrings and comments."""
IN_NAMES = IN_TEXT | {"say", "says", "said", "speak", "speaks", "spoken", "making"}
"""Banned in identifiers; some of these are plain English in a sentence."""

PERMITTED = {
    "search/backends/whoosh/files.py:_Cursor.tell": "the protocol of Python's files",
    "media/storage/s3_storage.py:StoredObject.tell": "the protocol of Python's files",
}
"""Names with a banned word for a reason that lies outside."""

ELSEWHERE = {
    "NAME_FILE": "stands for any setting's name",
    "SSL_CERT_FILE": "OpenSSL",
    "secure_link": "nginx",
    "silencedetect": "ffmpeg",
    "site": "Python",
}
"""Names between backticks that belong to other programs."""

REMAINING: frozenset[str] = frozenset()
"""Names that other modules import and that are still to be renamed. It only shrinks."""

REMAINING_CLASSES: frozenset[str] = frozenset()
"""Names of public classes that two modules define. It only shrinks."""


def words_of(name: str) -> set[str]:
    """The words of an identifier: ``_tellOne_two`` has ``tell``, ``one``, ``two``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return set(re.findall(r"[a-z]+", parted.lower()))


def banned_in_text(text: str) -> set[str]:
    """Banned words of a docstring or comment; what stands between backticks or double quotes is code or a quotation."""
    plain = re.sub(r"`[^`]*`|\"[^\"]*\"|“[^”]*”", " ", text)
    return IN_TEXT & set(re.findall(r"[a-z]+", plain.lower()))


class Definitions(ast.NodeVisitor):
    """The names that a module defines: classes, functions, parameters, variables, attributes; each with its scope."""

    def __init__(self) -> None:
        self.scope: list[str] = []
        self.names: set[tuple[str, str]] = set()

    def _add(self, name: str) -> None:
        self.names.add((".".join([*self.scope, name]), name))

    def _enter(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._add(node.name)
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _enter

    def visit_arg(self, node: ast.arg) -> None:
        """A parameter."""
        self._add(node.arg)
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        """A name under which something is imported."""
        if node.asname:
            self._add(node.asname)

    def visit_Name(self, node: ast.Name) -> None:
        """A variable where it is assigned."""
        if isinstance(node.ctx, ast.Store):
            self._add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """An attribute where it is assigned."""
        if isinstance(node.ctx, ast.Store):
            self._add(node.attr)
        self.generic_visit(node)


def defined(path: str, module: ast.AST) -> Iterator[tuple[str, str]]:
    """Place (``path:Class.function.name``) and name of everything that a module defines, the module itself included."""
    yield f"{path}:", Path(path).stem
    visitor = Definitions()
    visitor.visit(module)
    for place, name in visitor.names:
        yield f"{path}:{place}", name


@functools.cache
def tokenised(path: Path) -> tuple[list[tuple[int, str]], frozenset[str]]:
    """A module's comments and docstrings with their lines, and its other names and strings."""
    text, rest = [], set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT or token.string.lstrip("rR").startswith('"""'):
            text.append((token.start[0], token.string))
        elif token.type in {tokenize.NAME, tokenize.STRING}:
            rest.add(token.string)
    return text, frozenset(rest)


def comments() -> Iterator[tuple[str, str]]:
    """Docstrings and comments of modules, and comments of scripts, styles, templates and deploy/, with their places."""
    for path in sorted(
        [*CODE.rglob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "config.py", ROOT / "wsgi.py"]
    ):
        for line, text in tokenised(path)[0]:
            yield f"{path.relative_to(ROOT)}:{line}", text
    patterns = {".js": r"(?s)/\*.*?\*/|(?<![:\w])//[^\n]*", ".css": r"(?s)/\*.*?\*/", ".html": r"(?s)\{#.*?#\}"}
    for path in sorted([*(CODE / "web").rglob("*.*")]):
        if path.suffix in patterns and "vendor" not in path.parts:
            for found in re.finditer(patterns[path.suffix], path.read_text(encoding="utf-8")):
                yield str(path.relative_to(CODE)), found[0]
    for path in sorted((ROOT / "deploy").iterdir()):
        for found in re.finditer(r"#[^\n]*", path.read_text(encoding="utf-8")):
            yield str(path.relative_to(ROOT)), found[0]


def test_the_words_of_a_name_and_of_a_text_are_found() -> None:
    assert words_of("_tellOne_Two") >= {"tell", "one", "two"}
    assert "tell" not in words_of("intelligible") and "room" in words_of("HTTPRoom2")
    assert banned_in_text('# Whoever asks is told of `tell`, and of "room".') == {"whoever", "told"}
    module = ast.parse("import a as heard\nclass Room:\n  def f(self, wish):\n    self.gate = told = 1\n")
    assert {name for _, name in defined("door.py", module)} >= {"door", "heard", "Room", "wish", "gate", "told"}


def test_names_are_the_trades() -> None:
    """No identifier of the application has a banned word; what is public and still has one is listed by name."""
    found = {
        place: name
        for path, (module, *_) in python()
        for place, name in defined(path, module)
        if words_of(name) & IN_NAMES and place not in PERMITTED
    }
    assert {place: name for place, name in found.items() if name not in REMAINING} == {}
    assert REMAINING - set(found.values()) == set(), "renamed: take them off the list"


def test_permitted_names_exist() -> None:
    places = {place for path, (module, *_) in python() for place, _ in defined(path, module)}
    assert set(PERMITTED) - places == set()


def test_docstrings_and_comments_are_plain() -> None:
    assert {place: words for place, text in comments() if (words := banned_in_text(text))} == {}


def test_no_two_public_classes_of_one_name() -> None:
    names = Counter(
        node.name
        for _, (module, *_) in python()
        for node in getattr(module, "body", [])
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, number in names.items() if number > 1} == REMAINING_CLASSES


def test_names_between_backticks_exist() -> None:
    """What a docstring refers to is a name of the code: a renamed function is renamed in the text about it, too."""
    known = {*dir(builtins), *keyword.kwlist, *ELSEWHERE}
    referred: list[tuple[str, str]] = []
    strings: set[str] = set()
    for path in sorted(CODE.rglob("*.py")):
        known |= {path.stem, *path.relative_to(ROOT).parent.parts}
        text, rest = tokenised(path)
        strings |= rest
        for line, comment in text:
            names = re.findall(r"(?<!`)`([A-Za-z_]\w*(?:\.\w+)*)`(?!`)", comment)
            place = f"{path.relative_to(CODE)}:{line}"
            referred += [(place, name) for name in names if not name.endswith((".py", ".m3u8"))]
    known |= {word for string in strings for word in re.findall(r"\w+", string)}
    assert referred
    assert [(place, name) for place, name in referred if not set(name.split(".")) <= known] == []
