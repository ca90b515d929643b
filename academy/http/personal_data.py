"""Pages on which other people's names stand leave a row in the audit trail, each time they are shown.

A route says so beside its address; tests/contracts/test_reading_leaves_a_trace.py calls every route with real people
behind the ids and finds those that show somebody and do not.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import make_response, request

from academy.core.audit import record
from academy.http.request_context import actor, runtime

V = TypeVar("V", bound=Callable[..., Any])
KEPT = frozenset({"page", "day", "status", "kind", "show", "check", "period", "since", "level", "on"})
"""Which words of a query may be kept: what somebody looked for may be a name or a telephone number."""


def shows_people(view: V) -> V:
    """Record that the answer was read, if there was one: which page, of which thing, how far down the list."""

    @functools.wraps(view)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        answer = make_response(view(*args, **kwargs))
        # A form that is refused, for whatever reason, comes back on the same page.
        if not 300 <= answer.status_code < 400 and answer.status_code not in {401, 403, 404}:
            record_people_shown()
        return answer

    recorded.__shows_people__ = True  # type: ignore[attr-defined]
    return recorded  # type: ignore[return-value]


def record_people_shown() -> None:
    """The row itself, for a page that shows names only sometimes."""
    asked = {name: value[:40] for name, value in request.args.items() if name in KEPT}
    target = "people:" + next((str(value) for value in reversed((request.view_args or {}).values())), "all")
    # The view may have committed what it did: it is not run again for the sake of this row.
    runtime().db.run_in_transaction(
        lambda tx: record(tx, actor(), "people.listed", target[:120], page=request.endpoint, asked=asked)
    )
