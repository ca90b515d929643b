"""What takes something away asks first, shows what it will do, or can be taken back: the list is complete."""

import ast
import re
from pathlib import Path

import pytest

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
    "captions.withdraw": ("back", "one's own proposal, which can be made again from the same text"),
    "cohorts.close_cohort": ("back", "the same verb opens it again"),
    "cohorts.remove_member": ("back", "the member is added again by number"),
    "consent.withdraw": ("asks", 'url_for("consent.withdraw")'),
    "files.remove_file": ("asks", 'url_for("files.remove"'),
    "grants.revoke_role": ("asks", 'url_for("grants.revoke"'),
    "learn.carry_over": ("shows", "learn/recut.html"),
    "library.remove_category": ("asks", '"verb": "remove"'),
    "corrections.decline_correction": ("back", "it is proposed again"),
    "exemptions.revoke_exemption": ("asks", 'url_for("exemptions.decide"'),
    "members.change_status": ("back", "the status is changed again, with its days kept"),
    "members.close_organisation": ("asks", 'hidden={"verb": "close"}'),
    "members.transfer_member": ("back", "the member is transferred back, with the days kept"),
    "mergers.merge_organisation": ("shows", "members/merge.html"),
    "mergers.undo_merger": ("asks", 'url_for("mergers.undo"'),
    "own_data.cancel": ("back", "one's own request, which can be made again"),
    "review.withdraw": ("asks", '_("确认下架")'),
    "rosters.discard_import": ("asks", 'url_for("rosters.discard"'),
    "search.remove_term": ("back", "the word is added again"),
    "search.forget_mistake": ("back", "what members type brings it up again"),
    "sectors.retire_sector": ("asks", '_("停用")'),
    "studio.discard": ("asks", '"verb": "discard"'),
    "studio.remove_item": ("asks", '"verb": "remove"'),
    "studio.withdraw": ("asks", '_("确认下架")'),
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
