"""Small makers of rows for tests. People are synthetic."""

import datetime as dt
import itertools
from collections.abc import Sequence

from academy.accounts.models import Account, LoginSession, RoleGrant
from academy.accounts.queries import digest, scopes_of
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.library import api as library
from academy.library.api import add_item, approve_course, create_course, publish_course, submit_course
from academy.library.comment_models import ReviewComment
from academy.library.models import Course
from academy.library.queries import ItemSummary, course_page
from academy.media.models import Asset
from academy.people.models import Member, Membership, Organisation, OrganisationSpell

_count = itertools.count(1)


def organisation(tx: Tx, parent: Organisation | None = None, *, level: str = "branch", name: str = "") -> Organisation:
    """A node below `parent`, with path, depth and its first spell."""
    number = next(_count)
    kind = "branch" if level == "branch" else "committee"
    node = Organisation(
        code=f"T{number:05d}",
        name=name or f"测试组织{number}",
        kind=kind,
        level=level,
        sector="rural" if level == "branch" else None,
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0,
    )
    tx.add(node)
    tx.flush()
    node.path = f"{parent.path if parent else '/'}{node.id}/"
    tx.add(
        OrganisationSpell(
            organisation_id=node.id, parent_id=node.parent_id, name=node.name, valid_from=dt.date(2020, 1, 1)
        )
    )
    tx.flush()
    return node


def member(tx: Tx, branch: Organisation, **changes: object) -> Member:
    """An active member of a branch since 2020."""
    number = next(_count)
    fields: dict[str, object] = {"number": f"M{number:07d}", "name": f"党员{number}", "organisation_id": branch.id}
    person = Member(**(fields | changes))
    tx.add(person)
    tx.flush()
    tx.add(Membership(member_id=person.id, organisation_id=branch.id, valid_from=dt.date(2020, 1, 1)))
    tx.flush()
    return person


def account(tx: Tx, person: Member | None = None, *grants: tuple[Role, Organisation]) -> Account:
    """An account, of a member or of nobody in the roster, holding the grants."""
    number = next(_count)
    made = Account(
        username=f"user{number}",
        display_name=person.name if person else f"工作人员{number}",
        member_id=person.id if person else None,
    )
    tx.add(made)
    tx.flush()
    for role, node in grants:
        tx.add(
            RoleGrant(
                account_id=made.id, role=role, organisation_id=node.id, valid_from=clock.today() - dt.timedelta(1)
            )
        )
    tx.flush()
    return made


NUMBERED = 1_000_000
"""From here on tests give row ids themselves, for officers who need no more than a number."""


def numbered_accounts(tx: Tx, *numbers: int) -> None:
    """Accounts with these row ids."""
    tx.add_all(Account(id=n, username=f"numbered{n}", display_name=f"工作人员{n}") for n in numbers)
    tx.flush()


def session_token(tx: Tx, who: Account) -> str:
    """A live session of the account; put it into a client with `sign_in`."""
    token = f"token-{next(_count)}-{who.id}"
    tx.add(LoginSession(digest=digest(token), account_id=who.id, expires_at=clock.now() + dt.timedelta(days=1)))
    tx.flush()
    return token


def session_id(tx: Tx, account_id: int) -> int:
    """The row id of a live session of the account."""
    made = LoginSession(
        digest=f"session-{next(_count)}", account_id=account_id, expires_at=clock.now() + dt.timedelta(days=1)
    )
    tx.add(made)
    tx.flush()
    return made.id


def asset(tx: Tx, owner: Account, *, state: str = "ready", kind: str = "video", **changes: object) -> Asset:
    """A file as it looks after its steps; there is nothing on disk."""
    number = next(_count)
    fields: dict[str, object] = {"filename": f"讲课{number}.mp4", "size": 1000, "duration_ms": 60_000}
    made = Asset(account_id=owner.id, kind=kind, state=state, **(fields | changes))
    tx.add(made)
    tx.flush()
    return made


def actor_of(tx: Tx, who: Account) -> Actor:
    """The actor that this account is today."""
    return Actor(account_id=who.id, member_id=who.member_id, scopes=scopes_of(tx, who.id))


def course(tx: Tx, author: Account, *, title: str = "", items: int = 1, **changes: object) -> Course:
    """A complete draft of a trainer's, with videos of a minute each."""
    library.seed_categories(tx)
    number = next(_count)
    fields: dict[str, object] = {
        "category": "theory",
        "summary": "讲清楚一个问题。",
        "lecturer": "马青山",
        "credit_minutes": 45,
    }
    who = actor_of(tx, author)
    made = create_course(tx, who, title=title or f"测试课程{number}", **(fields | changes))
    for place in range(1, items + 1):
        add_item(tx, who, made, kind="video", title=f"第{place}讲", asset=asset(tx, author))
    return made


def published_course(tx: Tx, author: Account, reviewer: Account, **changes: object) -> Course:
    """A course that went the whole way."""
    made = course(tx, author, **changes)
    submit_course(tx, actor_of(tx, author), made)
    approve_course(tx, actor_of(tx, reviewer), made)
    publish_course(tx, actor_of(tx, reviewer), made)
    return made


def comment(tx: Tx, made: Course, reviewer: Account, body: str = "这里说得太快。") -> ReviewComment:
    """A reviewer's comment on the second 12 of the first item of a course's draft, whatever state that is in."""
    draft, item = made.draft, lines(tx, made)[0].item
    assert draft is not None
    row = ReviewComment(
        course_version_id=draft.id,
        edit_number=draft.edit_number,
        item_id=item.item_id,
        item_number=item.number,
        position=12_000,
        author_id=made.created_by,
        reviewer_id=reviewer.id,
        body=body,
    )
    tx.add(row)
    tx.flush()
    return row


def lines(tx: Tx, made: Course) -> Sequence[ItemSummary]:
    """A course's items with their files."""
    return course_page(tx, made).lines
