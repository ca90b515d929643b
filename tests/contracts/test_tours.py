"""Links of the documentation lead somewhere, and what a link names is defined where it leads."""

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from academy import components
from academy.core.database import Base
from academy.jobs import registry
from tests.browser.pictures import LARGEST
from tests.contracts.source import CODE
from tools.pages import ROOT

PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("academy/**/*.md")] if page.is_file()
)
TOURS = sorted((ROOT / "docs" / "tours").glob("*.md"))
LINK = re.compile(r"\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
EMBEDDED = re.compile(r"(?:src|srcset|href)=\"(?P<target>[^\"]+)\"")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
ADDRESS = re.compile(r"[a-z]+:")
SCRIPT = r"^\s*(?:export )?(?:async )?(?:function\*?|class|const|let) {name}\b"


def linked(page: Path) -> list[tuple[str, str]]:
    """Label and target of each relative link; what is in a block of code is none."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found = [(m["label"], m["target"]) for m in LINK.finditer(text)]
    found += [("", m["target"]) for m in EMBEDDED.finditer(text)]
    return [(label, unquote(target)) for label, target in found if not ADDRESS.match(target)]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What `#…` can name in a page: its headings, as GitHub writes them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*?)\s*$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", LINK.sub(r"\g<label>", heading).lower()) for heading in headings]
    return frozenset(heading.replace(" ", "-") for heading in plain)


@cache
def defined(file: Path) -> frozenset[str]:
    """Names that a module defines at its top level, and those of its classes behind a dot."""

    def of(body: list[ast.stmt], before: str) -> set[str]:
        names: set[str] = set()
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(before + node.name)
            if isinstance(node, ast.ClassDef):
                names |= of(node.body, f"{before}{node.name}.")
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            names |= {before + target.id for target in targets if isinstance(target, ast.Name)}
        return names

    return frozenset(of(ast.parse(file.read_text(encoding="utf-8")).body, ""))


def is_defined(name: str, file: Path) -> bool:
    """Whether the file defines the name; a link that is labelled with the file's own name asks for nothing more."""
    if name == file.name:
        return True
    if file.suffix == ".py":
        return name in defined(file)
    return re.search(SCRIPT.format(name=re.escape(name)), file.read_text(encoding="utf-8"), re.M) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere_and_to_what_it_names(page: Path) -> None:
    wrong = []
    for label, target in linked(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        symbol = re.fullmatch(r"`([\w.]+)(?:\(\))?`", label)
        if not file.exists():
            wrong.append(f"{target}: there is no such file")
        elif anchor and anchor not in anchors(file):
            wrong.append(f"{target}: the page has no such heading")
        elif symbol and file.suffix in {".py", ".js"} and not is_defined(symbol[1], file):
            wrong.append(f"{target} does not define {symbol[1]}")
    assert wrong == []


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.stem)
def test_a_tour_names_what_it_links_to_in_the_code(tour: Path) -> None:
    code = [(label, target) for label, target in linked(tour) if target.endswith((".py", ".js"))]
    assert len(code) > 10
    assert [f"{label} → {target}" for label, target in code if not re.fullmatch(r"`[\w.]+`", label)] == []


HANDWRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md", *TOURS]
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]*)*)`(?! \(new\))")
SUFFIXES = (".py", ".js", ".css", ".html", ".md", ".toml", ".po")
PLACES = ("", "academy", "academy/web", "academy/web/static", "tests", "tests/contracts")
PUT_THERE = {"media", "uploads", "work"}
"""Folders that the running academy makes for itself."""


@pytest.mark.parametrize("page", HANDWRITTEN, ids=lambda page: page.stem)
def test_a_file_that_is_named_exists(page: Path) -> None:
    names = {name for name in FILE.findall(page.read_text(encoding="utf-8")) if "/" in name or name.endswith(SUFFIXES)}
    names = {name for name in names if name.strip("/") not in PUT_THERE}
    known = {path.name for folder in ("academy", "tests", "tools") for path in (ROOT / folder).rglob("*.*")}
    assert [
        n for n in sorted(names) if n not in known and not any((ROOT / place / n).exists() for place in PLACES)
    ] == []


def diagrams(page: Path) -> list[str]:
    return re.findall(r"^```mermaid\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def test_diagrams_name_what_there_is() -> None:
    """Jobs (`job name`), tables (`[(name)]`), classes (CamelCase) and functions or modules (`module.function`)."""
    drawn = "\n".join(text for page in PAGES for text in diagrams(page))
    assert drawn
    words = set(re.findall(r"\b([a-z]\w+)\.(?!db\b|py\b)([a-z_]\w+)\b", re.sub(r"\bjob [\w.]+", "", drawn)))
    modules = [(path, defined(path)) for path in CODE.rglob("*.py")]
    known = {(path.stem, name) for path, names in modules for name in names}
    known |= {(path.parent.name, path.stem) for path, _ in modules}
    assert words and words - known == set()
    classes = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", drawn))
    assert classes and classes - {name for _, names in modules for name in names} == set()
    components.import_all()
    tables = {name for row in re.findall(r"\[\(([a-z_, ]+)\)\]", drawn) for name in row.split(", ") if " " not in name}
    assert tables and tables - set(Base.metadata.tables) == set()
    jobs = set(re.findall(r"\bjob (\w+\.\w+)", drawn))
    assert jobs and jobs - {spec.name for spec in registry.all_specs()} == set()


def test_the_readme_leads_to_every_tour() -> None:
    targets = {target for _, target in linked(ROOT / "README.md")}
    assert {f"docs/tours/{tour.name}" for tour in TOURS} <= targets
    assert {"docs/architecture.md", "CONTRIBUTING.md"} <= targets


def test_the_readme_shows_every_picture_that_is_kept_and_each_is_small() -> None:
    kept = sorted((ROOT / "docs" / "images").iterdir())
    assert {path.relative_to(ROOT).as_posix() for path in kept} == {
        target for _, target in linked(ROOT / "README.md") if target.startswith("docs/images/")
    }
    for path in kept:
        data = path.read_bytes()
        assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP") and len(data) <= LARGEST, path.name
