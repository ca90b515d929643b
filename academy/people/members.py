"""Changes of people: joining, transfer, status, personal data."""

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from academy.core import clock, months
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.crypto import Sealer
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.jobs import api as jobs
from academy.people import lock, position_terms, rules
from academy.people.access import ROSTER_KEEPERS, require_access
from academy.people.events import MembersChanged
from academy.people.models import MEMBER_DATES, Member, Membership, MemberStatus, Organisation

PHONE_FIELD = "member.phone"
"""Encryption context of phones."""


def add_member(
    tx: Tx,
    actor: Actor,
    sealer: Sealer,
    organisation: Organisation,
    *,
    number: str,
    name: str,
    phone: str = "",
    gender: str | None = None,
    birth_date: dt.date | None = None,
    joined_on: dt.date | None = None,
    education: str | None = None,
    position: str | None = None,
    on: dt.date | None = None,
) -> Member:
    """Enter one person in the roster, as a member of `organisation` from a day on.

    Raises:
        Invalid: a value cannot be accepted, or the number is taken; with a message for each field.
    """
    require_access(actor, organisation.path, f"organisation:{organisation.public_id}", *ROSTER_KEEPERS)
    values = rules.checked(
        number=(rules.read_member_number, number), name=(rules.read_name, name), phone=(rules.read_phone, phone)
    )
    day = _past(on)
    lock.take_roster_lock(tx)
    _open(tx, organisation)
    if tx.scalar(select(Member.id).where(Member.number == values["number"])):
        raise Invalid(fields={"number": msg("编号 %(number)s 已经有人使用。", number=values["number"])})
    member = Member(
        number=values["number"],
        name=values["name"],
        gender=gender,
        birth_date=birth_date,
        joined_on=joined_on,
        education=education,
        position=position,
        organisation_id=organisation.id,
        **sealed_phone(sealer, values["phone"]),
    )
    tx.add(member)
    tx.flush()
    tx.add(Membership(member_id=member.id, organisation_id=organisation.id, valid_from=day))
    if position:
        position_terms.change_position(tx, member.id, position_terms.POSITION_TERM, position, day, precision="unknown")
    tx.flush()
    record(tx, actor, "member.added", f"member:{member.public_id}", organisation=organisation.public_id)
    jobs.publish(tx, MembersChanged([member.id]))
    return member


def transfer_member(
    tx: Tx, actor: Actor, member: Member, organisation: Organisation, *, on: dt.date | None = None
) -> Member:
    """Transfer a member to another organisation from a day on. The actor must keep both rosters.

    Raises:
        Conflict: somebody has transferred the member meanwhile, or the member has left.
    """
    day = _past(on)
    seen = member.organisation_id
    lock.take_roster_lock(tx)
    tx.refresh(member)
    _open(tx, organisation)
    source = tx.get_one(Organisation, member.organisation_id)
    for node in (source, organisation):
        require_access(actor, node.path, f"organisation:{node.public_id}", *ROSTER_KEEPERS)
    if member.organisation_id != seen:
        raise Conflict(msg("这位党员刚刚被别人转到了别的组织，请刷新后再看。"))
    if member.status not in rules.PRESENT_STATUSES:
        raise Conflict(msg("这位党员已不在册，不能转接。"))
    if organisation.id == member.organisation_id:
        return member
    _turn_membership(tx, member, organisation.id, day)
    member.organisation_id = organisation.id
    tx.flush()
    record(
        tx,
        actor,
        "member.transferred",
        f"member:{member.public_id}",
        from_organisation=source.public_id,
        to_organisation=organisation.public_id,
        on=day.isoformat(),
    )
    jobs.publish(tx, MembersChanged([member.id]))
    return member


def change_status(
    tx: Tx, actor: Actor, member: Member, status: str, *, on: dt.date | None = None, note: str = ""
) -> Member:
    """Set a member's status (active, floating, left or died) from a day on; `note` is the destination.

    A member who left or died has no organisation from then on; one who returns rejoins the last one.

    Raises:
        Invalid: no such status, or a day that lies before the last change.
    """
    if status not in rules.STATUSES:
        raise Invalid(fields={"status": msg("请从列表里选择。")})
    destination = rules.checked(note=(lambda text: rules.read_text(text, longest=120), note))["note"]
    day = _past(on)
    lock.take_roster_lock(tx)
    tx.refresh(member)
    home = tx.get_one(Organisation, member.organisation_id)
    require_access(actor, home.path, f"member:{member.public_id}", *ROSTER_KEEPERS)
    position_terms.change_position(
        tx, member.id, position_terms.STATUS_TERM, position_terms.status_term_of(status), day, str(destination or "")
    )
    if status == member.status:
        return member
    was_here, is_here = member.status in rules.PRESENT_STATUSES, status in rules.PRESENT_STATUSES
    if is_here and not was_here:
        _open(tx, home)
        _turn_membership(tx, member, home.id, day)
    if was_here and not is_here:
        _turn_membership(tx, member, None, day)
    old, member.status = member.status, MemberStatus(status)
    tx.flush()
    record(tx, actor, "member.status", f"member:{member.public_id}", old=old, new=status, on=day.isoformat())
    jobs.publish(tx, MembersChanged([member.id]))
    return member


UNDO_DAYS = 30
"""How long after its day a transfer or a change of status can be undone."""


def undoable_changes(tx: Tx, member: Member) -> dict[str, tuple[str, dt.date]]:
    """The last transfer and change of status that can be undone: the earlier value, and the day of the change.

    ``transfer`` holds the name of the previous organisation, ``status`` the previous status.
    """
    found = {}
    since = clock.today() - dt.timedelta(days=UNDO_DAYS)
    before = _before_transfer(tx, member)
    if before is not None and before[0].valid_from >= since:
        found["transfer"] = (tx.get_one(Organisation, before[1].organisation_id).name, before[0].valid_from)
    status = _before_status(tx, member)
    if status is not None and status[1] >= since:
        found["status"] = status
    return found


def undo_transfer(tx: Tx, actor: Actor, member: Member) -> Member:
    """Undo the last transfer, as if it had not happened.

    Raises:
        Conflict: there is none within `UNDO_DAYS`, or the previous organisation is closed.
    """
    lock.take_roster_lock(tx)
    tx.refresh(member)
    before = _before_transfer(tx, member)
    if before is None or "transfer" not in undoable_changes(tx, member):
        raise Conflict(msg("没有可以撤回的转接。"))
    spell, earlier = before
    source, back = (tx.get_one(Organisation, one.organisation_id) for one in before)
    _open(tx, back)
    for node in (source, back):
        require_access(actor, node.path, f"organisation:{node.public_id}", *ROSTER_KEEPERS)
    tx.delete(spell)
    tx.flush()
    earlier.valid_to = None
    member.organisation_id = back.id
    tx.flush()
    record(
        tx,
        actor,
        "member.transfer_undone",
        f"member:{member.public_id}",
        from_organisation=source.public_id,
        to_organisation=back.public_id,
    )
    jobs.publish(tx, MembersChanged([member.id]))
    return member


def undo_status(tx: Tx, actor: Actor, member: Member) -> Member:
    """Undo the last change of status from its day on.

    Raises:
        Conflict: there is none within `UNDO_DAYS`, or the member's organisation is closed.
    """
    lock.take_roster_lock(tx)
    tx.refresh(member)
    undoable = undoable_changes(tx, member).get("status")
    if undoable is None:
        raise Conflict(msg("没有可以撤回的状态变动。"))
    return change_status(tx, actor, member, undoable[0], on=undoable[1])


def _before_transfer(tx: Tx, member: Member) -> tuple[Membership, Membership] | None:
    """The present membership and the one directly before it."""
    newest = select(Membership).where(Membership.member_id == member.id)
    rows = tx.scalars(newest.order_by(Membership.valid_from.desc(), Membership.id.desc()).limit(2)).all()
    if len(rows) < 2 or rows[0].valid_to is not None or rows[1].valid_to != rows[0].valid_from:
        return None
    return None if rows[0].organisation_id == rows[1].organisation_id else (rows[0], rows[1])


def _before_status(tx: Tx, member: Member) -> tuple[str, dt.date] | None:
    """The previous status, and since when it has ended."""
    held = [term for term in position_terms.terms_of(tx, member.id) if term.what == position_terms.STATUS_TERM]
    now = next((term for term in held if term.valid_to is None), None)
    day, status = max(((term.valid_to, term.value) for term in held if term.valid_to is not None), default=(None, ""))
    if now is None:
        return (status, day) if day is not None else None
    if day == now.valid_from:
        return status, day
    return MemberStatus.ACTIVE.value, now.valid_from


def edit_member(tx: Tx, actor: Actor, sealer: Sealer, member: Member, changes: dict[str, str]) -> Member:
    """Correct fields from a form: name, gender, birth_date, joined_on, education, position, phone.

    A blank phone leaves it unchanged (the form shows it masked); "-" removes it. `position_since` is the day from which
    the position is held; blank if unknown. A date may be a month without its day.

    Raises:
        Invalid: a value cannot be accepted; with a message for each field.
    """
    today = clock.today()
    readers: dict[str, Any] = {
        "name": rules.read_name,
        "gender": rules.read_gender,
        "birth_date": lambda text: rules.read_date(text, today=today),
        "joined_on": lambda text: rules.read_date(text, today=today),
        "education": lambda text: rules.read_text(text, longest=20),
        "position": lambda text: rules.read_text(text, longest=40),
        "position_since": lambda text: rules.read_date(text, today=today),
    }
    values = rules.checked(
        **{field: (readers[field], text) for field, text in changes.items() if field in readers},
    )
    phone = changes.get("phone", "").strip()
    if phone:
        values |= sealed_phone(
            sealer, None if phone == "-" else rules.checked(phone=(rules.read_phone, phone))["phone"]
        )
    try:
        rules.check_joining_age(
            values.get("birth_date", member.birth_date),  # type: ignore[arg-type]
            values.get("joined_on", member.joined_on),  # type: ignore[arg-type]
        )
    except rules.Unreadable as error:
        raise Invalid(fields={"joined_on": error.reason}) from error
    home = tx.get_one(Organisation, member.organisation_id)
    require_access(actor, home.path, f"member:{member.public_id}", *ROSTER_KEEPERS)
    lock.take_roster_lock(tx)
    _date_position(member, values)
    since = values.get("position_since", member.known_date("position_since"))
    _split_months(member, values)
    changed = sorted(
        field for field, value in values.items() if field != "phone_sealed" and getattr(member, field) != value
    )
    if changed:
        for field, value in values.items():
            setattr(member, field, value)
        if not {"position", "position_since", "month_only"}.isdisjoint(changed):
            known = position_terms.precision_of(since)  # type: ignore[arg-type]
            position_terms.change_position(
                tx,
                member.id,
                position_terms.POSITION_TERM,
                member.position,
                member.position_since or today,
                precision=known,
            )
        tx.flush()
        record(tx, actor, "member.edited", f"member:{member.public_id}", fields=changed)
        jobs.publish(tx, MembersChanged([member.id]))
    return member


def _date_position(member: Member, values: dict[str, Any]) -> None:
    """Since when a position is held: as in the form, else unknown; None without a position."""
    if "position" not in values:
        values.pop("position_since", None)
        return
    stays = values["position"] == member.position
    old = member.known_date("position_since")
    if stays and not values.get("position_since"):
        values["position_since"] = old
    # The form still contains the old position's day when only the position was overwritten.
    elif not stays and months.same(values.get("position_since"), old):
        values["position_since"] = None
    if values["position"] is None:
        values["position_since"] = None


def _split_months(member: Member, values: dict[str, Any]) -> None:
    """Dates as stored: a first day, and the set of those known by month only."""
    vague = set(member.month_only.split())
    for name in MEMBER_DATES:
        if name in values:
            vague = vague | {name} if isinstance(values[name], months.Month) else vague - {name}
            values[name] = None if values[name] is None else months.earliest(values[name])
    values["month_only"] = " ".join(sorted(vague))


def sealed_phone(sealer: Sealer, phone: object) -> dict[str, Any]:
    """The two columns that store a phone."""
    if not phone:
        return {"phone_sealed": None, "phone_index": None}
    text = str(phone)
    return {
        "phone_sealed": sealer.seal(text, context=PHONE_FIELD),
        "phone_index": sealer.blind_index(text, context=PHONE_FIELD),
    }


def masked_phone(sealer: Sealer, member: Member) -> str:
    """The phone as displayed."""
    return rules.mask_phone(sealer.open(member.phone_sealed, context=PHONE_FIELD)) if member.phone_sealed else ""


def _turn_membership(tx: Tx, member: Member, organisation_id: int | None, day: dt.date) -> None:
    spell = tx.scalar(select(Membership).where(Membership.member_id == member.id, Membership.valid_to.is_(None)))
    last = tx.scalar(
        select(Membership.valid_to)
        .where(Membership.member_id == member.id, Membership.valid_to.is_not(None))
        .order_by(Membership.valid_to.desc())
        .limit(1)
    )
    earliest = spell.valid_from if spell is not None else last
    if earliest is not None and day < earliest:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=earliest)})
    if spell is not None and spell.valid_from == day and organisation_id is not None:
        spell.organisation_id = organisation_id
    else:
        tx.execute(
            update(Membership)
            .where(Membership.member_id == member.id, Membership.valid_to.is_(None))
            .values(valid_to=day)
        )
        if organisation_id is not None:
            tx.add(Membership(member_id=member.id, organisation_id=organisation_id, valid_from=day))
    tx.flush()


def _open(tx: Tx, organisation: Organisation) -> None:
    tx.refresh(organisation)
    if organisation.closed_on is not None:
        raise Conflict(msg("“%(name)s”已经撤销。", name=organisation.name))


def _past(day: dt.date | None) -> dt.date:
    if day is not None and day > clock.today():
        raise Invalid(fields={"on": msg("日期不能晚于今天。")})
    return day or clock.today()
