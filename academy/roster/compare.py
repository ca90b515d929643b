"""Differences between a roster row and the register: a new member, or changed values."""

from typing import Any

from academy.core import months
from academy.core.crypto import Sealer
from academy.core.i18n import Message, msg
from academy.core.months import Month, earliest
from academy.people import api as people
from academy.roster import columns
from academy.roster.findings import RowFinding

DETAILS = ("name", "gender", "birth_date", "education", "joined_on", "position", "position_since", "status")
_WRITTEN = frozenset(DETAILS) - {"name"}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    written = {name: value for name, value in values.items() if name in _WRITTEN and value is not None}
    for name in people.MEMBER_DATES:
        if name in written:
            written[name] = earliest(written[name]).isoformat()
    return written


def _vague(values: dict[str, Any], old: str = "") -> str:
    """Which dates are known by month only, once these values are written."""
    named = {name for name in people.MEMBER_DATES if isinstance(values.get(name), Month)}
    if not (named or old):
        return ""  # the common case
    return " ".join(sorted(named | {name for name in old.split() if values.get(name) is None}))


def added(sealer: Sealer, line: int, values: dict[str, Any], place_id: int | None) -> RowFinding:
    written, phone = _plain(values), values.get("phone")
    sealed = None
    if vague := _vague(values):
        written["month_only"] = vague
    if phone:
        sealed = sealer.seal(phone, context=people.PHONE_FIELD)
        written["phone_index"] = sealer.blind_index(phone, context=people.PHONE_FIELD)
    return RowFinding(
        line, "added", values["number"], values["name"], values["organisation"], None, place_id, written, sealed
    )


def _changes(values: dict[str, Any], old: Any) -> dict[str, Any]:
    """Differences from the register. A blank cell changes nothing, nor does a less precise one."""
    changes: dict[str, Any] = {}
    for name in DETAILS:
        value = values.get(name)
        if value is None:
            continue
        kept = getattr(old, name)
        if name in people.MEMBER_DATES:
            kept = people.known_date(kept, name, old.month_only)
            if months.same(value, kept):
                continue
            if isinstance(value, Month) and not isinstance(kept, Month | None) and value.first <= kept <= value.last:
                continue  # the register knows the day
        elif value == kept or (
            name == "name" and people.are_names_alike(value, kept) and people.clean_name(kept) == kept
        ):
            continue  # names that differ in spaces or dots only are equal
        changes[name] = value
    return changes


def compared(sealer: Sealer, line: int, values: dict[str, Any], place_id: int | None, old: Any) -> RowFinding:
    """The differing values; blank cells are ignored."""
    changes = _changes(values, old)
    if "position" in changes and values.get("position_since") is not None:
        changes["position_since"] = values["position_since"]  # another position from the same day is a change
    if old.status not in people.PRESENT_STATUSES and values.get("status") is None:
        changes["status"] = "active"  # a member who is in the roster again is active again
    notes = [
        msg(
            "%(label)s：%(old)s → %(new)s",
            label=_LABELS[name],
            old=_displayed(name, _kept(old, name)),
            new=_displayed(name, new),
        )
        for name, new in changes.items()
    ]
    written, sealed, phone = _plain(changes), None, values.get("phone")
    vague = _vague(changes, old.month_only)
    if "position" in changes and "position_since" not in changes:
        vague = " ".join(name for name in vague.split() if name != "position_since")
    if vague != old.month_only:
        written["month_only"] = vague
    if "name" in changes:
        written["new_name"] = changes["name"]
    if phone:
        index = sealer.blind_index(phone, context=people.PHONE_FIELD)
        if index != old.phone_index:
            written["phone_index"] = index
            sealed = sealer.seal(phone, context=people.PHONE_FIELD)
            notes.append(msg("手机改为 %(phone)s", phone=people.mask_phone(phone)))
    moved = place_id != old.organisation_id
    kind = "moved" if moved else "changed" if written else "unchanged"
    return RowFinding(
        line, kind, values["number"], values["name"], values["organisation"], old.id, place_id, written, sealed, notes
    )


_LABELS = {column.field: column.label for column in columns.MEMBERS}


def _kept(old: Any, name: str) -> Any:
    value = getattr(old, name)
    return people.known_date(value, name, old.month_only) if name in people.MEMBER_DATES else value


def _displayed(name: str, value: Any) -> Message | str:
    if value is None:
        return msg("（空）")
    words = {"gender": people.GENDERS, "status": people.STATUSES}.get(name, {})
    return words.get(value) or str(value)
