"""Finds the regular expressions of the application and texts that are hard for each.

Why measured and not proved: of the checkers that exist, recheck reads ECMAScript's syntax only, and regexploit
(PyPI) finds none of the quadratic patterns that stopped this application, because they are slow through the many
places where a search begins, not through one match.
"""

import ast
import dataclasses
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

try:
    import re._parser as sre  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover - Python 3.10
    import sre_parse as sre

ROOT = Path(__file__).parents[2]
METHODS = ("search", "match", "fullmatch", "findall", "finditer", "split", "sub", "subn")
LENGTHS = (8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 128, 256, 1024, 4096, 16_384)
QUICK_S, SLOW_S = 0.008, 0.2
MOST_TEXTS = 160


@dataclasses.dataclass(frozen=True)
class Found:
    """A pattern, where it stands, and how it is used there."""

    place: str
    pattern: "re.Pattern[Any]"
    methods: tuple[str, ...]


def patterns(package: str = "academy") -> tuple[list[Found], list[str]]:
    """Every pattern that modules hold or write where they use it, and the places of those that are made from data."""
    found, made = [], []
    for path in sorted((ROOT / package).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if not re.search(r"^(import re|from re)\b", source, re.MULTILINE):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(source)
        held = {n: v for n, v in vars(importlib.import_module(name)).items() if isinstance(v, re.Pattern)}
        for one, pattern in held.items():
            used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _is_use(n, one)} & set(METHODS)
            found.append(Found(f"{name}.{one}", pattern, tuple(sorted(used)) or ("search", "sub")))
        for call in ast.walk(tree):
            method = _method_of(call)
            if not isinstance(call, ast.Call) or method is None:
                continue
            given = call.args[0] if call.args else None
            if isinstance(given, ast.Constant) and isinstance(given.value, str | bytes):
                if method != "compile":
                    found.append(Found(f"{name}:{call.lineno}", re.compile(given.value), (method,)))
            elif not (method == "compile" and call.col_offset and held):
                made.append(f"{name}: {ast.unparse(call)[:70]}")
    return found, made


def _is_use(node: ast.Attribute, name: str) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == name


def _method_of(node: ast.AST) -> str | None:
    """``sub`` of ``re.sub(…)``."""
    call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    if not call or node.func.value.id != "re":  # type: ignore[attr-defined]
        return None
    return node.func.attr if node.func.attr in (*METHODS, "compile") else None  # type: ignore[attr-defined]


LETTERS = "a1 <{\\:.-—,，年甲\n\t>}'\"=;&（A\r/+|"
"""What is tried for a class of characters; the first that fit are taken."""


def hard_texts(pattern: "re.Pattern[Any]") -> list[Callable[[int], str]]:
    """Makers of texts of a given length: what begins the pattern, over and over; what one of its repeats takes,
    over and over, behind what comes before it; each with an end that does not fit."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = sre.parse(source, pattern.flags & ~re.UNICODE & ~re.DEBUG)
    units: list[tuple[str, str]] = []
    for before, pump in _pumps(list(tree), ""):
        units += [(before, pump), ("", before + pump), ("", pump)]
    for so_far in _beginnings(list(tree)):
        units.append(("", so_far))
    texts = []
    for (before, unit), end in itertools.product(dict.fromkeys(u for u in units if u[1]), ("", "\x00", "!\n")):
        texts.append(lambda n, b=before, u=unit, e=end: b + (u * (n // len(u) + 1))[:n] + e)
    return texts[:MOST_TEXTS]


def _samples(nodes: Sequence[Any]) -> list[str]:
    """A few short texts that fit the nodes one after another."""
    texts = [""]
    for node in nodes:
        texts = [a + b for a in texts[:4] for b in _sample(node)[:4]][:8]
    return texts


def _sample(node: Any) -> list[str]:
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        return [chr(value)]
    if kind in {"NOT_LITERAL", "ANY", "IN"}:
        fits = re.compile(_class_of(kind, value), re.DOTALL)
        return [letter for letter in LETTERS if fits.fullmatch(letter)][:3] or _first_of(value)
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        low, high, body = value
        return [sample * max(low, 1 if high else 0) for sample in _samples(list(body))]
    if kind == "SUBPATTERN":
        return _samples(list(value[-1]))
    if kind == "ATOMIC_GROUP":
        return _samples(list(value))
    if kind == "BRANCH":
        return [sample for branch in value[1] for sample in _samples(list(branch))[:2]]
    return [""]  # anchors, looks aside, references


def _class_of(kind: str, value: Any) -> str:
    if kind == "ANY":
        return "[^\n]"
    if kind == "NOT_LITERAL":
        return f"[^{re.escape(chr(value))}]"
    parts = []
    for name, item in value:
        if str(name) == "NEGATE":
            parts.insert(0, "^")
        elif str(name) == "LITERAL":
            parts.append(re.escape(chr(item)))
        elif str(name) == "RANGE":
            parts.append(f"{re.escape(chr(item[0]))}-{re.escape(chr(item[1]))}")
        else:
            letter = str(item).rsplit("_", 1)[-1][0].lower()
            parts.append(f"\\{letter.upper() if '_NOT_' in str(item) else letter}")
    return f"[{''.join(parts)}]"


def _first_of(value: Any) -> list[str]:
    for name, item in value if isinstance(value, list) else []:
        if str(name) in {"LITERAL", "RANGE"}:
            return [chr(item if str(name) == "LITERAL" else item[0])]
    return ["\u4e00"]


def _pumps(nodes: Sequence[Any], before: str) -> Iterator[tuple[str, str]]:
    """Every repeat: what fits before it, and what it takes once."""
    for place, node in enumerate(nodes):
        kind, value = str(node[0]), node[1]
        for so_far in _samples(nodes[:place])[:3]:
            if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
                if value[1] is sre.MAXREPEAT or int(value[1]) > 30:
                    yield from ((before + so_far, pump) for pump in _samples(list(value[2]))[:4])
                yield from _pumps(list(value[2]), before + so_far)
            elif kind == "SUBPATTERN":
                yield from _pumps(list(value[-1]), before + so_far)
            elif kind == "BRANCH":
                for branch in value[1]:
                    yield from _pumps(list(branch), before + so_far)


def _beginnings(nodes: Sequence[Any]) -> Iterator[str]:
    for place in range(1, len(nodes) + 1):
        yield from _samples(nodes[:place])[:3]
    for node in nodes:
        if str(node[0]) == "BRANCH":
            for branch in node[1][1]:
                yield from _beginnings(list(branch))
        elif str(node[0]) == "SUBPATTERN":
            yield from _beginnings(list(node[1][-1]))


def slowest(found: Found, most: int = LENGTHS[-1]) -> str:
    """Why a pattern does not grow with the length of its text alone; empty if it does."""
    is_bytes = isinstance(found.pattern.pattern, bytes)
    for make, method in itertools.product(hard_texts(found.pattern), found.methods):
        for length in LENGTHS:
            text: Any = make(min(length, most))
            text = text.encode("latin-1", "replace") if is_bytes else text
            took = _seconds(found.pattern, method, text)
            if took > SLOW_S or (length == LENGTHS[-1] and took > QUICK_S and _grows(found, method, make, took, most)):
                return f"{found.place} .{method}: {took:.2f} s for {len(text)} of {text[:40]!r}…"
    return ""


def _grows(found: Found, method: str, make: Callable[[int], str], took: float, most: int) -> bool:
    """Whether four times the text took more than eight times as long, in the quietest of three trials."""
    is_bytes = isinstance(found.pattern.pattern, bytes)
    short, long = (make(n) for n in (most // 4, most))
    ask: list[Any] = (
        [short.encode("latin-1", "replace"), long.encode("latin-1", "replace")] if is_bytes else [short, long]
    )
    quiet = [min(_seconds(found.pattern, method, text) for _ in range(3)) for text in ask]
    return quiet[1] > 8 * quiet[0] and quiet[1] > QUICK_S


def _seconds(pattern: "re.Pattern[Any]", method: str, text: Any) -> float:
    started = time.thread_time()
    if method in {"sub", "subn"}:
        pattern.sub(text[:0], text)
    elif method == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, method)(text)
    return time.thread_time() - started
