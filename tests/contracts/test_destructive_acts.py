"""What takes something away asks first, shows what it will do, or can be taken back: the lists are complete.

`ACTS` are those that a page calls, by name. `ROUTES` is every route that writes, of pages and of programs, and
`COMMANDS` every command: each is harmless, or says how it is made safe.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import click
import pytest
from flask import Flask

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
    "cohorts.close_cohort": ("back", "the same verb opens it again"),
    "cohorts.remove_cohort_member": ("back", "the member is added again by number"),
    "consent.withdraw_consent": ("asks", 'url_for("consent.withdraw")'),
    "files.remove_file": ("asks", 'url_for("files.remove"'),
    "grants.revoke_role": ("asks", 'url_for("grants.revoke"'),
    "learn.carry_over_credit": ("shows", "learn/recut.html"),
    "library.remove_category": ("asks", '"verb": "remove"'),
    "corrections.decline_correction": ("back", "it is proposed again"),
    "exemptions.revoke_exemption": ("asks", 'url_for("exemptions.decide"'),
    "member_forms.change_status": ("shows", "members/preview.html"),
    "member_forms.transfer_member": ("shows", "members/preview.html"),
    "member_changes.undo_status": ("back", "it is a change of status, which can be made again"),
    "member_changes.undo_transfer": ("asks", 'hidden={"verb": "transfer"}'),
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
    "studio.discard_course": ("asks", '"verb": "discard"'),
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


# Route → `harmless` (it adds, answers, or changes what the same form changes back), or as above: `asks`, `shows`,
# `back`; `checks`: a program may ask for the same without its being done (the word that asks for it); `own`: it takes
# away only what one has just made oneself and has not finished. Of several verbs, the one that takes most away counts.
ROUTES: dict[str, tuple[str, str]] = {
    "accounts.activate_by_sms": ("harmless", "a code that expires"),
    "accounts.activate_post": ("harmless", "the owner's own password"),
    "accounts.end_session": ("back", "one signs in again"),
    "accounts.password": ("harmless", "the owner's own, and the present one is asked for"),
    "accounts.sign_in_post": ("harmless", ""),
    "accounts.sign_out": ("back", "one signs in again"),
    "api_media.save_cues": ("back", "every version is kept and can be restored"),
    "api_progress.beat": ("harmless", "only adds"),
    "api_progress.end_lease": ("own", "the player's own; the next page opens another"),
    "api_progress.open_lease": ("harmless", ""),
    "api_roster.changes": ("checks", '"check"'),
    "api_uploads.append": ("harmless", "only adds"),
    "api_uploads.create": ("harmless", ""),
    "api_uploads.give_up": ("own", "an upload that is not finished; the file is still on the device"),
    "captions.add_term": ("harmless", ""),
    "captions.hear": ("back", "the version before is kept and can be restored"),
    "captions.restore": ("back", "the version before is kept and can be restored"),
    "captions.take_text": ("back", "the version before is kept and can be restored"),
    "captions.timed": ("back", "the version before is kept and can be restored"),
    "captions.withdraw": ("back", "one's own proposal, which can be made again from the same text"),
    "cohorts.change": ("back", "a member is added again, a list opened again"),
    "cohorts.create": ("harmless", ""),
    "complaints.answer": ("harmless", ""),
    "complaints.create": ("harmless", ""),
    "consent.agree": ("harmless", ""),
    "consent.withdraw": ("asks", 'url_for("consent.withdraw")'),
    "corrections.decide": ("back", "a correction is itself corrected, by two people"),
    "corrections.propose": ("harmless", "somebody else decides"),
    "display.elder": ("harmless", ""),
    "display.language": ("harmless", ""),
    "display.save": ("harmless", ""),
    "exemptions.create": ("harmless", "somebody else decides"),
    "exemptions.decide": ("asks", 'url_for("exemptions.decide"'),
    "files.remove": ("asks", 'url_for("files.remove"'),
    "grants.approve_second_step": ("harmless", ""),
    "grants.code": ("back", "another code is issued"),
    "grants.create": ("back", "the role is revoked"),
    "grants.refuse_second_step": ("back", "its owner sets it up again"),
    "grants.revoke": ("asks", 'url_for("grants.revoke"'),
    "grants.sign_out": ("back", "they sign in again"),
    "jobs.retry": ("harmless", "jobs may run twice"),
    "learn.carry_over": ("shows", "learn/recut.html"),
    "library.change_categories": ("asks", '"verb": "remove"'),
    "media.ask_operator": ("harmless", ""),
    "media.import_captions": ("back", "the version before is kept and can be restored"),
    "media.retry": ("harmless", ""),
    "media.save_chapters": ("back", "the form shows what both have, and saves again"),
    "media.upload": ("harmless", ""),
    "member_changes.undo": ("asks", 'url_for("member_changes.undo"'),
    "members.change_member": ("shows", "members/preview.html"),
    "members.change_organisation_post": ("asks", 'hidden={"verb": "close"}'),
    "members.code": ("back", "another code is issued"),
    "members.create_member": ("harmless", ""),
    "members.create_organisation": ("harmless", ""),
    "mergers.merge": ("shows", "members/merge.html"),
    "mergers.undo": ("asks", 'url_for("mergers.undo"'),
    "notices.open_one": ("harmless", ""),
    "notices.read_all": ("harmless", "they stay in the list"),
    "own_data.ask": ("back", "withdrawn until it is decided"),
    "own_data.cancel": ("back", "one's own request, which can be made again"),
    "own_data.decide": ("asks", 'url_for("own_data.decide"'),
    "own_data.lift": ("back", "it is asked for again"),
    "reminders.send": ("harmless", "the page says to how many, and nobody is reminded twice"),
    "reporting.take": ("harmless", ""),
    "reports.request_": ("harmless", ""),
    "review.decide": ("asks", '_("确认下架")'),
    "review.decide_proposal": ("back", "every version is kept; it is proposed again"),
    "rosters.apply": ("asks", 'url_for("rosters.apply"'),
    "rosters.choose": ("harmless", "it is read again"),
    "rosters.discard": ("asks", 'url_for("rosters.discard"'),
    "rosters.mended": ("harmless", "what was wrong in the file is replaced, before anything is applied"),
    "rosters.send": ("harmless", "it is looked at before it is applied"),
    "screens.answer": ("back", "the screen signs out"),
    "screens.offer": ("harmless", ""),
    "search.add_term": ("harmless", ""),
    "search.forget_mistake": ("back", "what members type brings it up again"),
    "search.remove_term": ("back", "the word is added again"),
    "second_step.again": ("harmless", ""),
    "second_step.answer": ("harmless", ""),
    "second_step.confirm": ("harmless", ""),
    "second_step.paper": ("back", "others are shown in the same moment; the telephone's code is asked for"),
    "second_step.replace": ("harmless", "the present one is asked for, and stays until the other is confirmed"),
    "sectors.change": ("asks", '_("停用")'),
    "studio.add_item": ("harmless", ""),
    "studio.change_item": ("asks", '"verb": "remove"'),
    "studio.cover": ("harmless", "another picture is sent"),
    "studio.create": ("harmless", ""),
    "studio.do": ("asks", '"verb": "discard"'),
    "studio.save": ("harmless", "the form carries a version"),
    "trainings.change": ("asks", 'verb="discard"'),
    "trainings.create": ("harmless", "a draft"),
    "trainings.open_": ("shows", "trainings/_preview.html"),
    "trainings.save": ("harmless", "the form carries a version"),
}
# Command → the same; `checks` names the option that only looks, `asks` a prompt of the command.
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
    "db check": ("harmless", "reads"),
    "db upgrade": ("back", "the backup that docs/operations.md asks for before an upgrade"),
    "evidence verify": ("harmless", "reads"),
    "jobs list": ("harmless", "reads"),
    "jobs work": ("harmless", "does what was asked for elsewhere"),
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
    assert sorted(writes ^ set(ROUTES)) == [], "say in ROUTES how it is made safe; take out what is gone"
    asked = confirmations()
    for route, (way, what) in ROUTES.items():
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
    for route, (way, _) in ROUTES.items():
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
