"""What only tests use is not in the application: no function, class or parameter is there for their sake."""

import ast

from tests.contracts import usage

USERS = ("academy/**/*.py", "migrations/**/*.py", "tools/*.py", "config.py", "wsgi.py")

UNUSED = {
    "academy.media.captions.parse_captions.main": "run by its module's name, in the jail",
    "academy.media.documents.read_package.main": "likewise",
    "academy.media.draw_image.main": "likewise",
    "academy.media.keeping.draw_stills.main": "likewise",
    "academy.media.tools.find_in_wheel": "films are tested with both builds of ffmpeg, whichever the machine prefers",
}
"""Functions and classes that nobody calls by name → why they are there all the same."""


def test_what_the_application_defines_it_uses() -> None:
    modules = usage.read(*USERS)
    used = usage.used(modules)
    unused = {
        f"{module.name}.{name}"
        for module in modules.values()
        if module.name.startswith("academy")
        for name, node in module.defined.items()
        if not name.startswith("_") and not usage.is_registered(node) and f"{module.name}.{name}" not in used
    }
    assert sorted(unused - set(UNUSED)) == [], "remove it, or say in UNUSED what it is for"
    assert sorted(set(UNUSED) - unused) == [], "needs no reason any more"


def test_the_application_knows_no_test_by_name() -> None:
    """Neither a word nor a switch says that a test runs."""
    switches = ("PYTEST_CURRENT_TEST", "pytest", "unittest")
    found = [
        (module.name, node.lineno)
        for module in usage.read(*USERS).values()
        if module.name.startswith("academy")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and node.value in switches)
        or (isinstance(node, ast.Attribute) and node.attr in ("testing", "TESTING"))
        or (isinstance(node, ast.Constant) and node.value == "TESTING")
    ]
    assert found == []
