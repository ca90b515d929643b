"""Progress of background jobs, for progress bars."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from academy.core.errors import NotFound
from academy.core.i18n import Message
from academy.http import SIGNED_IN, actor, reading
from academy.http.languages import translate
from academy.jobs import api as jobs
from academy.jobs.api import JobState
from academy.rest.contracts import TEXT, Contract, ResponseSpec, endpoint, obj

STATES = {"enum": [state.value for state in JobState]}
STANDING = obj(state=STATES, permille={"type": "integer", "minimum": 0, "maximum": 1000}, note=TEXT)

bp = Blueprint("api_jobs", __name__, url_prefix="/api/v1/jobs")


@bp.get("/<public_id>")
@endpoint(SIGNED_IN, Contract({200: ResponseSpec("State and progress.", STANDING)}, refuses=(404,)))
def show(public_id: str) -> Response:
    """State and progress of a job that the caller requested."""
    with reading() as tx:
        job = jobs.find_own_job(tx, actor(), public_id)
    if job is None:
        raise NotFound
    message = job.error or job.note
    return jsonify(
        state=job.state, permille=job.permille, note=translate(Message.from_json(message)) if message else ""
    )
