"""Makes the sample courses' files in the background, so that the first page need not wait for them."""

import logging
from typing import Any

from academy.cli.sample import lecture, names
from academy.cli.sample.courses import JOB
from academy.core.database import Tx
from academy.core.i18n import Message
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import api as media
from academy.media.api import AssetState
from academy.media.models import Asset

log = logging.getLogger(__name__)


def _failed(tx: Tx, message: Message, files: list[Any]) -> None:
    """Show the failure on the trainer's page, and continue with the other files."""
    asset = tx.get_one(Asset, files[0][0])
    asset.state, asset.error = AssetState.FAILED, message.to_json()
    _ask_for_next(tx, files)


@jobs.job(JOB, lane=jobs.HEAVY, max_attempts=2, on_failure=_failed)
def make_file(context: JobContext, files: list[Any]) -> None:
    """Make the first file of the list, pass it to the media component, enqueue the next."""
    asset_id, plan = files[0][0], lecture.LecturePlan(**files[0][1])
    made = lecture.make(plan, context.settings, names.CITY, lambda permille: context.progress(permille))

    def write(tx: Tx) -> None:
        asset = tx.get_one(Asset, asset_id, with_for_update=True)
        # Retried after a kill: the media component has it already.
        if asset.building is None and asset.state == AssetState.PROCESSING:
            _hand_over(tx, asset, made)
        _ask_for_next(tx, files)

    context.db.run_in_transaction(write)


def _hand_over(tx: Tx, asset: Asset, made: lecture.MadeLecture) -> None:
    asset.incoming, asset.size = str(made.file.absolute()), made.file.stat().st_size
    asset.building = asset.generation
    media.start_step(tx, asset, media.STEPS_BY_KIND[asset.kind][0])
    if made.cues:
        media.replace_cues(tx, asset, made.cues, "manual")


def _ask_for_next(tx: Tx, files: list[Any]) -> None:
    if len(files) > 1:
        jobs.enqueue(tx, JOB, files=files[1:])
