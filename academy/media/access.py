"""Access to uploads and files: their owner, while holding an uploading role, and the operator."""

from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.media.models import Asset, AssetState, Upload

UPLOADERS = (Role.TRAINER, Role.NODE_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)


def access_own_upload(tx: Tx, actor: Actor, public_id: str) -> Upload:
    """An upload of the actor's own account, from any device, while the actor holds a role that uploads.

    Raises:
        NotFound: missing.
        Forbidden: somebody else's, or the role has ended.
    """
    upload = tx.scalar(select(Upload).where(Upload.public_id == public_id))
    if upload is None:
        raise NotFound
    own = actor.account_id is not None and upload.account_id == actor.account_id
    if not actor.is_system and not (own and actor.has(*UPLOADERS)):
        raise Forbidden(f"upload:{public_id}")
    return upload


def access_own_asset(tx: Tx, actor: Actor, public_id: str) -> Asset:
    """A file of the actor's, while holding a role that uploads; the operator and the system see every file.

    Ownership alone is not enough: a former trainer changes nothing.

    Raises:
        NotFound: missing or deleted.
        Forbidden: somebody else's, or the role has ended.
    """
    asset = tx.scalar(select(Asset).where(Asset.public_id == public_id, Asset.state != AssetState.DELETED))
    if asset is None:
        raise NotFound
    own = actor.account_id is not None and asset.account_id == actor.account_id and actor.has(*UPLOADERS)
    if not (own or actor.is_system or actor.has(Role.SYSTEM_ADMINISTRATOR)):
        raise Forbidden(f"asset:{public_id}")
    return asset
