"""Parsers of files from outside run in the jail: whoever uses one is on this list, with where it runs."""

import ast

from tests.contracts.source import imports, python, who_imports

CAPTIONS = {
    "media/captions/parse_captions.py": "in the jail",
    "cli/asr.py": "a file of the operator's",
}
PARSERS = {
    "PIL": {
        "media/draw_image.py": "in the jail",
        "media/documents/draw_pages.py": "in the jail",
        "media/keeping/draw_stills.py": "in the jail",
        "cli/sample/slides.py": "draws the sample's own",
        "cli/sample/portraits.py": "draws the sample's own",
        "media/documents/pages.py": "the JPEG that draw_image wrote",
    },
    "pypdfium2": {"media/documents/draw_pages.py": "in the jail"},
    "xml.etree": {"media/documents/kinds.py": "in the jail", "media/documents/office_package.py": "in the jail"},
    "chardet": {"media/captions/formats/encoding.py": "in the jail"},
}


def calls_of(nodes: list[ast.AST], owner: str, name: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in nodes
    )


def test_captions_from_outside_are_parsed_in_the_jail_only() -> None:
    owners = ("caption_files", "media")  # by its module inside the component, by its api elsewhere
    found = {name for name, nodes in python() for owner in owners if calls_of(nodes, owner, "parse_captions")}
    assert found == set(CAPTIONS)
    direct = {
        name
        for name, nodes in python()
        if "academy.media.captions.caption_files.parse_captions" in imports(nodes) and name != "media/api.py"
    }
    assert not direct, "by its module, so that this test sees it"


def test_libraries_that_parse_are_used_in_the_jail_only() -> None:
    for library, known in PARSERS.items():
        users = set(who_imports(library))
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
    for name, nodes in python():
        wrong = [one for one in called if calls_of(nodes, *one)]
        assert not wrong or name in {"media/documents/read_package.py", "media/documents/office_package.py"}, (
            name,
            wrong,
        )
