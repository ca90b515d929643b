"""What stands behind the ids of an address in the world of the access matrix: one function a kind of thing."""

import shutil
from collections.abc import Callable

from academy.core import clock
from academy.core.actor import Role
from academy.faculty import answer_links
from academy.library.models import Course
from academy.media import delivery
from academy.media.storage.file_storage import local_storage, set_key
from academy.notifications import tokens
from academy.notifications.topics import DeliveryChannel, Topic
from academy.people.models import Member
from tests.contracts.access_world import NOBODY, World
from tests.support import factories as make

Ids = dict[str, str]
KINDS: dict[str, Callable[[World, str, str], Ids]] = {}
"""What stands behind the ids of an address: kind → (world, place, role) → the address's variables."""


def kind(made: Callable[[World, str, str], Ids]) -> Callable[[World, str, str], Ids]:
    """Make a kind known under its function's name."""
    KINDS[made.__name__] = made
    return made


def _placed(name: str, variable: str = "public_id") -> Callable[[World, str, str], Ids]:
    return lambda world, place, role: {variable: world.public_id(name, place, role)}


@kind
def nothing(_world: World, _place: str, _role: str) -> Ids:
    return {}


@kind
def organisation(world: World, place: str, _role: str) -> Ids:
    return dict.fromkeys(("public_id", "organisation"), world.nodes[place].public_id)


@kind
def report(world: World, place: str, _role: str) -> Ids:
    return {"organisation": world.nodes[place].public_id, "kind": "floating"}


@kind
def programme_list(world: World, place: str, _role: str) -> Ids:
    return {"organisation": world.nodes[place].public_id, "kind": "owed"}


@kind
def coverage(world: World, place: str, role: str) -> Ids:
    """The city's training, seen at a node."""
    return {"training": world.public_id("training", "parent", role), "organisation": world.nodes[place].public_id}


@kind
def evidence(world: World, place: str, role: str) -> Ids:
    """A member of a node, and an item that anybody may watch."""
    return {"member": world.public_id("member", place, role), "item": item(world, place, role)["public_id"]}


@kind
def own_evidence(world: World, _place: str, role: str) -> Ids:
    person = world.made["account", role].member_id if role != NOBODY else world.made["member", "inside"].id
    with world.runtime.db.read() as tx:
        return {"member": tx.get_one(Member, person).public_id, "item": item(world, "inside", role)["public_id"]}


@kind
def item(world: World, place: str, _role: str) -> Ids:
    """A part of a published course."""
    with world.runtime.db.read() as tx:
        line = make.lines(tx, tx.get_one(Course, world.made["published", place].id))[0]
    return dict.fromkeys(("public_id", "item_public_id"), line.item.public_id)


@kind
def received(world: World, place: str, role: str) -> Ids:
    """A roster file with its findings; they are laid anew, because discarding takes them from the disk."""
    public_id = world.public_id("roster", place, role)
    shutil.copytree(world.kept / public_id, world.runtime.settings.data_dir / "rosters" / public_id, dirs_exist_ok=True)
    return {"public_id": public_id}


@kind
def draft(world: World, place: str, _role: str) -> Ids:
    """A trainer's own unfinished course, or another trainer's of the same county."""
    owner = "others" if place == "others" else Role.TRAINER
    with world.runtime.db.read() as tx:
        row = tx.get_one(Course, world.made["draft", owner].id)
        own = world.public_id("upload", "mine", owner)
        return {"public_id": row.public_id, "item_id": make.lines(tx, row)[0].item.public_id, "upload": own}


@kind
def own_comment(world: World, place: str, role: str) -> Ids:
    """A reviewer's comment on such a course."""
    owner = "others" if place == "others" else Role.TRAINER
    return draft(world, place, role) | {"comment_id": world.made["comment", owner].public_id}


@kind
def submitted(world: World, place: str, _role: str) -> Ids:
    """A course under review, and its item."""
    with world.runtime.db.read() as tx:
        row = tx.get_one(Course, world.made["submitted", place].id)
        return {"public_id": row.public_id, "item": make.lines(tx, row)[0].item.public_id}


@kind
def commented(world: World, place: str, role: str) -> Ids:
    """A comment on such a course."""
    return submitted(world, place, role) | {"comment_id": world.made["comment", place].public_id}


@kind
def term(world: World, _place: str, _role: str) -> Ids:
    return {"term_id": str(world.made["term", ""].id)}


@kind
def plan(world: World, _place: str, _role: str) -> Ids:
    """The plan of a term, and a ruling of it."""
    return {"public_id": world.made["plan", ""].public_id, "ruling_id": world.made["ruling", ""].public_id}


@kind
def assignment(world: World, _place: str, _role: str) -> Ids:
    """An invitation of the plan."""
    return {
        "plan_id": world.made["plan", ""].public_id,
        "assignment_id": world.made["assignment", ""].public_id,
    }


@kind
def answer_link(world: World, _place: str, _role: str) -> Ids:
    """The link of that invitation: whoever has it may answer."""
    return {"token": answer_links.answer_token(world.runtime.settings, world.made["assignment", ""])}


@kind
def material(world: World, _place: str, _role: str) -> Ids:
    """A handout that waits for the city's reviewers, and a comment on it."""
    version, comment = world.made["material_version", ""], world.made["material_comment", ""]
    lecture = world.made["taught", "inside"].public_id
    ids = {"public_id": lecture, "kind": "handout", "version_id": version.public_id}
    return ids | {"comment_id": comment.public_id}


@kind
def topic(world: World, _place: str, _role: str) -> Ids:
    """A topic that somebody asked for: everybody sees it."""
    return {"public_id": world.made["topic", ""].public_id}


@kind
def help(_world: World, _place: str, _role: str) -> Ids:
    return {"key": "member"}


@kind
def lecturer(world: World, _place: str, _role: str) -> Ids:
    """Somebody whose courses are published: not of one subtree."""
    with world.runtime.db.read() as tx:
        person = tx.get_one(Course, world.made["published", "inside"].id).lecturer
        assert person is not None
        return {"public_id": person.public_id}


@kind
def screen(world: World, _place: str, _role: str) -> Ids:
    """A public screen that waits for a phone."""
    return {"code": world.made["screen", ""].code}


@kind
def misheard(world: World, _place: str, _role: str) -> Ids:
    return {"public_id": world.made["misheard", ""].public_id}


@kind
def year(_world: World, _place: str, _role: str) -> Ids:
    return {"year": clock.today().year}


@kind
def link(world: World, _place: str, _role: str) -> Ids:
    """A signed link to a file that is there."""
    asset, settings = world.made["asset", "others"], world.runtime.settings
    place = local_storage(settings).path(f"{set_key(asset.public_id, asset.generation)}/poster.jpg")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"\xff\xd8\xff")
    parts = delivery.url(settings, asset, "poster.jpg").split("/")
    return dict(zip(("digest", "expires", "asset_id", "generation", "file"), parts[2:], strict=True))


@kind
def note(world: World, place: str, role: str) -> Ids:
    """One's own note, or one that somebody else has under another key."""
    return {"key": world.made["note", "others" if role == NOBODY or place != "mine" else role].key}


@kind
def talk(world: World, place: str, role: str) -> Ids:
    """A part of a published course, and a key that nobody has yet."""
    return item(world, place, role) | {"key": "fresh"}


@kind
def calendar(world: World, _place: str, _role: str) -> Ids:
    """A calendar whose owner made its address, and a class that its owner is in."""
    owner = world.made["account", "others"]
    token = tokens.calendar_token(world.runtime.settings, owner.public_id, 1)
    return {"token": token, "public_id": world.made["training_class", "others"].public_id}


@kind
def confirmation(world: World, _place: str, _role: str) -> Ids:
    """The link of a confirmation mail."""
    owner = world.made["account", "others"]
    return {"token": tokens.confirm_token(world.runtime.settings, owner.public_id, "name@example.org")}


@kind
def way_out(world: World, _place: str, _role: str) -> Ids:
    """The link that stops mails."""
    owner = world.made["account", "others"]
    token = tokens.out_token(world.runtime.settings, owner.public_id, DeliveryChannel.MAIL, Topic.TRAININGS)
    return {"token": token}


@kind
def undelivered(world: World, _place: str, _role: str) -> Ids:
    """A delivery that was given up."""
    return {"public_id": world.made["delivery", ""].public_id}


@kind
def export(world: World, place: str, role: str) -> Ids:
    (world.runtime.settings.data_dir / "export.xlsx").write_bytes(b"PK")
    return {"public_id": world.public_id("export", place, "others" if role == NOBODY else role)}


@kind
def teaching_term(world: World, _place: str, _role: str) -> Ids:
    """A term of the school."""
    return dict.fromkeys(("public_id", "term"), world.made["teaching_term", ""].public_id)


@kind
def training_class(world: World, _place: str, _role: str) -> Ids:
    """A class, one of its members, its group, its lecture."""
    member = world.made["account", Role.MEMBER].member_id
    with world.runtime.db.read() as tx:
        person = tx.get_one(Member, member).public_id
    return {
        "public_id": world.made["training_class", ""].public_id,
        "member": person,
        "group_id": world.made["group", ""].public_id,
        "application": world.made["class_application", ""].public_id,
        "lecture_id": world.made["lesson", ""].public_id,
    }


@kind
def holiday(world: World, _place: str, _role: str) -> Ids:
    """Days off."""
    return {"public_id": world.made["holiday", ""].public_id}


@kind
def contest(world: World, _place: str, _role: str) -> Ids:
    """A contest whose result is announced, with a nomination and an objection."""
    names = {"public_id": "contest", "nomination": "nomination", "objection": "objection"}
    return {variable: world.made[name, ""].public_id for variable, name in names.items()}


@kind
def scored_contest(world: World, _place: str, _role: str) -> Ids:
    """A contest that its judges are scoring."""
    return {"public_id": world.made["scored_contest", ""].public_id}


@kind
def evaluation_comment(world: World, _place: str, _role: str) -> Ids:
    """A comment of a closed evaluation."""
    return {"comment_id": world.made["evaluation_comment", ""].id}


@kind
def personnel_note(world: World, _place: str, _role: str) -> Ids:
    """A personnel note."""
    return {"number": world.made["personnel_note", ""].number, "kind": "json"}


@kind
def taught_today(world: World, _place: str, _role: str) -> Ids:
    """A lecture of today: the first of the world's."""
    return {"public_id": world.made["taught", "inside"].public_id}


def _own(name: str, variable: str = "public_id") -> Callable[[World, str, str], Ids]:
    """A thing of one's own, or of somebody else in the same branch."""
    return lambda world, place, role: {
        variable: world.public_id(name, "others" if role == NOBODY else place, role),
    }


PLACED = (
    "member",
    "cohort",
    "exemption",
    "correction",
    "grant",
    "training",
    "complaint",
    "request",
    "question",
    "clip",
    "pool",
    "taught",
)
KINDS |= {name: _placed(name) for name in PLACED}
KINDS |= {"course": _placed("published")}
KINDS |= {
    name: _own(name) for name in ("upload", "notification", "device", "lease", "word", "wish", "job", "evaluation")
}
KINDS |= {"own_class": _own("training_class")}
KINDS |= {"asset": _own("asset", "asset_id"), "proposal": _placed("proposal", "proposal_id")}
PERSONAL = {
    "upload",
    "notification",
    "device",
    "lease",
    "word",
    "wish",
    "job",
    "asset",
    "export",
    "draft",
    "note",
    "evaluation",
    "own_class",
}
"""Kinds whose places are `mine` and `others`."""
