"""Jobs of the roster: check and apply."""

import dataclasses
import datetime as dt
from typing import Any

from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.people import api as people
from academy.people.models import Organisation, RosterImport
from academy.roster import columns, corrected_rows
from academy.roster.apply import apply_members
from academy.roster.check import CheckOutcome, ProgressCallback, check_members
from academy.roster.imports import finish_import, folder, forget_files, read_findings, remembered_headings, source
from academy.roster.organisation_import import apply_tree, check_tree
from academy.roster.sheet_table import HeadingQuery, SheetTable
from academy.roster.sheets import open_table

TRIES = 5


def _failed(tx: Tx, message: Message, roster_id: int) -> None:
    roster = tx.get_one(RosterImport, roster_id)
    roster.state, roster.problem = "failed", message.to_json()


@jobs.job("roster.check", on_failure=_failed)
def check(context: JobContext, roster_id: int) -> None:
    """The dry run. A file that cannot be read is a result, not a failure."""
    with context.db.read() as tx:
        roster = tx.get_one(RosterImport, roster_id)
    if roster.state != "checking":
        return
    context.progress(10, msg("正在读取文件…"))
    try:
        outcome = look(context.runtime, roster, context.progress)
    except Invalid as error:
        _answer(context, roster_id, "refused", error.message, None, roster)
    else:
        state = "refused" if outcome is None or outcome.counts["bad"] else "checked"
        _answer(context, roster_id, state, None, outcome, roster)


def look(runtime: Runtime, roster: RosterImport, on_progress: ProgressCallback) -> CheckOutcome | None:
    """Run the dry run and store its results on `roster` (header, mapping, problem); None without a plan."""
    offered = columns.COLUMNS_BY_KIND[roster.kind]
    with runtime.db.read() as tx:
        known = remembered_headings(tx, roster)
    wanted, place = HeadingQuery(offered, known, roster.header), folder(runtime.settings, roster)
    unread = corrected_rows.receive_corrections(place, roster.header, wanted)
    with open_table(source(runtime.settings, roster), wanted) as table:
        corrected_rows.apply_corrections(table, corrected_rows.corrections(place))
        roster.header = [heading.strip()[:60] for heading in table.header]
        roster.reading = {"notes": [note.to_json() for note in table.read_from]}
        if not roster.mapping:
            roster.mapping = columns.guess(offered, roster.header, known)
        wrong = columns.problem(offered, roster.header, roster.mapping)
        roster.problem = message.to_json() if (message := wrong or unread) else None
        if wrong:
            return None
        outcome = _compare(runtime, roster, table, on_progress)
        roster.reading |= {"lines": dataclasses.asdict(table.lines) | {"total": table.lines.total}}
        return outcome


def _compare(runtime: Runtime, roster: RosterImport, table: SheetTable, on_progress: ProgressCallback) -> CheckOutcome:
    target = read_findings(runtime.settings, roster).path
    if roster.kind == "tree":
        return check_tree(runtime, roster.organisation_id, roster.mapping, table, target, on_progress)
    return check_members(runtime, roster.organisation_id, roster.mapping, roster.complete, table, target, on_progress)


def _answer(
    context: JobContext,
    roster_id: int,
    state: str,
    problem: Message | None,
    outcome: CheckOutcome | None,
    seen: RosterImport,
) -> None:
    def write(tx: Tx) -> None:
        roster = tx.get_one(RosterImport, roster_id)
        roster.state = state
        roster.header, roster.mapping, roster.reading = seen.header, seen.mapping, seen.reading
        roster.problem = problem.to_json() if problem else seen.problem
        _keep(roster, outcome)

    context.db.run_in_transaction(write)


def _keep(roster: RosterImport, outcome: CheckOutcome | None) -> None:
    roster.summary = {**outcome.counts, "digest": outcome.digest} if outcome else {}
    roster.version = outcome.version if outcome else 0


@jobs.job("roster.apply", on_failure=_failed)
def apply(context: JobContext, roster_id: int) -> None:
    """Apply the plan: all of it in one transaction, or nothing.

    When the roster has changed since the dry run, it is run again; if its plan is exactly the same, it is applied, else
    the officer has to confirm again.
    """
    context.progress(50, msg("正在写入名册…"))

    def write(tx: Tx) -> None:
        _do(tx, context.runtime, tx.get_one(RosterImport, roster_id, with_for_update=True))

    def ask_again(tx: Tx) -> None:
        _ask_again(tx, tx.get_one(RosterImport, roster_id), msg("名册正在被频繁修改，请稍后再确认一次。"))

    for _ in range(TRIES):
        try:
            context.db.run_in_transaction(write)
            return
        except _Outdated:
            if not _still_the_same(context, roster_id):
                return
    context.db.run_in_transaction(ask_again)


class _Outdated(Exception):
    """The roster has changed since the dry run."""


def _do(tx: Tx, runtime: Runtime, roster: RosterImport) -> None:
    if roster.state != "applying":
        return
    if people.take_roster_lock(tx) != roster.version + 1:
        raise _Outdated
    plan = read_findings(runtime.settings, roster)
    actor = SYSTEM if roster.account_id is None else Actor(account_id=roster.account_id)
    node = tx.get_one(Organisation, roster.organisation_id)
    if roster.kind == "tree":
        # The officer's right was checked when the job was enqueued, and every row of the plan is below this node.
        gardener = dataclasses.replace(actor, scopes=(Scope(Role.NODE_ADMINISTRATOR, node.id, node.path),))
        counts: dict[str, Any] = apply_tree(tx, gardener, node, plan)
    else:
        counts = apply_members(tx, plan)
    finish_import(tx, roster, runtime.settings)
    record(tx, actor, "roster.applied", f"roster:{roster.public_id}", sha256=roster.sha256, **counts)


def _still_the_same(context: JobContext, roster_id: int) -> bool:
    with context.db.read() as tx:
        roster = tx.get_one(RosterImport, roster_id)
    digest = roster.summary.get("digest")
    outcome = look(context.runtime, roster, lambda permille: context.progress(permille // 2))
    same = outcome is not None and outcome.digest == digest

    def write(tx: Tx) -> None:
        row = tx.get_one(RosterImport, roster_id)
        _keep(row, outcome)
        if not same:
            _ask_again(tx, row, msg("名册在检查之后有了变动，已按最新情况重新检查，请看过再确认。"))

    context.db.run_in_transaction(write)
    return same


def _ask_again(tx: Tx, roster: RosterImport, why: Message) -> None:
    roster.state = "refused" if roster.summary.get("bad") or not roster.summary else "checked"
    roster.problem = why.to_json()


@jobs.nightly("roster.forget", at=dt.time(2, 30))
def forget(context: JobContext) -> None:
    """Delete roster files and their findings past their retention; the record of the import stays."""
    while forget_files(context.runtime):
        pass
