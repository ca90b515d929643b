"""Which lists there are, who may have them, and the sentence that answers first."""

import datetime as dt
from collections.abc import Callable, Sequence

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.faculty import access
from academy.faculty.hours import TermShare
from academy.faculty.reporting import duties, teaching, work
from academy.faculty.reporting.lines import LIST_TITLES, Inquiry, ProgrammeList, ReportScope
from academy.faculty.reporting.periods import find_period
from academy.faculty.rules import ObligationState
from academy.people import api as people
from academy.people.models import Organisation

ListMaker = Callable[[Tx, Inquiry], ProgrammeList]
MAKERS: dict[str, ListMaker] = {
    "owed": duties.owed_list,
    "units": duties.unit_list,
    "shares": teaching.share_list,
    "hours": teaching.hour_list,
    "pool": duties.pool_list,
    "pool_units": duties.pool_unit_list,
    "subjects": duties.subject_list,
    "requests": work.request_list,
    "reviews": work.review_list,
    "evaluations": work.evaluation_list,
    "contests": work.contest_list,
}
FOR_ALL = ("owed", "units", "hours", "pool", "pool_units")
"""Lists of a part of the tree; the others are the school's."""


def report_roots(tx: Tx, actor: Actor) -> list[Organisation]:
    """The nodes about which the actor reads reports: the topmost of their own."""
    return people.organisations_at(tx, actor.paths(*access.PROGRAMME_READERS))


def list_kinds(scope: ReportScope) -> Sequence[str]:
    """Lists that there are for a scope, in their order."""
    return tuple(kind for kind in LIST_TITLES if scope.is_whole or kind in FOR_ALL)


def inquire(tx: Tx, node: Organisation, period: str, today: dt.date, on: dt.date | None = None) -> Inquiry:
    """What a report about a node is calculated from.

    Args:
        node: the caller has checked that the reader may see it.
        period: key of a period; empty for the present one.
        today: the city's day.
        on: the day as of which it is calculated; the period's last day, or today if that comes first. A day before
            the period asks for nothing: whoever chooses a later period has the old day in the form.

    Raises:
        NotFound: there is no such period.
    """
    found = find_period(tx, period, today)
    day = on if on is not None and found.first <= on <= today else today
    return Inquiry(ReportScope(node), found, found.on(day))


def list_title(kind: str, scope: ReportScope) -> Message:
    """The heading of a list, for whoever needs no line of it.

    Raises:
        NotFound: there is none of that kind for the scope.
    """
    if kind not in list_kinds(scope):
        raise NotFound
    return LIST_TITLES[kind]


def programme_list(tx: Tx, kind: str, asked: Inquiry) -> ProgrammeList:
    """One list, whole. A constant number of queries.

    Raises:
        NotFound: there is none of that kind for the scope.
    """
    list_title(kind, asked.scope)
    return MAKERS[kind](tx, asked)


def programme_report(tx: Tx, asked: Inquiry) -> tuple[Message, list[ProgrammeList]]:
    """All lists of a scope, and the sentence that says how things stand. A constant number of queries."""
    lists = [programme_list(tx, kind, asked) for kind in list_kinds(asked.scope)]
    shares = teaching.shares_of(tx, asked) if asked.scope.is_whole else []
    return _answer(lists[0], next((one for one in shares if one.whole), None)), lists


def _answer(owed: ProgrammeList, share: TermShare | None) -> Message:
    """First the share of the newest term in which there were lessons, then what is overdue."""
    counts = {figure.marks[0]: figure.count for figure in owed.figures}
    late, soon = counts[ObligationState.OVERDUE], counts[ObligationState.SOON]
    if not owed.lines:
        standing = msg("没有授课任务。")
    elif late:
        standing = msg("授课任务逾期 %(late)s 项，即将到期 %(soon)s 项。", late=late, soon=soon)
    else:
        standing = msg("授课任务没有逾期，即将到期 %(soon)s 项。", soon=soon)
    if share is None:
        return standing
    values = {"term": share.term.name, "share": per_cent(share.permille or 0), "duties": standing}
    if share.floor_permille is None:
        return msg("%(term)s领导干部授课占 %(share)s。%(duties)s", **values)
    values["floor"] = per_cent(share.floor_permille)
    if share.is_reached:
        return msg("%(term)s领导干部授课占 %(share)s，达到 %(floor)s 的底线；%(duties)s", **values)
    return msg("%(term)s领导干部授课占 %(share)s，没有达到 %(floor)s 的底线；%(duties)s", **values)


def per_cent(permille: int) -> str:
    """Permille as per cent; nothing rounded."""
    return f"{permille / 10:g}%"
