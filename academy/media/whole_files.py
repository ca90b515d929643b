"""Files that are sent in one request, by pages without scripts."""

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.media.models import Asset, AssetKind, AssetState, Upload
from academy.media.uploads import EMPTY, Readable, append_bytes, append_upload, begin_upload


def upload_whole(runtime: Runtime, actor: Actor, *, filename: str, purpose: str, body: Readable, size: int) -> Upload:
    """Store a small file sent in one request by a page without scripts.

    Raises:
        Invalid: it is empty.
    """
    if not size:
        raise Invalid(EMPTY)
    public_id = runtime.db.run_in_transaction(
        lambda tx: begin_upload(tx, runtime.settings, actor, filename=filename, size=size, purpose=purpose).public_id
    )
    done = append_upload(runtime, actor, public_id, offset=0, body=body, length=size)
    if done.completed_at is None:
        raise NotFound
    return done


def store_document(runtime: Runtime, actor: Actor, *, filename: str, body: Readable, size: int) -> int:
    """Store a document of somebody who needs no uploading role, such as a lecturer's handout; its asset's row id.

    The caller has checked the right to what the document is for. It belongs to the actor's account and its quota.

    Raises:
        Invalid: it is empty.
        TooLarge, StorageFull: as `begin_upload` raises them.
    """
    if not size:
        raise Invalid(EMPTY)

    def begin(tx: Tx) -> Upload:
        return begin_upload(tx, runtime.settings, actor, filename=filename, size=size, purpose="document")

    upload = runtime.db.run_in_transaction(begin)
    append_bytes(runtime, actor, upload, body)
    with runtime.db.read() as tx:
        stored = tx.get(Upload, upload.id)
    if stored is None or stored.asset_id is None:
        raise NotFound
    return stored.asset_id


def own_document(tx: Tx, actor: Actor, asset_id: int) -> Asset:
    """The document that `store_document` stored for this actor.

    Raises:
        Forbidden: it is somebody else's, or no document.
    """
    asset = tx.get(Asset, asset_id)
    own = asset is not None and asset.account_id == actor.account_id is not None
    if asset is None or not own or asset.kind != AssetKind.DOCUMENT or asset.state == AssetState.DELETED:
        raise Forbidden(f"asset:{asset_id}")
    return asset
