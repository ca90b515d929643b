"""Parsers of files from outside run in the jail: whoever uses one is on this list, with where it runs."""

import ast
from pathlib import Path

CODE = Path(__file__).resolve().parents[2] / "academy"

CAPTIONS = {
    "media/captions/parse_captions.py": "in the jail",
    "media/service.py": "captions of our own, in samples and tests",
    "cli/asr.py": "a file of the operator's",
}
PARSERS = {
    "PIL": {
        "media/draw_image.py": "in the jail",
        "media/documents/draw_pages.py": "in the jail",
        "cli/sample/slides.py": "draws the sample's own",
        "media/documents/pages.py": "the JPEG that draw_image wrote",
    },
    "pypdfium2": {"media/documents/draw_pages.py": "in the jail"},
    "xml.etree": {"media/documents/kinds.py": "in the jail", "media/documents/office_package.py": "in the jail"},
    "chardet": {"media/captions/formats/encoding.py": "in the jail"},
}


def modules() -> dict[str, ast.Module]:
    return {path.relative_to(CODE).as_posix(): ast.parse(path.read_text("utf-8")) for path in CODE.rglob("*.py")}


def imported(module: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return names


def calls_of(module: ast.Module, owner: str, name: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in ast.walk(module)
    )


def test_captions_from_outside_are_parsed_in_the_jail_only() -> None:
    found = modules()
    assert {name for name, module in found.items() if calls_of(module, "caption_files", "parse_captions")} == set(
        CAPTIONS
    )
    direct = {
        name
        for name, module in found.items()
        if "academy.media.captions.caption_files.parse_captions" in imported(module)
    }
    assert not direct, "by its module, so that this test sees it"


def test_libraries_that_parse_are_used_in_the_jail_only() -> None:
    found = modules()
    for library, known in PARSERS.items():
        users = {
            name
            for name, module in found.items()
            if any(one == library or one.startswith(f"{library}.") for one in imported(module))
        }
        assert users <= set(known), library


def test_what_runs_in_the_jail_is_not_called_outside_it() -> None:
    """The modules that the jail starts hold what is called nowhere else."""
    called = {
        ("office_package", "kind_of"),
        ("office_package", "tidy"),
        ("document_kinds", "refusal_of"),
        ("document_kinds", "office_kind"),
        ("draw_image", "draw"),
    }
    for name, module in modules().items():
        wrong = [one for one in called if calls_of(module, *one)]
        assert not wrong or name in {"media/documents/read_package.py", "media/documents/office_package.py"}, (
            name,
            wrong,
        )
