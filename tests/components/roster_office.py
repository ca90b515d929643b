"""What tests of rosters share: a small town, its officer, and files sent in and confirmed."""

import dataclasses
import datetime as dt
import io
from collections.abc import Sequence

import xlsxwriter

from academy.core.actor import Actor, Role, Scope
from academy.core.runtime import Runtime
from academy.people.models import Organisation, RosterImport
from academy.roster import imports
from academy.roster.findings import RowFinding
from tests.support import factories as make
from tests.support.shortcuts import drain

OFFICER = make.NUMBERED
HEADER = "编号,姓名,组织代码,性别,出生日期,入党日期,手机,职务,状态"


def officer(node: Organisation) -> Actor:
    held = (Role.ROSTER_OFFICER, Role.NODE_ADMINISTRATOR)
    return Actor(account_id=OFFICER, scopes=tuple(Scope(role, node.id, node.path) for role in held))


@dataclasses.dataclass
class Town:
    city: Organisation
    east: Organisation
    one: Organisation
    two: Organisation
    stranger: Organisation


def plant(runtime: Runtime) -> Town:
    """A city with two counties whose codes begin alike, and branches."""
    with runtime.db.begin() as tx:
        make.numbered_accounts(tx, OFFICER)
        city = make.organisation(tx, level="city")
        east, west = (make.organisation(tx, city, level="county") for _ in range(2))
        one, two, stranger = (make.organisation(tx, above) for above in (east, east, west))
        for node, code in ((city, "C"), (east, "001"), (west, "0010"), (one, "001-1"), (two, "001-2"), (stranger, "9")):
            node.code = code
        return Town(city, east, one, two, stranger)


def send(
    runtime: Runtime,
    node: Organisation,
    data: bytes,
    *,
    complete: bool = False,
    kind: str = "members",
    name: str = "名册.csv",
) -> RosterImport:
    received = imports.receive_file(runtime.settings, io.BytesIO(data))
    with runtime.db.begin() as tx:
        made = imports.begin_import(
            tx, officer(node), node, received=received, filename=name, complete=complete, kind=kind
        )
    drain(runtime)
    return look(runtime, made)


def look(runtime: Runtime, made: RosterImport) -> RosterImport:
    with runtime.db.read() as tx:
        return tx.get_one(RosterImport, made.id, populate_existing=True)


def confirm(runtime: Runtime, node: Organisation, made: RosterImport) -> RosterImport:
    with runtime.db.begin() as tx:
        imports.confirm_import(tx, officer(node), tx.get_one(RosterImport, made.id))
    drain(runtime)
    return look(runtime, made)


def found(runtime: Runtime, made: RosterImport, kind: str) -> list[RowFinding]:
    return list(imports.read_findings(runtime.settings, made).page(kind, 1).rows)


def reasons(runtime: Runtime, made: RosterImport) -> dict[int | None, str]:
    return {f.line: "".join(str(note) for note in f.notes) for f in found(runtime, made, "bad")}


def csv(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode(encoding)


def xlsx(header: str, rows: Sequence[Sequence[object]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for y, row in enumerate([header.split(","), *rows]):
            for x, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(y, x, dt.datetime.combine(value, dt.time()), day)
                else:
                    sheet.write(y, x, value)
    return target.getvalue()
