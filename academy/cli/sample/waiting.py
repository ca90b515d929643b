"""What waits for officers in the sample city: exemptions, corrections, complaints, a request about one's own data."""

import datetime as dt

from sqlalchemy import select

from academy.accounts import api as accounts
from academy.accounts.models import Account, RoleGrant
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.learning import api as learning
from academy.learning.models import Completion
from academy.library import api as library
from academy.library.models import Course
from academy.people import api as people
from academy.people.models import Exemption, Member, Organisation

EXEMPTIONS = ("脑梗后康复，行动不便", "在省城照顾住院的老伴", "白内障手术后，医生不让看屏幕")
CORRECTIONS = ("支部活动室集中观看，签到表在支部", "借儿媳的手机一起看完的，支部委员在场")
COMPLAINTS = (
    ("captions", "第三段把“公积金”写成了“公鸡金”，请改一下。"),
    ("rule", "我们村下个月才通网，能不能等等我们？"),
)


def leave_waiting(tx: Tx, made: dict[str, int]) -> None:
    """Ask for things that officers of the sample accounts decide; `made` are the accounts by user name."""
    secretary, town = (actor_of(tx, made[name]) for name in ("secretary", "town"))
    branch = tx.get_one(Organisation, secretary.scopes[0].organisation_id)
    course = tx.scalars(select(Course).where(Course.is_published).order_by(Course.id.desc())).first()
    learned = select(Completion.member_id).where(Completion.course_id == (course.id if course else 0))
    idle = Member.id.not_in(learned)
    named = select(Account.member_id).where(Account.id.in_(made.values()), Account.member_id.is_not(None))
    free = Member.id.not_in(select(Exemption.member_id)) & Member.id.not_in(named)
    there = select(Member).where(Member.organisation_id == branch.id, free).order_by(Member.id)
    around = (
        select(Member)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(people.subtree(town.scopes[0].path), Organisation.id != branch.id, idle)
        .order_by(Member.id)
    )
    today = clock.today()
    for person, reason in zip(tx.scalars(there.limit(len(EXEMPTIONS))).all(), EXEMPTIONS, strict=False):
        until = today + dt.timedelta(days=120)
        people.request_exemption(tx, secretary, person, reason=reason, valid_from=today, valid_to=until)
    if course is not None:
        day = max(today - dt.timedelta(days=4), clock.to_city(course.published_at or clock.now()).date())
        for person, reason in zip(tx.scalars(around.limit(len(CORRECTIONS))).all(), CORRECTIONS, strict=False):
            learning.propose_correction(tx, town, person, course, kind="register", reason=reason, studied_on=day)
        for who, (subject, body) in zip(("member", "elder"), COMPLAINTS, strict=True):
            about = course if subject == "captions" else None
            library.file_complaint(tx, actor_of(tx, made[who]), subject=subject, body=body, course=about)
    accounts.file_data_request(tx, actor_of(tx, made["elder"]), "correct", "学历写的是小学，我后来上过夜校，是初中。")


def actor_of(tx: Tx, account_id: int) -> Actor:
    """An account with its offices."""
    account = tx.get_one(Account, account_id)
    held = select(RoleGrant.role, Organisation.id, Organisation.path).join(
        Organisation, Organisation.id == RoleGrant.organisation_id
    )
    rows = tx.execute(held.where(RoleGrant.account_id == account_id))
    scopes = tuple(Scope(Role(role), node, path) for role, node, path in rows)
    return Actor(account_id=account_id, member_id=account.member_id, scopes=scopes)
