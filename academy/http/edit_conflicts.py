"""Forms that replace what somebody else may have changed meanwhile.

A form carries the version of what it was filled from: a digest of those values. Who saves sends it back; when the
values in the database have another digest by then, nothing is written, and the page shows both: what is there now
and what was typed. Sending again then replaces it knowingly, because the form carries the newer version.

The caller locks the row first (`current_row`), so that no third writer comes between the look and the write.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import g, request
from sqlalchemy import inspect, select

from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg

FIELD = "version"
Row = TypeVar("Row")


@dataclass(frozen=True)
class FieldConflict:
    """One field in which two people differ: what is kept now, and what was typed."""

    label: Message
    kept: str
    typed: str


class EditConflict(Invalid):
    """Somebody else changed the same thing after this form was opened; nothing of it was written."""

    status = 409
    code = "edit-conflict"

    def __init__(self, differences: list[FieldConflict]) -> None:
        sentence = msg("您打开这一页之后，别人改过这里，您的改动还没有保存。核对后再保存一次，就以您填写的为准。")
        super().__init__(sentence, {"": sentence})
        self.differences = differences


def _text(value: object) -> str:
    """As a form would send it, so that a value and its field compare equal."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, Iterable):
        return "\n".join(sorted(_text(one) for one in value))
    return str(value)


def version_of(values: Mapping[str, Any]) -> str:
    """The version of these values of a form: 20 hex digits."""
    told = json.dumps({name: _text(value) for name, value in values.items()}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()[:20]


def current_row(tx: Tx, row: Row) -> Row:
    """The row as it is now, kept from other writers until the transaction ends."""
    mapped = inspect(row)
    assert mapped is not None
    keys = zip(mapped.mapper.primary_key, mapped.identity or (), strict=True)
    # Asked for apart: PostgreSQL locks no row that is read together with what may be missing beside it.
    tx.execute(select(*mapped.mapper.primary_key).where(*(key == value for key, value in keys)).with_for_update())
    tx.refresh(row)
    return row


def check_version(
    kept: Mapping[str, Any], labels: Mapping[str, Message], fields: Mapping[str, str] | None = None
) -> None:
    """Refuse the request's form when it was filled from other values than `kept`.

    `labels` names the fields that are shown when they differ; `fields` maps a value's name to its field's where the
    form calls it otherwise. A form that carries no version (a program's) is not compared.

    Raises:
        EditConflict: somebody changed one of the values meanwhile.
    """
    sent = request.form.get(FIELD)
    if sent is None or sent == version_of(kept):
        return
    differences = []
    for name, label in labels.items():
        typed = _text(request.form.getlist((fields or {}).get(name, name)))
        if typed != _text(kept[name]):
            differences.append(FieldConflict(label, _text(kept[name]), typed))
    g.edit_conflict = EditConflict(differences)
    raise g.edit_conflict


def conflict() -> EditConflict | None:
    """What this request's form met, for the page."""
    found: EditConflict | None = g.get("edit_conflict")
    return found
