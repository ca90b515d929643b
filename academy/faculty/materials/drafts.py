"""Writing a syllabus or handout: drafts, files, submission, taking back."""

from dataclasses import dataclass

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.unique import get_or_create, lock_row
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialVersion
from academy.faculty.materials import access, messages, rules
from academy.faculty.models import ProgrammeLecture
from academy.media import api as media
from academy.media.api import Asset, AssetState

MOST_VERSIONS = 60
IN_REVIEW = msg("已经送审，正等审阅。要改请先撤回。")


@dataclass(frozen=True)
class MaterialText:
    """What an author saves: typed text or a file, and what is new about it."""

    text: str = ""
    asset: Asset | None = None
    change_note: str = ""


def save_draft(
    tx: Tx, actor: Actor, lecture: ProgrammeLecture, kind: MaterialKind, given: MaterialText
) -> MaterialVersion:
    """Save the version in work; a first one, or one after a decision, gets the next number.

    Raises:
        Invalid: no text and no file, or a text that is too long.
        Conflict: a version is being reviewed, or there are too many.
        Forbidden: the actor may not write material of this lecture.
    """
    account_id = access.require_writer(tx, actor, lecture)
    lock_row(tx, lecture)
    note = rules.clean(given.change_note, rules.NOTE_LENGTH + 1)
    wrong = {}
    if len(note) > rules.NOTE_LENGTH:
        wrong["change_note"] = msg("说明不超过 %(most)s 个字。", most=rules.NOTE_LENGTH)
    if given.asset is None and (problem := rules.check_text(given.text)) is not None:
        wrong["text"] = problem
    if wrong:
        raise Invalid(fields=wrong)
    if given.asset is not None and (given.asset.kind != "document" or given.asset.account_id != account_id):
        raise Forbidden(f"asset:{given.asset.public_id}")
    material, _is_new = get_or_create(tx, LectureMaterial, {"lecture_id": lecture.id, "kind": kind})
    version = open_version(tx, material)
    if version is not None and version.state == MaterialState.SUBMITTED:
        raise Conflict(IN_REVIEW)
    if version is None:
        version = MaterialVersion(material=material, number=_next_number(tx, material), passages=[])
        tx.add(version)
    version.asset_id = given.asset.id if given.asset is not None else None
    version.passages = [] if given.asset is not None else rules.passages_of(given.text)
    version.change_note, version.author_id, version.saved_at = note, account_id, clock.now()
    tx.flush()
    record(tx, actor, "material.saved", f"material-version:{version.public_id}", kind=kind, number=version.number)
    return version


def _next_number(tx: Tx, material: LectureMaterial) -> int:
    last = tx.scalar(select(func.max(MaterialVersion.number)).where(MaterialVersion.material_id == material.id)) or 0
    if last >= MOST_VERSIONS:
        raise Conflict(msg("已经有 %(most)s 版了，请和审阅人当面商量。", most=MOST_VERSIONS))
    return last + 1


def open_version(tx: Tx, material: LectureMaterial) -> MaterialVersion | None:
    """The version in work: a draft or a submitted one. The caller has locked the lecture."""
    return tx.scalar(
        select(MaterialVersion)
        .where(
            MaterialVersion.material_id == material.id,
            MaterialVersion.state.in_((MaterialState.DRAFT, MaterialState.SUBMITTED)),
        )
        .execution_options(populate_existing=True)
    )


def submit_material(tx: Tx, actor: Actor, version: MaterialVersion) -> None:
    """Submit a draft for review: from now on it stays as it is.

    Raises:
        Invalid: its file is not ready, or has too many pages.
        Conflict: it is not a draft any more.
        Forbidden: the actor may not write material of this lecture.
    """
    account_id = _take(tx, actor, version)
    if version.state != MaterialState.DRAFT:
        raise Conflict(IN_REVIEW if version.state == MaterialState.SUBMITTED else _CHANGED)
    if version.asset is not None:
        version.passages = _page_texts(tx, version)
    version.state, version.submitted_at, version.submitted_by = MaterialState.SUBMITTED, clock.now(), account_id
    tx.flush()
    record(tx, actor, "material.submitted", f"material-version:{version.public_id}", number=version.number)
    messages.notify_reviewers(tx, version)


_CHANGED = msg("这一版已经有了结果，请刷新页面。")


def _page_texts(tx: Tx, version: MaterialVersion) -> list[str]:
    """The texts of the pages of a version's file.

    Raises:
        Invalid: the file is still being read, could not be read, or is too long.
    """
    asset = version.asset
    assert asset is not None
    if asset.state == AssetState.PROCESSING:
        raise Invalid(fields={"file": msg("文件还在转换，一两分钟后再送审。")})
    if asset.state != AssetState.READY:
        raise Invalid(fields={"file": msg("这个文件没能读出来，请换一个文件，或者改为直接写。")})
    pages = media.document_pages(tx, asset.id)
    if len(pages) > rules.MOST_PAGES:
        raise Invalid(
            fields={"file": msg("文件有 %(count)s 页，最多 %(most)s 页。", count=len(pages), most=rules.MOST_PAGES)}
        )
    return [rules.clean(page.text, rules.PASSAGE_LENGTH) for page in pages]


def take_back(tx: Tx, actor: Actor, version: MaterialVersion) -> None:
    """Take back what waits for a decision, or drop a version that was returned: what was approved before stands again.

    Raises:
        Conflict: it was approved, is a draft, or a later version was submitted.
        Forbidden: the actor may not write material of this lecture.
    """
    _take(tx, actor, version)
    later = select(MaterialVersion.id).where(
        MaterialVersion.material_id == version.material_id,
        MaterialVersion.number > version.number,
        MaterialVersion.state != MaterialState.DRAFT,
    )
    is_newest = tx.scalar(later.limit(1)) is None
    if version.state not in {MaterialState.SUBMITTED, MaterialState.RETURNED} or not is_newest:
        raise Conflict(_CHANGED)
    was = version.state
    version.state, version.closed_at = MaterialState.TAKEN_BACK, version.closed_at or clock.now()
    tx.flush()
    record(tx, actor, "material.taken_back", f"material-version:{version.public_id}", was=was)


def discard_draft(tx: Tx, actor: Actor, version: MaterialVersion) -> None:
    """Throw a draft away.

    Raises:
        Conflict: it was submitted.
        Forbidden: the actor may not write material of this lecture.
    """
    _take(tx, actor, version)
    if version.state != MaterialState.DRAFT:
        raise Conflict(_CHANGED)
    record(tx, actor, "material.discarded", f"material-version:{version.public_id}", number=version.number)
    tx.delete(version)
    tx.flush()


def _take(tx: Tx, actor: Actor, version: MaterialVersion) -> int:
    """Lock the lecture, and read the version as it is now; the writer's account."""
    lecture = version.material.lecture
    lock_row(tx, lecture)
    account_id = access.require_writer(tx, actor, lecture)
    tx.refresh(version, with_for_update={"of": MaterialVersion})
    return account_id
