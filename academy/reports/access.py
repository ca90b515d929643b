"""Access to exports."""

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.core.i18n import msg
from academy.faculty import api as faculty
from academy.people import api as people
from academy.reports.models import Export
from academy.reports.service import PROGRAMME_KINDS
from academy.trainings import api as trainings


def access_export(tx: Tx, actor: Actor, public_id: str) -> Export:
    """One of the actor's own exports.

    Raises:
        NotFound: there is none, or (audited) it is somebody else's.
    """
    export = tx.scalar(select(Export).where(Export.public_id == public_id))
    if export is None:
        raise NotFound
    if actor.account_id is None or export.account_id != actor.account_id:
        raise Forbidden(f"export:{public_id}")
    return export


def access_file(tx: Tx, actor: Actor, public_id: str) -> Export:
    """One of the actor's own exports that is finished and has not expired.

    Raises:
        NotFound: not finished, expired, missing or (audited) somebody else's; or about a node that is no longer in the
            actor's scope: exports belong to the role, not to the person.
    """
    export = access_export(tx, actor, public_id)
    if not export.stored_at or export.expires_at <= clock.now():
        raise NotFound(msg("这个文件已过期，请重新导出。"))
    roles = faculty.PROGRAMME_READERS if export.kind in PROGRAMME_KINDS else trainings.VIEWING_ROLES
    people.access_organisation(tx, actor, str(export.params.get("organisation", "")), *roles)
    return export
