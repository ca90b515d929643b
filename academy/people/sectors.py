"""The list of sectors by which organisations are counted: kept by system administrators."""

from collections.abc import Callable

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.core.unique import unique_or
from academy.people import rules
from academy.people.models import Organisation, Sector

SECTOR_KEEPERS = (Role.SYSTEM_ADMINISTRATOR,)
LONGEST, LONGEST_EN = 20, 40


def list_sectors(tx: Tx) -> list[Sector]:
    """All sectors, retired ones included, in their order."""
    return list(tx.scalars(select(Sector).order_by(Sector.place, Sector.code)))


def sector_names(tx: Tx, language: str = "zh", *, offered: bool = False) -> dict[str, str]:
    """Code → name in a language; with `offered` only those selectable for a new organisation."""
    return {
        row.code: row.name_en if language == "en" and row.name_en else row.name
        for row in list_sectors(tx)
        if not (offered and row.retired_at)
    }


def count_organisations_by_sector(tx: Tx) -> dict[str, int]:
    """How many open organisations each sector has."""
    query = select(Organisation.sector, func.count()).where(Organisation.closed_on.is_(None))
    return {code: number for code, number in tx.execute(query.group_by(Organisation.sector)) if code}


def sector_reader(tx: Tx) -> Callable[[str], str | None]:
    """A function that parses a file's text into a sector's code; None for a blank.

    It raises `rules.Unreadable` for an unknown sector.
    """
    known: dict[str, str] = {}
    for row in list_sectors(tx):
        if row.retired_at is None:
            for word in (row.name, row.name_en, row.code, *rules.SECTOR_WORDS.get(row.code, ())):
                known.setdefault(rules.tidy(word).lower(), row.code)
    known.pop("", None)

    def read(text: str) -> str | None:
        return rules.read_word(text, known, msg("领域“%(shown)s”不在名单里。", shown=text[:20]))

    return read


def add_sector(tx: Tx, actor: Actor, name: str, name_en: str = "") -> Sector:
    """Add a sector after the others.

    Raises:
        Invalid: no name, too long a name, or one that exists already.
        Forbidden: the actor does not keep the list.
    """
    _allow(actor)
    last = tx.scalar(select(func.max(Sector.place))) or 0
    made = Sector(code=new_id()[:8].lower(), place=last + 1)
    _name(tx, made, name, name_en)
    record(tx, actor, "sector.added", f"sector:{made.code}")
    return made


def rename_sector(tx: Tx, actor: Actor, code: str, name: str, name_en: str = "") -> None:
    """Rename a sector; organisations keep it. Raises as `add_sector`."""
    _allow(actor)
    _name(tx, find_sector(tx, code), name, name_en)
    record(tx, actor, "sector.renamed", f"sector:{code}")


def move_sector(tx: Tx, actor: Actor, code: str, by: int) -> None:
    """Move a sector so many places down (or up, when negative).

    Raises:
        NotFound: no sector has this code.
    """
    _allow(actor)
    rows = list(tx.scalars(select(Sector).order_by(Sector.place, Sector.code).with_for_update()))
    here = next((place for place, row in enumerate(rows) if row.code == code), None)
    if here is None:
        raise NotFound
    rows.insert(max(0, here + by), rows.pop(here))
    for place, row in enumerate(rows, 1):
        row.place = place
    tx.flush()
    record(tx, actor, "sector.moved", f"sector:{code}")


def retire_sector(tx: Tx, actor: Actor, code: str) -> None:
    """Retire a sector, or offer it again; organisations that have it keep it."""
    _allow(actor)
    row = find_sector(tx, code)
    row.retired_at = None if row.retired_at else clock.now()
    tx.flush()
    record(tx, actor, "sector.retired" if row.retired_at else "sector.restored", f"sector:{code}")


def _allow(actor: Actor) -> None:
    if not actor.is_system and not actor.has(*SECTOR_KEEPERS):
        raise Forbidden("sectors")


def find_sector(tx: Tx, code: str) -> Sector:
    """The sector of a code, retired ones too.

    Raises:
        NotFound: no sector has this code.
    """
    row = tx.get(Sector, code)
    if row is None:
        raise NotFound
    return row


def _name(tx: Tx, row: Sector, name: str, name_en: str) -> None:
    values: dict[str, Message | str | None] = {}
    wrong: dict[str, Message] = {}
    for field, text, longest in (("name", name, LONGEST), ("name_en", name_en, LONGEST_EN)):
        try:
            values[field] = rules.read_text(text, longest=longest)
        except rules.Unreadable as error:
            wrong[field] = error.reason
    if not values.get("name") and "name" not in wrong:
        wrong["name"] = msg("没有填名称。")
    if wrong:
        raise Invalid(fields=wrong)
    with unique_or(tx, Invalid(fields={"name": msg("已经有这个领域了。")})):
        row.name, row.name_en = str(values["name"]), str(values["name_en"] or "")
        tx.add(row)
