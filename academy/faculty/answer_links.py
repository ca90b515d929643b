"""Signed links by which lecturers answer invitations: no office, no account, one purpose.

A token names an invitation and nothing else. It is not stored: its signature covers the number of the link
(`Assignment.link`), so a new link makes earlier ones void, and none can be worked out from the database alone.
"""

import hashlib
import hmac

from itsdangerous import Signer
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import AcademyError, NotFound
from academy.core.i18n import msg
from academy.core.ids import LENGTH
from academy.core.settings import Settings
from academy.faculty import plan_rules
from academy.faculty.plan_models import Assignment, TermPlan

SIGNATURE_LENGTH = 10
"""Characters of the signature, 60 bits: whoever guesses would need the invitation's id (79 bits) as well."""
TOKEN_LENGTH = LENGTH + SIGNATURE_LENGTH


class LinkEnded(AcademyError):
    """The link was good once: it has run out, or there is a newer one. Its page shows nothing of the invitation."""

    status = 410
    code = "link-ended"

    def __init__(self) -> None:
        super().__init__(msg("这个链接已经停用。请用最近收到的那个链接，或者打电话给学校。"))


def answer_token(settings: Settings, row: Assignment) -> str:
    """The token of an invitation's present link, in 26 characters: an SMS is paid for by length."""
    return row.public_id + _signature(settings, row.public_id, row.link)


def answer_path(settings: Settings, row: Assignment) -> str:
    """The path of an invitation's present link."""
    return f"/a/{answer_token(settings, row)}"


def _signature(settings: Settings, public_id: str, link: int) -> str:
    signer = Signer(settings.secret_key, salt="faculty answer", digest_method=hashlib.sha256)
    return signer.get_signature(f"{public_id}:{link}").decode()[:SIGNATURE_LENGTH]


def read_answer_link(tx: Tx, settings: Settings, token: str) -> Assignment:
    """The invitation that a link is for.

    Raises:
        NotFound: not a token of ours.
        LinkEnded: it was revoked, there is a newer one, or its days are over.
    """
    named, signature = token[:LENGTH], token[LENGTH:]
    row = None
    if len(token) == TOKEN_LENGTH:
        row = tx.scalar(
            select(Assignment)
            .where(Assignment.public_id == named, Assignment.link > 0)
            .options(
                joinedload(Assignment.request),
                joinedload(Assignment.lecturer),
                joinedload(Assignment.lecture),
                joinedload(Assignment.plan).joinedload(TermPlan.term),
                joinedload(Assignment.plan).joinedload(TermPlan.classroom),
            )
        )
    if row is None:
        raise NotFound
    # Earlier links are tried too: who holds one learns that it has ended, which a forged one never learns.
    links = [
        link
        for link in range(1, row.link + 1)
        if hmac.compare_digest(signature.encode(), _signature(settings, named, link).encode())
    ]
    if not links:
        raise NotFound
    until = row.answer_by or row.day
    if links != [row.link] or not row.link_is_on or not plan_rules.is_readable(clock.today(), until, row.day):
        raise LinkEnded
    return row
