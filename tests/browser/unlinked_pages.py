"""Pages of the sample city that the walk by links does not come to, and addresses that are no pages."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, select

from academy.accounts import api as accounts
from academy.accounts.models import Account
from academy.classes.models import ClassApplication, ClassMember, DiscussionGroup, TeachingTerm, TrainingClass
from academy.core import clock
from academy.faculty import answer_links
from academy.faculty.kinds import LectureState
from academy.faculty.models import Assignment, EvaluationRound, ProgrammeLecture, TermPlan, TopicRequest
from academy.faculty.plan_kinds import AssignmentState
from academy.faculty.request_kinds import RequestState
from academy.learning.models import Completion
from academy.library.models import ContentProposal, Course, CourseItem, ItemVersion
from academy.media.models import Asset, Transcript, TranscriptVersion
from academy.notifications import tokens
from academy.notifications.topics import DeliveryChannel
from academy.people.models import Cohort, Member, Organisation, RosterImport
from tests.browser.sample_site import Site

Finder = Callable[[Site], str | None]

NO_PAGES = frozenset(
    {
        *(None, "static", "media.deliver"),
        *("offline.manifest", "offline.worker", "notification_settings.calendar"),
        *("forum.forum_calendar", "forum.teaching_calendar", "forum.class_calendar"),
        *("learn.after", "learn.pages", "pickers.courses", "pickers.lecturers", "pickers.organisations"),  # parts
        *("search.suggest", "search.within"),
        *("reports.file", "record.sheet", "rosters.mend", "rosters.mend_csv", "own_data.copy"),  # files
        *("personnel_notes.download", "personnel_notes.key"),
        *("sso.begin", "sso.callback"),  # on their way to another site
    }
)
"""Endpoints that answer with data, a part of a page, a file or a way elsewhere. `api_…` are no pages either."""


def _item(kind: str, address: str) -> Finder:
    """An address with the published item of a kind whose file was made."""

    def found(site: Site) -> str | None:
        made = site.ready_item(kind)
        return address.format(**made) if made else None

    return found


def _row(query: Callable[[], Select[Any]], address: str) -> Finder:
    """An address with the first row of a query."""

    def found(site: Site) -> str | None:
        with site.app.extensions["academy"].db.read() as tx:
            row = tx.execute(query().limit(1)).first()
        return address.format(*row) if row else None

    return found


def _branches() -> Select[Any]:
    return select(Organisation.public_id).where(Organisation.kind == "branch").order_by(Organisation.id.desc())


def _held() -> Select[Any]:
    return select(ProgrammeLecture.public_id).where(ProgrammeLecture.state == LectureState.HELD)


def _class(*columns: Any) -> Select[Any]:
    """The class under way: the one that somebody waits for."""
    waited = select(ClassApplication.class_id).where(ClassApplication.state == "waiting")
    return select(TrainingClass.public_id, *columns).where(TrainingClass.id.in_(waited))


def _class_person() -> Select[Any]:
    query = _class(Member.public_id).join(ClassMember, ClassMember.class_id == TrainingClass.id)
    return query.join(Member, Member.id == ClassMember.member_id)


def _class_group() -> Select[Any]:
    return _class(DiscussionGroup.public_id).join(DiscussionGroup, DiscussionGroup.class_id == TrainingClass.id)


def _class_lecture() -> Select[Any]:
    query = _class(ProgrammeLecture.public_id).join(ProgrammeLecture, ProgrammeLecture.class_id == TrainingClass.id)
    return query.where(ProgrammeLecture.state == LectureState.HELD)


def _lecture(state: LectureState) -> Select[Any]:
    return (
        select(ProgrammeLecture.public_id).where(ProgrammeLecture.state == state).order_by(ProgrammeLecture.day.desc())
    )


def _invited() -> Select[Any]:
    return (
        select(TermPlan.public_id, Assignment.public_id)
        .join(Assignment, Assignment.plan_id == TermPlan.id)
        .where(Assignment.state == AssignmentState.OTHER_DAY)
    )


def _answer(site: Site) -> str | None:
    """The page behind a lecturer's link."""
    runtime = site.app.extensions["academy"]
    with runtime.db.read() as tx:
        row = tx.scalars(select(Assignment).where(Assignment.state == AssignmentState.PROPOSED)).first()
        return answer_links.answer_path(runtime.settings, row) if row else None


def _films() -> Select[Any]:
    return (
        select(CourseItem.public_id)
        .join(ItemVersion, ItemVersion.item_id == CourseItem.id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .where(ItemVersion.kind == "video")
        .order_by(CourseItem.id)
    )


def _film_of_trainer(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(ItemVersion, ItemVersion.asset_id == Asset.id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .join(Account, Account.id == Asset.account_id)
        .where(Account.username == "trainer", ItemVersion.kind == "video")
        .order_by(Asset.id)
    )


def _mail_confirmed(site: Site) -> str:
    runtime = site.app.extensions["academy"]
    with runtime.db.read() as tx:
        who = tx.scalars(select(Account.public_id).where(Account.username == "member")).one()
    return f"/notifications/mail/{tokens.confirm_token(runtime.settings, who, 'a@city.example')}"


def _out(site: Site) -> str:
    runtime = site.app.extensions["academy"]
    with runtime.db.read() as tx:
        who = tx.scalars(select(Account.public_id).where(Account.username == "member")).one()
    return f"/notifications/out/{tokens.out_token(runtime.settings, who, DeliveryChannel.MAIL, None)}"


def _scanned(site: Site) -> str:
    with site.app.extensions["academy"].db.begin() as tx:
        return f"/screen/{accounts.offer_screen_code(tx, 'hall', '127.0.0.1')[0].code}"


def _roll_of_today(site: Site) -> str | None:
    """The roll that people sign themselves: for the walk, a lecture of the past is held today."""
    with site.app.extensions["academy"].db.begin() as tx:
        today = select(ProgrammeLecture).where(ProgrammeLecture.day == clock.today())
        rows = select(ProgrammeLecture).where(ProgrammeLecture.state == LectureState.PLANNED)
        lecture = tx.scalars(today).first() or tx.scalars(rows.order_by(ProgrammeLecture.day)).first()
        if lecture is None or tx.get(TeachingTerm, lecture.term_id) is None:
            return None
        lecture.day = clock.today()
        return f"/roll/{lecture.public_id}"


def _merger_of_topics(site: Site) -> str | None:
    with site.app.extensions["academy"].db.read() as tx:
        rows = select(TopicRequest.public_id).where(TopicRequest.state == RequestState.OPEN).order_by(TopicRequest.id)
        two = tx.scalars(rows.limit(2)).all()
    rule = "/faculty/topics/{}/merge?into={}"
    return rule.format(*two) if len(two) > 1 else None


def _fixed(address: str) -> Finder:
    return lambda _site: address


UNLINKED: dict[str, dict[str, Finder]] = {
    "nobody": {
        "design.index": _fixed("/design"),
        "answers.show": _answer,
        "personnel_notes.check": _fixed("/notes/check"),
        "notification_settings.confirm_mail": _mail_confirmed,
        "notification_settings.confirm_out": _out,
    },
    "half": {"second_step.ask": _fixed("/sign-in/code")},
    "member": {
        "learn.play-video": _item("video", "/learn/{item}"),
        "learn.play-document": _item("document", "/learn/{item}"),
        "learn.play-audio": _item("audio", "/learn/{item}"),
        "talk.index-document": _item("document", "/learn/{item}/talk"),
        "talk.notes": _fixed("/my/notes"),
        "talk.questions": _fixed("/my/questions"),
        "accounts.devices": _fixed("/me/devices"),
        "own_data.index": _fixed("/me/data"),
        "offline.keep": _row(_films, "/my/offline/{0}"),
        "consent.ask": _fixed("/consent"),
        "resubmission.show": _fixed("/resubmit"),
        "evaluations.sign": _roll_of_today,
        "screens.scanned": _scanned,
    },
    "city": {
        "cohorts.show": _row(lambda: select(Cohort.public_id), "/cohorts/{0}"),
        "rosters.show": _row(lambda: select(RosterImport.public_id), "/rosters/{0}"),
        "mergers.show": _row(_branches, "/organisations/{0}/merge"),
        "invitations.show": _row(_invited, "/faculty/plans/{0}/assignments/{1}"),
        "lecture_edits.edit": _row(lambda: _lecture(LectureState.PLANNED), "/faculty/lectures/{0}/edit"),
        "lecture_edits.make_up": _row(lambda: _lecture(LectureState.NO_SHOW), "/faculty/lectures/{0}/make-up"),
        "classes.person": _row(_class_person, "/faculty/classes/{0}/people/{1}"),
        "classes.show-running": _row(_class, "/faculty/classes/{0}"),
        "class_enrolment.applications-waiting": _row(_class, "/faculty/classes/{0}/applications"),
        "class_groups.absent": _row(_class_lecture, "/faculty/classes/{0}/absent/{1}"),
        "class_groups.group": _row(_class_group, "/faculty/classes/{0}/groups/{1}"),
        "class_groups.groups-dealt": _row(_class, "/faculty/classes/{0}/groups"),
        "class_groups.timetable-held": _row(_class, "/faculty/classes/{0}/timetable"),
        "class_groups.turns-taken": _row(_class, "/faculty/classes/{0}/turns"),
        "evaluations.code": _row(_held, "/faculty/lectures/{0}/roll/code"),
        "evaluations.results": _row(
            lambda: _held().where(ProgrammeLecture.id.in_(select(EvaluationRound.lecture_id))),
            "/faculty/lectures/{0}/results",
        ),
        "member_changes.show": _row(
            lambda: select(Member.public_id).where(Member.id.in_(select(Completion.member_id))), "/members/{0}/preview"
        ),
        "learn.recut": _row(_films, "/learn/{0}/recut"),
        "second_step.setup": _fixed("/me/second-step"),
        "topic_requests.preview": _merger_of_topics,
    },
    "trainer": {
        "captions.edit-video": _item("video", "/studio/captions/{asset}"),
        "studio.watch-video": _item("video", "/studio/{course}/items/{item}"),
        "media.edit_chapters": _row(lambda: _film_of_trainer(Asset.public_id), "/media/{0}/chapters"),
        "captions.version": _row(
            lambda: (
                _film_of_trainer(Asset.public_id, TranscriptVersion.number)
                .join(Transcript, Transcript.asset_id == Asset.id)
                .join(TranscriptVersion, TranscriptVersion.transcript_id == Transcript.id)
            ),
            "/studio/captions/{0}/versions/{1}",
        ),
    },
    "reviewer": {
        "review.course-video": _item("video", "/review/{course}"),
        "review.proposal": _row(lambda: select(ContentProposal.public_id), "/review/proposals/{0}"),
    },
}
"""Pages that no link of the walk leads to, and pages that share their endpoint with another: by role and name."""


def unlinked(site: Site, who: str, seen: set[str | None]) -> Iterator[tuple[str, str]]:
    """Name and address of each of `UNLINKED` for a role that nobody has seen; without those whose file was not made."""
    for name, find in UNLINKED.get(who, {}).items():
        if name not in seen and (address := find(site)):
            yield name, address


def unseen(site: Site, seen: set[str | None]) -> list[str]:
    """Pages that nobody has seen, though there is one to see."""
    finders = {name.partition("-")[0]: find for found in UNLINKED.values() for name, find in found.items()}
    missing = (one for one in site.unseen(seen) if one not in NO_PAGES and not one.startswith("api_"))
    return [one for one in missing if one not in finders or finders[one](site)]
