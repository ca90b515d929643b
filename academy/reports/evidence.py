"""Evidence packs: a list, its definition, its day, and a checksum of every file.

A pack is about the end of a past day, because only that can be computed again later.
"""

import dataclasses
import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.coverage import api as coverage
from academy.coverage.api import NameFilter, NameStatus
from academy.learning.models import Correction
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.reports import evidence_cover
from academy.reports.coverage import name_filter_of, translator_of
from academy.reports.definitions import coverage_definition
from academy.reports.pack_files import UNREADABLE, CheckedLines, alterations, compare_rows, read_member, write_member
from academy.trainings import api as trainings
from academy.trainings.models import Training, TrainingCourse

VERSION = 2
"""1 had neither cover nor Chinese columns; its packs are still checked."""
NAMES, FIGURES, MANIFEST, COVER = "names.csv", "figures.csv", "manifest.json", "cover.pdf"
HEAD = ("number", "name", "organisation", "status", "completed_on", "courses")
WORDS = (msg("编号"), msg("姓名"), msg("党组织"), msg("状态代码"), msg("完成日期"), msg("学完门数"))
FIGURES_HEAD = ("organisation", "due", "exempt", "started", "completed")
FIGURES_WORDS = (msg("党组织"), msg("应训"), msg("免训"), msg("已参学"), msg("已完成"))


def last_day() -> dt.date:
    """The newest day of a pack: yesterday."""
    return clock.today() - dt.timedelta(days=1)


def write_pack(tx: Tx, params: dict[str, Any], path: Path, progress: Callable[[int], None]) -> int:
    """Write the pack that an export requests; returns how many names it holds."""
    name_filter = dataclasses.replace(name_filter_of(tx, params), status="", text="", direct=False, sort="")
    name_filter = dataclasses.replace(name_filter, day=min(name_filter.day or last_day(), last_day()))
    total = max(1, coverage.count_names(tx, name_filter))
    sums: dict[str, str] = {}
    written = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        with pack.open(NAMES, "w", force_zip64=True) as raw:
            digest = CheckedLines(raw)
            for line in _names(tx, name_filter):
                digest.line(line)
                written += 1
                if written % 500 == 0:
                    progress(1000 * written // total)
            sums[NAMES] = digest.hexdigest()
        sums[FIGURES] = write_member(pack, FIGURES, _figures(tx, name_filter))
        cover = evidence_cover.draw_cover(tx, name_filter, translator_of(params), path, sums, written - 1)
        if cover:
            pack.writestr(COVER, cover)
            sums[COVER] = hashlib.sha256(cover).hexdigest()
        manifest = _manifest(tx, name_filter) | {
            "files": sums,
            "made_at": clock.now().isoformat(),
            "names": written - 1,
        }
        pack.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2))
    return written - 1


def _both(names: Sequence[str], words: Sequence[Message]) -> tuple[str, ...]:
    """What programs read with what people read: a pack is Chinese whatever language its reader uses."""
    return tuple(f"{name}/{word}" for name, word in zip(names, words, strict=True))


def _names(tx: Tx, name_filter: NameFilter, version: int = VERSION) -> Iterator[tuple[str, ...]]:
    yield HEAD if version == 1 else (*_both(HEAD, WORDS), f"status_zh/{msg('情况')}")
    for one in coverage.stream_names(tx, name_filter):
        # Only today's accounts are known, so a pack does not contain them.
        status = NameStatus.NOT_STARTED if one.status == NameStatus.NO_ACCOUNT else one.status
        day = one.completed_on.isoformat() if one.completed_on else ""
        line = (one.number, one.name, one.organisation, str(status), day, str(len(one.courses)))
        yield line if version == 1 else (*line, str(coverage.NAME_STATUSES[status]))


def _figures(tx: Tx, name_filter: NameFilter, version: int = VERSION) -> Iterator[tuple[str, ...]]:
    yield FIGURES_HEAD if version == 1 else (*_both(FIGURES_HEAD, FIGURES_WORDS), f"share/{msg('完成率')}")
    found = coverage.coverage_of(tx, name_filter.training, name_filter.node, name_filter.day)
    rows = [(line.name, line.figures) for line in found.lines]
    direct, total = (
        ("direct", "total") if version == 1 else _both(("direct", "total"), (msg("本级直属党员"), msg("合计")))
    )
    for name, f in [*rows, (direct, found.direct), (total, found.figures)]:
        line = (name, str(f.due), str(f.exempt), str(f.started), str(f.completed))
        yield line if version == 1 else (*line, f"{f.completed / f.due:.1%}" if f.due else "")


def _manifest(tx: Tx, name_filter: NameFilter) -> dict[str, Any]:
    training = name_filter.training
    versions = dict(
        tx.execute(
            select(TrainingCourse.course_id, TrainingCourse.version).where(TrainingCourse.training_id == training.id)
        ).all()
    )
    figures = coverage.coverage_of(tx, training, name_filter.node, name_filter.day).figures
    return {
        "format": VERSION,
        "training": training.public_id,
        "title": training.title,
        "organisation": name_filter.node.public_id,
        "organisation_name": name_filter.node.name,
        "as_of": name_filter.day.isoformat() if name_filter.day else "",
        "definition": str(coverage_definition(name_filter.day)),
        "window": [training.opens_on.isoformat(), training.closes_on.isoformat()],
        "audience": training.audience,
        "required_count": trainings.courses_needed(tx, training),
        "courses": [
            {"id": c.public_id, "title": c.title, "from_version": versions[c.id]}
            for c in trainings.courses_of(tx, training)
        ],
        "counts": {
            "due": figures.due,
            "exempt": figures.exempt,
            "started": figures.started,
            "completed": figures.completed,
        },
    }


def check_pack(tx: Tx, path: Path) -> list[str]:
    """Defects of a pack, or differences from the same definition computed now; empty if none.

    Raises:
        Invalid: it is no evidence pack, or is about objects that this academy does not have.
    """
    try:
        with zipfile.ZipFile(path) as pack:
            listed = [name for name in (MANIFEST, NAMES, FIGURES, COVER) if name != COVER or name in pack.namelist()]
            present = set(pack.namelist()) - {MANIFEST}
            contents = {name: read_member(pack, name) for name in listed}
        manifest = json.loads(contents.pop(MANIFEST))
        name_filter = _name_filter(tx, manifest)
    except UNREADABLE as error:
        raise Invalid(msg("这不是证明材料包，或已损坏。")) from error
    found = alterations(contents, manifest.get("files", {}), present)
    now = _manifest(tx, name_filter)
    for key in ("definition", "window", "audience", "required_count", "courses", "counts"):
        if now[key] != manifest.get(key):
            found.append(f"{key}: pack {manifest.get(key)}, now {now[key]}")
    version = 1 if manifest.get("format") == 1 else VERSION
    found += compare_rows(contents[NAMES], _names(tx, name_filter, version))
    found += compare_rows(contents[FIGURES], _figures(tx, name_filter, version))
    return found + (_corrected(tx, name_filter, str(manifest.get("made_at", ""))) if found else [])


def _corrected(tx: Tx, name_filter: NameFilter, made_at: str) -> list[str]:
    """Corrections made since the pack: a difference can be traced to two people."""
    try:
        since = dt.datetime.fromisoformat(made_at)
    except ValueError:
        return []
    rows = tx.execute(
        select(Correction, Member.number)
        .join(Member, Member.id == Correction.member_id)
        .join(TrainingCourse, TrainingCourse.course_id == Correction.course_id)
        .where(
            TrainingCourse.training_id == name_filter.training.id,
            Correction.decision == "approved",
            Correction.decided_at >= since,
            people.members_under(name_filter.node.path),
        )
        .order_by(Correction.id)
    )
    return [
        f"{number}: corrected ({one.kind}) on {one.decided_at:%Y-%m-%d} by accounts {one.proposed_by} and "
        f"{one.decided_by}, correction {one.public_id}"
        for one, number in rows
    ]


def _name_filter(tx: Tx, manifest: dict[str, Any]) -> NameFilter:
    training = tx.scalar(select(Training).where(Training.public_id == manifest["training"]))
    node = tx.scalar(select(Organisation).where(Organisation.public_id == manifest["organisation"]))
    if training is None or node is None:
        raise Invalid(msg("这里没有材料所说的培训或党组织。"))
    return NameFilter(training, node, dt.date.fromisoformat(manifest["as_of"]))
