"""Audit of pages that show other people's names: one row each time they are read.

A route declares this beside its address; tests/contracts/test_reading_leaves_a_trace.py calls every route with real
rows behind the ids and finds those that show somebody without the declaration.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import make_response, request

from academy.core.audit import record
from academy.http.request_context import actor, runtime

V = TypeVar("V", bound=Callable[..., Any])
KEPT = frozenset({"page", "day", "status", "kind", "show", "check", "period", "since", "level", "on"})
"""Query parameters that may be recorded: a search text may be a name or a phone number."""


def shows_people(view: V) -> V:
    """Record a successful read: the page, the object, the page number of the list."""

    @functools.wraps(view)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        answer = make_response(view(*args, **kwargs))
        # A form that was refused shows the same page again.
        if not 300 <= answer.status_code < 400 and answer.status_code not in {401, 403, 404}:
            record_people_shown()
        return answer

    recorded.__shows_people__ = True  # type: ignore[attr-defined]
    return recorded  # type: ignore[return-value]


def record_people_shown() -> None:
    """Write the audit row; for pages that show names only sometimes."""
    asked = {name: value[:40] for name, value in request.args.items() if name in KEPT}
    target = "people:" + next((str(value) for value in reversed((request.view_args or {}).values())), "all")
    # The view may have committed already: it is not retried because of this row.
    runtime().db.run_in_transaction(
        lambda tx: record(tx, actor(), "people.listed", target[:120], page=request.endpoint, asked=asked)
    )
