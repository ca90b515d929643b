"""A small city with one person of each role and something real behind every id, for the access matrix.

Everybody's grant is for the county (the system administrator's for the whole city). Things stand in
three places: `inside` the county, in a `sibling` county, and at the `parent` node, the city; things
that belong to a person are `mine` or `others`.
"""

import datetime as dt
import shutil
from typing import Any

from sqlalchemy import Connection, select

from academy.accounts import privacy_requests
from academy.accounts.authentication import screens
from academy.accounts.models import Account, LoginSession, RoleGrant
from academy.app import create_app
from academy.classes.models import (
    ClassApplication,
    ClassMember,
    DiscussionGroup,
    GroupPlace,
    Holiday,
    LecternTurn,
    TeachingTerm,
)
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.faculty import requests
from academy.faculty.contest_models import Contest, Nomination, Objection, PersonnelNote
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluation_models import (
    EvaluationComment,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
)
from academy.faculty.evaluations import forms
from academy.faculty.evaluations.forms import form_on
from academy.faculty.models import (
    Assignment,
    LectureMaterial,
    LectureTeacher,
    MaterialComment,
    MaterialVersion,
    PlanRuling,
    PoolMembership,
    TermPlan,
)
from academy.faculty.requests import TopicProposal
from academy.jobs.api import enqueue
from academy.learning import corrections
from academy.learning import service as progress
from academy.library import complaints
from academy.library.models import ContentProposal, Course
from academy.media import service as media
from academy.media import uploads
from academy.media.captions import caption_files
from academy.media.transcripts import editing
from academy.notifications import preferences
from academy.notifications.models import Delivery, Notification, NotificationSettings
from academy.notifications.service import notify
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
from tests.support import faculty
from tests.support.savepoints import CurrentRuntime
from tests.support.shortcuts import drain
from tools.pages import methods

PLACES = ("inside", "sibling", "parent")
NOBODY = "nobody"
ROLES = (NOBODY, *Role)


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
        self._faculty(tx)
        about = TopicProposal(
            "村集体的账怎么公开", "", tx.get_one(Course, self.made["published", "inside"].id).category
        )
        self.made["topic", ""] = requests.propose_topic(tx, Actor(account_id=bystander.id), "k", about)
        self.made["plan", ""] = TermPlan(term_id=self.made["teaching_term", ""].id)
        tx.add(self.made["plan", ""])
        tx.flush()
        self.made["ruling", ""] = PlanRuling(plan_id=self.made["plan", ""].id, request_id=self.made["topic", ""].id)
        tx.add(self.made["ruling", ""])
        self.made["assignment", ""] = Assignment(
            plan_id=self.made["plan", ""].id,
            request_id=self.made["topic", ""].id,
            lecturer_id=self.made["pool", "inside"].lecturer_id,
            day=clock.today() + dt.timedelta(20),
            reasons=[],
            state="proposed",
            link=1,
            link_is_on=True,
            answer_by=clock.today() + dt.timedelta(10),
        )
        tx.add(self.made["assignment", ""])
        tx.flush()
        self.made["term", ""] = dictionary.add_dictionary_term(tx, SYSTEM, "河口新村")
        self.made["misheard", ""] = editing.add_glossary_term(tx, SYSTEM, "和口新村", "河口新村")

    def _faculty(self, tx: Tx) -> None:
        """A lecturer of each place with a lecture, a term, days off."""
        today = clock.today()
        term = faculty.term(tx, today - dt.timedelta(60), today + dt.timedelta(60))
        self.made["teaching_term", ""] = term
        self.made["holiday", ""] = Holiday(name="节", first_day=today, last_day=today)
        tx.add(self.made["holiday", ""])
        for days, (place, node) in enumerate(self.nodes.items()):
            person = faculty.lecturer(tx, node)
            self.made["pool", place] = tx.scalars(
                select(PoolMembership).where(PoolMembership.lecturer_id == person.id)
            ).one()
            self.made["taught", place] = faculty.lecture(tx, term, today - dt.timedelta(days), (person, 1000))
        material = LectureMaterial(lecture_id=self.made["taught", "inside"].id, kind="handout")
        now, reviewer = clock.now(), self.made["reviewer", ""]
        read = MaterialVersion(material=material, number=1, passages=["导入"], state="approved", submitted_at=now)
        version = MaterialVersion(material=material, number=2, passages=["导入"], state="submitted", submitted_at=now)
        read.closed_at = now
        tx.add_all([read, version])
        tx.flush()
        remark = MaterialComment(version_id=version.id, place=1, quote="导入", body="写细", reviewer_id=reviewer.id)
        tx.add(remark)
        tx.flush()
        self.made["material_version", ""], self.made["material_comment", ""] = version, remark
        self._contests(tx, term)
        self._classes(tx, term)

    def _classes(self, tx: Tx, term: TeachingTerm) -> None:
        """A class that one of each role is in, with a group, a turn and an application; and one of somebody else."""
        own, others = (faculty.training_class(tx, term, self.city) for _ in range(2))
        mine = [self.made["account", role].member_id for role in Role]
        places = [ClassMember(class_id=own.id, member_id=one, joined_on=term.first_day) for one in mine]
        theirs = ClassMember(
            class_id=others.id, member_id=self.made["account", "others"].member_id, joined_on=term.first_day
        )
        group = DiscussionGroup(class_id=own.id, position=1, name="第一组")
        turn = LecternTurn(class_id=own.id, member_id=mine[0], day=clock.today(), topic="我的村")
        asked = ClassApplication(class_id=own.id, member_id=self.made["member", "inside"].id)
        tx.add_all([*places, theirs, group, turn, asked])
        tx.flush()
        tx.add(GroupPlace(class_member_id=places[0].id, group_id=group.id))
        self.made["lesson", ""] = faculty.lecture(tx, term, clock.today(), lesson_of=own)
        tx.add(LectureAttendance(lecture_id=self.made["lesson", ""].id, member_id=mine[0]))
        tx.flush()
        self.made["class_application", ""] = asked
        self.made["group", ""], self.made["training_class", "others"] = group, others
        for role in ("", *Role):
            self.made["training_class", role] = own

    def _contests(self, tx: Tx, term: TeachingTerm) -> None:
        """A contest that is announced, one that is scored, a note, a comment, an evaluation of everybody's own."""
        forms.seed_forms(tx)
        lecture, today = self.made["taught", "parent"], clock.today()
        evaluated = [form_on(tx, kind, today) for kind in EvaluationKind]
        own, others, closed = (
            EvaluationRound(lecture_id=self.made["taught", place].id, form_id=form.id, kind=form.kind, closes_on=today)
            for place, form in zip(("inside", "inside", "sibling"), evaluated, strict=True)
            if form is not None
        )
        closed.closed_at = clock.now()
        tx.add_all([own, others, closed])
        tx.flush()
        self.made["evaluation", "others"] = others
        for role in Role:
            self.made["evaluation", role] = own
            tx.add(EvaluationInvitation(round_id=own.id, member_id=self.made["account", role].member_id))
        tx.add(EvaluationInvitation(round_id=others.id, member_id=self.made["account", "others"].member_id))
        self.made["evaluation_comment", ""] = EvaluationComment(round_id=closed.id, question="q5", body="好")
        announced = Contest(term_id=term.id, title="评比", criteria=[], places=1, state="objecting")
        announced.objections_until = today
        earlier = faculty.term(tx, today - dt.timedelta(200), today - dt.timedelta(100))
        scored = Contest(term_id=earlier.id, title="评比", criteria=[], places=1, state="scoring")
        tx.add_all([self.made["evaluation_comment", ""], announced, scored])
        tx.flush()
        self.made["contest", ""], self.made["scored_contest", ""] = announced, scored
        self.made["nomination", ""] = Nomination(contest_id=announced.id, lecture_id=lecture.id, reason="好")
        self.made["objection", ""] = Objection(contest_id=announced.id, body="异议")
        tx.add_all([self.made["nomination", ""], self.made["objection", ""]])
        tx.flush()
        taught_by = tx.scalars(select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lecture.id)).one()
        note = PersonnelNote(nomination_id=self.made["nomination", ""].id, lecturer_id=taught_by, signed=b"{}")
        tx.add(note)
        tx.flush()
        self.made["personnel_note", ""] = note

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
