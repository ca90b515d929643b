"""A small city with one person of each role and something real behind every id, for the access matrix.

Everybody's grant is for the county (the system administrator's for the whole city). Things stand in
three places: `inside` the county, in a `sibling` county, and at the `parent` node, the city; things
that belong to a person are `mine` or `others`.
"""

import datetime as dt
import shutil
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from academy.accounts import privacy_requests
from academy.accounts.authentication import screens
from academy.accounts.models import Account, LoginSession, RoleGrant
from academy.app import create_app
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.jobs.api import enqueue
from academy.learning import corrections
from academy.learning import service as progress
from academy.library import complaints
from academy.library.models import ContentProposal, Course
from academy.media import delivery, uploads
from academy.media import service as media
from academy.media.captions import caption_files
from academy.media.storage.file_storage import local_storage, set_key
from academy.media.transcripts import editing
from academy.notifications import preferences, tokens
from academy.notifications.models import Delivery, Notification, NotificationSettings
from academy.notifications.service import notify
from academy.notifications.topics import DeliveryChannel, Topic
from academy.people import cohorts
from academy.people.api import request_exemption
from academy.people.models import Member, Organisation
from academy.reports import service as reports
from academy.roster import imports
from academy.search import dictionary
from academy.talk import clips, notes, questions
from academy.talk.places import Spot
from academy.talk.rules import Saved
from academy.trainings import service as trainings
from tests.support import factories as make
from tests.support.savepoints import CurrentRuntime
from tests.support.shortcuts import drain
from tools.pages import methods

PLACES = ("inside", "sibling", "parent")
NOBODY = "nobody"
ROLES = (NOBODY, *Role)

Ids = dict[str, str]
KINDS: dict[str, Callable[["World", str, str], Ids]] = {}
"""What stands behind the ids of an address: kind → (world, place, role) → the address's variables."""


def kind(made: Callable[["World", str, str], Ids]) -> Callable[["World", str, str], Ids]:
    """Make a kind known under its function's name."""
    KINDS[made.__name__] = made
    return made


class World:
    """The city, its people and their things; made once, every call in it is rolled back."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.served = CurrentRuntime.of(runtime)
        self.app = create_app(self.served)
        self.app.testing = False
        self.app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        self.rules = {(method, rule.rule): rule for rule in self.app.url_map.iter_rules() for method in methods(rule)}
        """(method, address) → rule."""
        self.made: dict[tuple[str, str], Any] = {}
        """What was made: (kind, place or role) → row."""
        self.tokens: dict[str, str] = {}
        self._cookies: dict[str, str] = {}
        self.connection: Connection
        """Everything goes to this one, so that a call can be taken back."""
        with runtime.db.begin() as tx:
            self._tree(tx)
            self._people(tx)
            self._rosters(tx)
        drain(runtime)
        self.kept = runtime.settings.data_dir / "kept"
        shutil.copytree(runtime.settings.data_dir / "rosters", self.kept)
        with runtime.db.begin() as tx:
            self._courses(tx)
            self._placed(tx)
            for role in Role:
                self._belongings(tx, role, self.made["account", role])
            self._belongings(tx, "others", self.made["account", "others"])
            self._deliveries(tx, self.made["account", "others"])

    def _deliveries(self, tx: Tx, owner: Account) -> None:
        """A failed delivery, an address that waits for its confirmation, a calendar."""
        failed = Delivery(account_id=owner.id, channel="mail", pace="at_once", state="failed", due_at=clock.now())
        sealed = self.runtime.sealer.seal("name@example.org", context=preferences.MAIL_CONTEXT)
        kept = NotificationSettings(account_id=owner.id, mail_sealed=sealed, calendar_version=1, calendar_is_on=True)
        tx.add_all([failed, kept])
        tx.flush()
        self.made["delivery", ""] = failed

    def credentials(self, role: str) -> dict[str, str]:
        """Headers of a signed-in person's browser and, in the API, of their program."""
        if role == NOBODY:
            return {}
        if role not in self._cookies:
            serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            self._cookies[role] = serializer.dumps({"_user_id": self.tokens[role], "_fresh": True})
        cookie = self._cookies[role]
        return {"Cookie": f"academy={cookie}", "Authorization": f"Bearer {self.tokens[role]}"}

    def _tree(self, tx: Tx) -> None:
        self.city = make.organisation(tx, level="city")
        self.county, other = (make.organisation(tx, self.city, level="county") for _ in range(2))
        inside, sibling = make.organisation(tx, self.county), make.organisation(tx, other)
        self.nodes: dict[str, Organisation] = {"inside": inside, "sibling": sibling, "parent": self.city}
        for place, node in self.nodes.items():
            self.made["member", place] = make.member(tx, node)

    def _people(self, tx: Tx) -> None:
        """One of each role, all of the same branch; and somebody beside them whose things are `others`."""
        for role in Role:
            node = self.city if role is Role.SYSTEM_ADMINISTRATOR else self.county
            held = () if role is Role.MEMBER else ((role, node),)
            self.made["account", role] = make.account(tx, make.member(tx, self.nodes["inside"]), *held)
            self.tokens[role] = make.session_token(tx, self.made["account", role])
        offices = ((Role.TRAINER, self.county), (Role.NODE_ADMINISTRATOR, self.county))
        self.made["account", "others"] = make.account(tx, make.member(tx, self.nodes["inside"]), *offices)
        self.made["reviewer", ""] = make.account(tx, None, (Role.REVIEWER, self.city))
        for place, node in self.nodes.items():
            self.made["trainer", place] = make.account(tx, None, (Role.TRAINER, node))

    def _rosters(self, tx: Tx) -> None:
        for place, node in self.nodes.items():
            folder = self.runtime.settings.data_dir / "sent"
            folder.mkdir(parents=True, exist_ok=True)
            sent = folder / f"{place}.csv"
            sent.write_text(f"编号,姓名,组织代码\nR{node.id:06d},马青山,{node.code}\n,缺编号,{node.code}\n")
            with sent.open("rb") as stream:
                received = imports.receive_file(self.runtime.settings, stream)
            self.made["roster", place] = imports.begin_import(tx, SYSTEM, node, received=received, filename=sent.name)

    def _courses(self, tx: Tx) -> None:
        reviewer = self.made["reviewer", ""]
        for place in PLACES:
            trainer = self.made["trainer", place]
            submitted = make.course(tx, trainer)
            make.library.submit_course(tx, make.actor_of(tx, trainer), submitted)
            self.made["submitted", place] = submitted
            self.made["comment", place] = make.comment(tx, submitted, reviewer)
            self.made["published", place] = make.published_course(tx, trainer, reviewer)
            shown = make.lines(tx, self.made["published", place])[0].asset
            assert shown is not None
            self.made["proposal", place] = self._proposal(tx, shown.id, place, trainer, "open")
        for who in (Role.TRAINER, "others"):
            self.made["draft", who] = make.course(tx, self.made["account", who])
            self.made["comment", who] = make.comment(tx, self.made["draft", who], reviewer)

    def _proposal(self, tx: Tx, asset_id: int, place: str, who: Account, state: str) -> ContentProposal:
        """Chapters that wait for a reviewer, or were returned by one."""
        made = ContentProposal(
            asset_id=asset_id,
            course_id=self.made["published", place].id,
            kind="chapters",
            content={"chapters": [[0, "开场"]]},
            revision=1,
            account_id=who.id,
            state=state,
        )
        tx.add(made)
        tx.flush()
        return made

    def _placed(self, tx: Tx) -> None:
        bystander = make.account(tx)
        waiting, _secret = screens.offer_screen_code(tx, "Windows", "127.0.0.1")
        waiting.expires_at += dt.timedelta(days=1)
        self.made["screen", ""] = waiting
        for place, node in self.nodes.items():
            person: Member = self.made["member", place]
            today = clock.today()
            self.made["exemption", place] = request_exemption(
                tx, SYSTEM, tx.merge(person), reason="年老体弱", valid_from=today
            )
            asker = make.actor_of(tx, make.account(tx, make.member(tx, node)))
            self.made["request", place] = privacy_requests.file_data_request(tx, asker, "correct", "姓名错了。")
            held = make.account(tx, make.member(tx, node), (Role.BRANCH_SECRETARY, node))
            self.made["grant", place] = tx.scalars(select(RoleGrant).where(RoleGrant.account_id == held.id)).one()
            course = self.made["published", place]
            plan = trainings.TrainingPlan(
                title=f"培训{place}", opens_on=today, closes_on=today + dt.timedelta(30), courses=[course.id]
            )
            who = Actor(account_id=bystander.id, scopes=(Scope(Role.NODE_ADMINISTRATOR, node.id, node.path),))
            self.made["cohort", place] = cohorts.create_cohort(tx, SYSTEM, tx.get_one(Organisation, node.id), "名单")
            self.made["correction", place] = corrections.propose_correction(
                tx, who, tx.merge(person), course, kind="register", reason="签到表", studied_on=today
            )
            training = trainings.create_training(tx, SYSTEM, tx.get_one(Organisation, node.id), plan)
            trainings.open_training(tx, SYSTEM, training)
            self.made["training", place] = training
            who = Actor(account_id=bystander.id)
            self.made["complaint", place] = complaints.file_complaint(
                tx, who, subject="content", body="字幕看不清。", course=tx.get_one(Course, course.id)
            )
            heard = make.lines(tx, tx.get_one(Course, course.id))[0].item
            self.made["question", place] = questions.ask_question(tx, who, heard, place, Spot(0), "名单贴在哪里？")
            self.made["clip", place] = clips.make_clip(tx, who, heard, Spot(0), Spot(9000))
        self.made["term", ""] = dictionary.add_dictionary_term(tx, SYSTEM, "河口新村")
        self.made["misheard", ""] = editing.add_glossary_term(tx, SYSTEM, "和口新村", "河口新村")

    def _belongings(self, tx: Tx, owner: str, account: Account) -> None:
        """One of everything that belongs to a person."""
        who = make.actor_of(tx, account)
        asset = make.asset(tx, account)
        lines = [caption_files.CueText(0, 1000, "同志们好")]
        media.replace_cues(tx, asset, lines, "manual")
        editing.save_captions(tx, who, asset, lines, 1)
        self.made["asset", owner] = asset
        self._proposal(tx, asset.id, "inside", account, "returned")
        self.made["upload", owner] = uploads.begin_upload(
            tx, self.runtime.settings, who, filename="党课.mp4", size=9, purpose="video"
        )
        notify(tx, key=f"access:{owner}", body=msg("未读"), link="/me", account_id=account.id)
        self.made["notification", owner] = tx.scalars(
            select(Notification).where(Notification.key == f"access:{owner}")
        ).one()
        make.session_token(tx, account)
        newest = select(LoginSession).where(LoginSession.account_id == account.id).order_by(LoginSession.id.desc())
        self.made["device", owner] = tx.scalars(newest.limit(1)).one()
        item = make.lines(tx, tx.get_one(Course, self.made["published", "inside"].id))[0].item
        self.made["lease", owner] = progress.open_lease(tx, who, item).lease
        self.made["note", owner], _ = notes.add_note(tx, who, item, f"note-{owner}", Spot(0), Saved("记下", "p", 1, 0))
        self.made["word", owner] = complaints.file_complaint(tx, who, subject="other", body="希望多开夜校。")
        self.made["wish", owner] = privacy_requests.file_data_request(tx, who, "freeze")
        self.made["job", owner] = enqueue(tx, "media.expire", actor=who, delay_s=9999, upload_id=0)
        export = reports.request_export(
            tx, who, "names", {"organisation": self.nodes["inside"].public_id}, title="名单"
        )
        export.stored_at = "export.xlsx"
        self.made["export", owner] = export

    def public_id(self, name: str, place: str, role: str) -> str:
        """The id of a thing at a place, or of the role's own one."""
        found = self.made[name, {"mine": role, "others": "others"}.get(place, place)]
        return str(found.public_id)


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
    """A calendar whose owner made its address."""
    owner = world.made["account", "others"]
    return {"token": tokens.calendar_token(world.runtime.settings, owner.public_id, 1)}


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
)
KINDS |= {name: _placed(name) for name in PLACED}
KINDS |= {"course": _placed("published")}
KINDS |= {name: _own(name) for name in ("upload", "notification", "device", "lease", "word", "wish", "job")}
KINDS |= {"asset": _own("asset", "asset_id"), "proposal": _placed("proposal", "proposal_id")}
PERSONAL = {"upload", "notification", "device", "lease", "word", "wish", "job", "asset", "export", "draft", "note"}
"""Kinds whose places are `mine` and `others`."""
