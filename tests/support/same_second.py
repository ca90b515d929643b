"""What people do that inserts a unique key: each as an act that two of them can do in the same second."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from academy.accounts.authentication import second_step
from academy.accounts.creation import account_for_member, create_account
from academy.classes import calendar
from academy.classes import classrooms as classes
from academy.classes.calendar import TermDates
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.faculty import lectures, particulars, pool, posts, rule_changes
from academy.faculty.kinds import ConsentKind, LecturerLevel
from academy.faculty.lectures import NewLecture
from academy.faculty.models import PoolMembership
from academy.faculty.rule_changes import RuleTerms
from academy.jobs.api import enqueue
from academy.learning import corrections
from academy.library import categories, drafts
from academy.library.models import Course
from academy.media.models import Asset
from academy.media.transcripts import chapters, editing
from academy.notifications.service import notify
from academy.people import cohorts, members, organisations, sectors
from academy.people.models import Cohort, Member, Organisation
from academy.search import dictionary
from tests.support import factories as make
from tests.support import faculty

Act = Callable[[Tx], object]


@dataclasses.dataclass
class World:
    """What the acts are about."""

    runtime: Runtime
    city: Organisation
    member: Member
    cohort: Cohort
    course: Course
    asset: Asset
    author: Actor
    officer: Actor
    pooled: PoolMembership


def world(runtime: Runtime) -> World:
    """A node with a member, a published course with a film, a cohort, a term to come, a lecturer of the pool."""
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        author = make.account(tx, None, (Role.TRAINER, city))
        course = make.published_course(tx, author, make.account(tx, None, (Role.REVIEWER, city)))
        cohort = cohorts.create_cohort(tx, SYSTEM, city, "青年党员")
        member = make.member(tx, make.organisation(tx, city))
        held = tuple(Scope(role, city.id, city.path) for role in (Role.NODE_ADMINISTRATOR, Role.TRAINER))
        asset = make.asset(tx, author)
        officer = Actor(account_id=make.account(tx).id, scopes=held)
        calendar.add_term(tx, SYSTEM, _term("春季学期", 1))
        person = faculty.lecturer(tx, city, "other")
        pooled = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
        return World(runtime, city, member, cohort, course, asset, make.actor_of(tx, author), officer, pooled)


def _pick(tx: Tx, row: Any) -> Any:
    return tx.get_one(type(row), row.id)


def _term(name: str, days: int) -> TermDates:
    """A term that begins so many days from today."""
    first = clock.today() + dt.timedelta(days)
    return TermDates(name, first, first + dt.timedelta(60), weekday=first.weekday(), minute=18 * 60)


def _evening(tx: Tx, w: World) -> NewLecture:
    """The first evening of the forum in the term to come."""
    lecturer = _pick(tx, w.pooled).lecturer_id
    return NewLecture("讲坛", clock.today() + dt.timedelta(1), 18 * 60, 20, [(lecturer, 1000)])


def acts(w: World) -> dict[str, Act]:
    """Table and columns of a unique key → what inserts a row of it."""
    sealer = w.runtime.sealer
    return {
        "accounts(member_id)": lambda tx: account_for_member(tx, _pick(tx, w.member)),
        "accounts(username)": lambda tx: create_account(tx, SYSTEM, username="王新", display_name="王新"),
        "categories(name)": lambda tx: categories.add_category(tx, SYSTEM, "移风易俗"),
        "chapters(asset_id, start_ms)": lambda tx: chapters.save_chapters(
            tx, SYSTEM, _pick(tx, w.asset), "0:00 开场\n0:10 正文"
        ),
        "classrooms(name)": lambda tx: classes.add_classroom(tx, SYSTEM, name="第一报告厅", seats=200),
        "cohort_members(cohort_id, member_id)": lambda tx: cohorts.add_cohort_members(
            tx, SYSTEM, _pick(tx, w.cohort), w.city, w.member.number
        ),
        "cohorts(organisation_id, name)": lambda tx: cohorts.create_cohort(tx, SYSTEM, w.city, "新党员"),
        "corrections(member_id, course_id)": lambda tx: corrections.propose_correction(
            tx,
            w.officer,
            _pick(tx, w.member),
            _pick(tx, w.course),
            kind="register",
            reason="签到表",
            studied_on=clock.today(),
        ),
        "course_versions(course_id, number)": lambda tx: drafts.revise_course(tx, w.author, _pick(tx, w.course)),
        "glossary_terms(wrong)": lambda tx: editing.add_glossary_term(tx, SYSTEM, "合座社", "合作社"),
        "jobs(key)": lambda tx: enqueue(tx, "search.merge", key="search.merge"),
        "lecturers(name, office)": lambda tx: drafts.find_lecturer(tx, "王新", "县委书记", is_leader=True),
        "lecturer_consents(lecturer_id, kind)": lambda tx: particulars.give_consent(
            tx, SYSTEM, _pick(tx, w.pooled), ConsentKind.TEACH, given_on=clock.today(), evidence="回函"
        ),
        "lecturer_posts(lecturer_id, organisation_id, level)": lambda tx: posts.add_post(
            tx,
            SYSTEM,
            _pick(tx, w.pooled),
            unit=_pick(tx, w.city),
            level=LecturerLevel.COUNTY,
            title="副县长",
            since=clock.today(),
        ),
        "members(number)": lambda tx: members.add_member(
            tx, SYSTEM, sealer, _pick(tx, w.city), number="N0001", name="王新"
        ),
        "notifications(key)": lambda tx: notify(tx, key="one:occasion", body=msg("有新消息。"), member_id=w.member.id),
        "obligation_rules(level)": lambda tx: rule_changes.change_rule(
            tx, SYSTEM, RuleTerms(LecturerLevel.OTHER, 1, 1, 20, 90, clock.today(), clock.today())
        ),
        "pool_memberships(lecturer_id)": lambda tx: pool.invite_lecturer(
            tx,
            SYSTEM,
            name="王新",
            office="县长",
            unit=_pick(tx, w.city),
            level=LecturerLevel.COUNTY,
            since=clock.today(),
        ),
        "programme_lectures(day, minute)": lambda tx: lectures.plan_lecture(tx, SYSTEM, _evening(tx, w)),
        "organisations(code)": lambda tx: organisations.create_organisation(
            tx, SYSTEM, code="X01", name="新支部", parent=_pick(tx, w.city)
        ),
        "search_terms(text)": lambda tx: dictionary.add_dictionary_term(tx, SYSTEM, "乡村振兴词"),
        "second_factors(account_id)": lambda tx: second_step.begin_second_step(
            tx, w.runtime, w.author, session_id=make.session_id(tx, w.author.account_id or 0)
        ),
        "sectors(name)": lambda tx: sectors.add_sector(tx, SYSTEM, "新就业群体"),
        "share_rules(valid_from)": lambda tx: rule_changes.change_floor(tx, SYSTEM, 250, clock.today()),
        "teaching_terms(name)": lambda tx: calendar.add_term(tx, SYSTEM, _term("夏季学期", 400)),
        "transcripts(asset_id, language)": lambda tx: editing.save_captions(tx, SYSTEM, _pick(tx, w.asset), [], 0),
    }
