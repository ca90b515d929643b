"""What takes something away asks first, shows what it will do, or can be taken back: the lists are complete.

`ACTS` are those that a page calls, by name. `access_matrix.SAFEGUARDS` is every route that writes, of pages and of
programs, and `COMMANDS` every command: each is harmless, or says how it is made safe.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import click
import pytest
from flask import Flask

from tests.contracts.access_matrix import SAFEGUARDS

PAGES, TEMPLATES = Path("academy/web"), Path("academy/web/templates")
TAKES_AWAY = re.compile(
    r"(?:delete|close|discard|merge|revoke|withdraw|strike|erase|remove|transfer|cancel|retire|drop|end|decline|"
    r"change_status|carry_over|freeze|forget)(?:_|$)"
)
NOT_OURS = {"clear", "drop", "end"}
"""Methods and variables, not acts."""

# Act as a page calls it → how it is made safe: `asks` (text that the confirmation in a template must hold),
# `shows` (a template that shows what will happen before the button), `back` (what takes it back, in words).
ACTS: dict[str, tuple[str, str]] = {
    "accounts.end_session": ("back", "one signs in again"),
    "captions.withdraw_proposal": ("back", "one's own proposal, which can be made again from the same text"),
    "classes.close": ("shows", "classes/close.html"),
    "classes.close_class_with_report": ("shows", "classes/close.html"),
    "classes.end_place": ("asks", 'url_for(".end_place"'),
    "class_groups.cancel_turn": ("back", "the same page plans it again"),
    "class_groups.remove_group": ("asks", 'hidden={"verb": "remove"}'),
    "my_classes.withdraw_application": ("asks", 'hidden={"verb": "withdraw"}'),
    "cohorts.close_cohort": ("back", "the same verb opens it again"),
    "cohorts.remove_cohort_member": ("back", "the member is added again by number"),
    "consent.withdraw_consent": ("asks", 'url_for("consent.withdraw")'),
    "files.remove_file": ("asks", 'url_for("files.remove"'),
    "grants.revoke_role": ("asks", 'url_for("grants.revoke"'),
    "holidays.remove_holiday": ("asks", 'hidden={"verb": "remove"}'),
    "lectures.cancel_lecture": ("asks", 'hidden={"verb": "cancel"}'),
    "pool_lecturer.end_post": ("back", "the same page reopens it"),
    "pool_lecturer.remove_absence": ("back", "the days are entered again"),
    "pool_lecturer.remove_post": ("asks", 'hidden={"verb": "remove_post"'),
    "pool_lecturer.remove_window": ("back", "the hours are entered again"),
    "pool_lecturer.withdraw_lecturer_consent": ("asks", 'hidden={"verb": "withdraw"'),
    "terms.retire_classroom": ("back", "the same button offers it again"),
    "learn.carry_over_credit": ("shows", "learn/recut.html"),
    "library.remove_category": ("asks", '"verb": "remove"'),
    "corrections.decline_correction": ("back", "it is proposed again"),
    "exemptions.revoke_exemption": ("asks", 'url_for("exemptions.decide"'),
    "invitations.revoke_link": ("back", "a new link is made by the button that takes its place"),
    "invitations.withdraw_invitation": ("asks", 'hidden={"verb": "withdraw"}'),
    "lecture_materials.withdraw_lecturer_consent": ("asks", 'url_for(".withdraw_consent")'),
    "lecture_materials.discard_draft": ("asks", 'hidden={"verb": "discard", "seen": newest.public_id}'),
    "material_reviews.remove_material_comment": ("back", "the comment is written again"),
    "term_plans.withdraw_ruling": ("back", "it is asked for again"),
    "topic_requests.decline_topic": ("back", "it is collected for again, with all its voices"),
    "topic_requests.merge_topic": ("shows", "topics/merge.html"),
    "topics.withdraw_support": ("back", "the same button gives it again"),
    "talk.remove_note": ("asks", 'url_for("talk.change_note"'),
    "member_forms.change_status": ("shows", "members/preview.html"),
    "member_forms.transfer_member": ("shows", "members/preview.html"),
    "member_changes.undo_status": ("back", "it is a change of status, which can be made again"),
    "member_changes.undo_transfer": ("asks", 'hidden={"verb": "transfer"}'),
    "personnel_notes.revoke_note": ("asks", 'url_for("personnel_notes.revoke"'),
    "members.close_organisation": ("asks", 'hidden={"verb": "close"}'),
    "mergers.merge_organisation": ("shows", "members/merge.html"),
    "mergers.undo_merger": ("asks", 'url_for("mergers.undo"'),
    "own_data.cancel_data_request": ("back", "one's own request, which can be made again"),
    "review.withdraw_course": ("asks", '_("确认下架")'),
    "rosters.discard_import": ("asks", 'url_for("rosters.discard"'),
    "search.remove_dictionary_term": ("back", "the word is added again"),
    "search.remove_glossary_term": ("back", "it is taught again"),
    "search.forget_mistake": ("back", "what members type brings it up again"),
    "sectors.retire_sector": ("asks", '_("停用")'),
    "studio.discard_draft": ("asks", '"verb": "discard"'),
    "studio.remove_item": ("asks", '"verb": "remove"'),
    "studio.withdraw_course": ("asks", '_("确认下架")'),
    "training_forms.close_training": ("asks", 'verb="close"'),
    "training_forms.discard_training": ("asks", 'verb="discard"'),
}


def called(path: Path) -> set[str]:
    """Names of what a module of pages calls or hands on that take something away."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name and TAKES_AWAY.match(name) and name not in NOT_OURS:
            found.add(name)
    return found


def confirmations() -> list[str]:
    """Every call of the macro that asks, of every template, to the end of its line or tag."""
    return [
        match
        for path in TEMPLATES.rglob("*.html")
        for match in re.findall(r"ui\.confirm\((?:[^{}]|\{(?!%)|\}(?!\}))*", path.read_text())
    ]


def test_every_act_that_takes_something_away_is_listed() -> None:
    named = {f"{path.stem}.{name}" for path in PAGES.glob("*.py") for name in called(path)}
    assert sorted(named - set(ACTS)) == [], "say in ACTS how it is made safe"


@pytest.mark.parametrize("act", sorted(ACTS))
def test_each_asks_shows_or_can_be_taken_back(act: str) -> None:
    way, what = ACTS[act]
    module, name = act.split(".")
    assert re.search(rf"\b{name}\b", (PAGES / f"{module}.py").read_text()), "no longer there"
    if way == "asks":
        assert any(what in text for text in confirmations()), f"no confirmation holds {what}"
    elif way == "shows":
        page = (TEMPLATES / what).read_text()
        assert "preview" in page or "shown" in page
    else:
        assert way == "back" and what


# Command → as a route in `access_matrix.SAFEGUARDS`; `checks` names the option that only looks, `asks` a prompt.
COMMANDS: dict[str, tuple[str, str]] = {
    "accounts code": ("back", "another code is issued"),
    "accounts create": ("harmless", ""),
    "accounts grant": ("back", "`accounts revoke`"),
    "accounts password": ("back", "it is set again"),
    "accounts revoke": ("back", "`accounts grant`"),
    "accounts second-step-approve": ("back", "`accounts second-step-off`"),
    "accounts second-step-off": ("back", "its owner sets it up again"),
    "accounts show": ("harmless", "reads"),
    "accounts token": ("back", "its session is ended"),
    "asr evaluate": ("harmless", "reads"),
    "audit verify": ("harmless", "reads"),
    "coverage rebuild": ("harmless", "derived figures, counted again"),
    "coverage settle": ("harmless", "derived figures, counted again"),
    "coverage verify": ("harmless", "reads"),
    "faculty verify-note": ("harmless", "reads"),
    "db check": ("harmless", "reads"),
    "db upgrade": ("back", "the backup that docs/operations.md asks for before an upgrade"),
    "evidence verify": ("harmless", "reads"),
    "faculty simulate": ("harmless", "writes to a database of its own, which is thrown away"),
    "faculty verify": ("harmless", "reads"),
    "jobs list": ("harmless", "reads"),
    "jobs work": ("harmless", "does what was asked for elsewhere"),
    "media keep": ("harmless", "only adds"),
    "media nginx": ("harmless", "prints"),
    "privacy rotate": ("harmless", "retired keys open until they are taken out of the settings"),
    "progress repair": ("harmless", "derives again what follows from the ledger"),
    "progress verify": ("harmless", "reads"),
    "roster import": ("checks", "--apply"),
    "sample create": ("harmless", "refuses outside the demo"),
    "search doctor": ("harmless", "reads"),
    "search merge": ("harmless", "the index is derived"),
    "search rebuild": ("harmless", "the index is derived"),
    "server certificate": ("harmless", "reads"),
    "server demo": ("harmless", ""),
    "server run": ("harmless", ""),
}
WAYS = {"harmless", "asks", "shows", "back", "checks", "own"}


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Every command with its whole name; Flask's own ones are not ours."""
    found: dict[str, click.Command] = {}
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            found |= commands(one, f"{before}{name} ")
        elif before:
            found[f"{before}{name}"] = one
    return found


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_every_route_that_writes_says_how_it_is_made_safe(app: Flask) -> None:
    writes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert sorted(writes ^ set(SAFEGUARDS)) == [], (
        "say in access_matrix.SAFEGUARDS how it is made safe; take out what is gone"
    )
    asked = confirmations()
    for route, (way, what) in SAFEGUARDS.items():
        assert way in WAYS and (what or way == "harmless"), route
        if way == "asks":
            assert any(what in text for text in asked), f"{route}: no confirmation holds {what}"
        if way == "shows":
            page = (TEMPLATES / what).read_text()
            assert "preview" in page or "shown" in page, route
        if way == "checks":
            view = inspect.unwrap(app.view_functions[route])
            assert what in inspect.getsource(inspect.getmodule(view)), route  # type: ignore[arg-type]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_harmless_route_calls_nothing_that_takes_away(app: Flask) -> None:
    """Declared harmless is only what calls none of the acts above."""
    for route, (way, _) in SAFEGUARDS.items():
        if way != "harmless":
            continue
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(app.view_functions[route])))
        names = {
            node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            for node in ast.walk(ast.parse(source))
        }
        assert not [name for name in names if TAKES_AWAY.match(name) and name not in NOT_OURS], route


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_every_command_says_how_it_is_made_safe(app: Flask) -> None:
    found = commands(app.cli)
    assert sorted(set(found) ^ set(COMMANDS)) == [], "say in COMMANDS how it is made safe; take out what is gone"
    for name, (way, what) in COMMANDS.items():
        assert way in WAYS and (what or way == "harmless"), name
        if way == "checks":
            options = [option for one in found[name].params for option in one.opts]
            assert what in options, f"{name}: {options}"
