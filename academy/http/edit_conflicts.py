"""Optimistic locking of forms that replace values.

A form carries a version: a digest of the values it was filled from. It is sent back on saving; when the values in the
database have another digest by then, nothing is written, and the page shows both the stored and the typed values.
Sending again then replaces them knowingly, because the form carries the newer version.

The caller locks the row first (`current_row`), so that no third writer comes between the check and the write.
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
    """A field in which both differ: the stored value and the typed one."""

    label: Message
    kept: str
    typed: str


class EditConflict(Invalid):
    """Another person changed the same object after this form was opened; nothing was written."""

    status = 409
    code = "edit-conflict"

    def __init__(self, differences: list[FieldConflict]) -> None:
        sentence = msg("您打开这一页之后，别人改过这里，您的改动还没有保存。核对后再保存一次，就以您填写的为准。")
        super().__init__(sentence, {"": sentence})
        self.differences = differences


def _text(value: object) -> str:
    """The value as a form would send it, so that a value and its field compare equal."""
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
    canonical = json.dumps({name: _text(value) for name, value in values.items()}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:20]


def current_row(tx: Tx, row: Row) -> Row:
    """The current row, locked until the transaction ends."""
    mapped = inspect(row)
    assert mapped is not None
    keys = zip(mapped.mapper.primary_key, mapped.identity or (), strict=True)
    # Queried separately: PostgreSQL cannot lock a row on the nullable side of an outer join.
    tx.execute(select(*mapped.mapper.primary_key).where(*(key == value for key, value in keys)).with_for_update())
    tx.refresh(row)
    return row


def check_version(
    kept: Mapping[str, Any], labels: Mapping[str, Message], fields: Mapping[str, str] | None = None
) -> None:
    """Refuse the request's form when it was filled from other values than `kept`.

    `labels` names the fields that are shown when they differ; `fields` maps a value's name to its form field where they
    differ. A form without a version (sent by a program) is not compared.

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
    """The conflict of this request's form, for the page."""
    found: EditConflict | None = g.get("edit_conflict")
    return found
