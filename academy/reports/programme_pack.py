"""Evidence packs of the programme: every list of a node and period, with definitions, as-of day and checksums.

As packs of coverage (`evidence`) they are about the end of a past day, can be worked out again, and say what was
changed since.
"""

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from academy.core import clock
from academy.core.audit import AuditEntry
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import msg
from academy.faculty import api as faculty
from academy.faculty.api import Inquiry, ProgrammeList
from academy.people.models import Organisation
from academy.reports import evidence, programme_cover
from academy.reports.coverage import translator_of
from academy.reports.pack_files import UNREADABLE, alterations, compare_rows, read_member, write_member
from academy.reports.programme import read_inquiry

FORMAT = 1
FIGURES, MANIFEST, COVER = "figures.csv", "manifest.json", "cover.pdf"
CHANGING = (
    *("lecture.", "lecturer.", "pool.", "contest.announced", "contest.published", "material.approved"),
    *(
        "material.returned",
        "obligation_rule.",
        "share_rule.",
        "material_rule.",
        "term.",
        "plan.decided",
        "topic.returned",
    ),
)
"""Beginnings of acts by which offices change the programme's lists. What a member did (a topic asked for, an answer to
an evaluation) is not named: nobody may know whose it is."""
MOST_NAMED = 200


def write_pack(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Write the pack that an export requests; returns how many rows it holds."""
    node = tx.scalars(select(Organisation).where(Organisation.public_id == params["organisation"])).one()
    asked = read_inquiry(tx, node, params)
    answer, lists = faculty.programme_report(tx, asked)
    sums: dict[str, str] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for place, one in enumerate(lists):
            sums[f"{one.kind}.csv"] = write_member(pack, f"{one.kind}.csv", _rows(one))
            progress(1000 * (place + 1) // (len(lists) + 1))
        sums[FIGURES] = write_member(pack, FIGURES, _figures(lists))
        cover = programme_cover.draw_cover(asked, answer, lists, translator_of(params), path, sums)
        if cover:
            pack.writestr(COVER, cover)
            sums[COVER] = hashlib.sha256(cover).hexdigest()
        made = {"files": sums, "made_at": clock.now().isoformat()}
        pack.writestr(MANIFEST, json.dumps(_manifest(asked, lists) | made, ensure_ascii=False, indent=2))
    return sum(len(one.lines) for one in lists)


def _rows(found: ProgrammeList) -> Iterator[tuple[str, ...]]:
    """A pack is Chinese whatever language its reader uses."""
    yield ("key", *(str(column.label) for column in found.columns))
    for line in found.lines:
        yield (line.key, *("" if cell is None else str(cell) for cell in line.cells))


def _figures(lists: list[ProgrammeList]) -> Iterator[tuple[str, ...]]:
    yield ("key", str(msg("名单")), str(msg("数字")), str(msg("行数")), str(msg("数值")))
    for found in lists:
        for one in found.figures:
            value = str(one.count if one.value is None else one.value)
            yield (f"{found.kind}/{one.label}", str(found.title), str(one.label), str(one.count), value)


def _manifest(asked: Inquiry, lists: list[ProgrammeList]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "programme": asked.period.key,
        "title": str(asked.period.name),
        "organisation": asked.scope.node.public_id,
        "organisation_name": asked.scope.node.name,
        "window": [asked.period.first.isoformat(), asked.period.last.isoformat()],
        "as_of": asked.on.isoformat(),
        "definitions": {one.kind: str(one.definition) for one in lists},
        "counts": {one.kind: len(one.lines) for one in lists},
    }


def check_pack(tx: Tx, path: Path) -> list[str]:
    """Defects of an evidence pack of any kind, or differences from the same definition computed now; empty if none.

    Raises:
        Invalid: it is no evidence pack, or is about objects that this academy does not have.
    """
    try:
        with zipfile.ZipFile(path) as pack:
            is_programme = "programme" in json.loads(read_member(pack, MANIFEST))
    except UNREADABLE as error:
        raise Invalid(msg("这不是证明材料包，或已损坏。")) from error
    return check_programme_pack(tx, path) if is_programme else evidence.check_pack(tx, path)


def check_programme_pack(tx: Tx, path: Path) -> list[str]:
    """Defects of a pack, or differences from the same lists computed now; empty if none.

    Raises:
        Invalid: it is no such pack, or is about a node or a period that this academy does not have.
    """
    try:
        with zipfile.ZipFile(path) as pack:
            manifest = json.loads(read_member(pack, MANIFEST))
            asked = _asked(tx, manifest)
            kinds = faculty.list_kinds(asked.scope)
            present = set(pack.namelist()) - {MANIFEST}
            listed = [*(f"{kind}.csv" for kind in kinds), FIGURES, *({COVER} & present)]
            contents = {name: read_member(pack, name) for name in listed}
    except UNREADABLE as error:
        raise Invalid(msg("这不是证明材料包，或已损坏。")) from error
    found = alterations(contents, manifest.get("files", {}), present)
    _, lists = faculty.programme_report(tx, asked)
    now = _manifest(asked, lists)
    # Also the day: a term that was moved since may not reach to the pack's any more.
    for key in ("window", "as_of", "definitions", "counts"):
        if now[key] != manifest.get(key):
            found.append(f"{key}: pack {manifest.get(key)}, now {now[key]}")
    for one in lists:
        found += [f"{one.kind}: {line}" for line in compare_rows(contents[f"{one.kind}.csv"], _rows(one))]
    found += [f"figures: {line}" for line in compare_rows(contents[FIGURES], _figures(lists))]
    return found + (_changed_since(tx, str(manifest.get("made_at", ""))) if found else [])


def _asked(tx: Tx, manifest: dict[str, Any]) -> Inquiry:
    node = tx.scalar(select(Organisation).where(Organisation.public_id == manifest["organisation"]))
    if node is None:
        raise Invalid(msg("这里没有材料所说的学期或党组织。"))
    try:
        on = dt.date.fromisoformat(manifest["as_of"]).isoformat()
        return read_inquiry(tx, node, {"period": manifest["programme"], "on": on})
    except NotFound as error:
        raise Invalid(msg("这里没有材料所说的学期或党组织。")) from error


def _changed_since(tx: Tx, made_at: str) -> list[str]:
    """Entries of the audit since the pack that may have caused a difference: what was done, to what, by which
    account."""
    try:
        since = dt.datetime.fromisoformat(made_at)
    except ValueError:
        return []
    changing = or_(*(AuditEntry.verb.startswith(verb, autoescape=True) for verb in CHANGING))
    named = select(AuditEntry).where(AuditEntry.at >= since, changing).order_by(AuditEntry.id).limit(MOST_NAMED)
    return [
        f"since: {one.at:%Y-%m-%d %H:%M} {one.verb} {one.target} by account {one.account_id}"
        for one in tx.scalars(named)
    ]
