"""Events: small frozen dataclasses that record what happened, by row ids, and the functions that handle them."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar, overload

from academy.core.database import Tx
from academy.jobs.context import JobContext
from academy.jobs.models import OutboxEvent
from academy.jobs.registry import job


@dataclasses.dataclass(frozen=True)
class Event:
    """Base of all events. Fields are JSON values (row ids, public ids, ISO dates); never names."""

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = cls.__name__
        if _kinds.setdefault(cls.kind, cls) is not cls:
            raise TypeError(f"two events are called {cls.kind}")


_kinds: dict[str, type[Event]] = {}
E = TypeVar("E", bound=Event)
InTransaction = Callable[[Tx, E], None]
AfterCommit = Callable[[JobContext, E], None]
_in_transaction: dict[str, list[Callable[[Tx, Any], None]]] = {}
_after_commit: dict[str, list[str]] = {}


def publish(tx: Tx, event: Event) -> None:
    """Run the in-transaction handlers now in `tx`; an outbox row schedules the others after the commit."""
    for handler in _in_transaction.get(event.kind, ()):
        handler(tx, event)
    if _after_commit.get(event.kind):
        tx.add(OutboxEvent(kind=event.kind, payload=dataclasses.asdict(event)))


@overload
def handles(kind: type[E], *, in_transaction: Literal[True]) -> Callable[[InTransaction[E]], InTransaction[E]]: ...
@overload
def handles(
    kind: type[E], *, in_transaction: Literal[False] = False, lane: str = "fast"
) -> Callable[[AfterCommit[E]], AfterCommit[E]]: ...
def handles(kind: type[E], *, in_transaction: bool = False, lane: str = "fast") -> Callable[[Any], Any]:
    """Subscribe a function to a kind of event.

    With `in_transaction` it takes (tx, event) and runs inside the publisher's transaction: database only, quick.
    Otherwise it takes (context, event) and runs as a job in `lane` after the commit, at least once, so it must be
    idempotent.

    Raises:
        TypeError: two handlers of one event and component have one name.
    """

    def subscribe(handler: Callable[..., None]) -> Callable[..., None]:
        if in_transaction:
            handlers = _in_transaction.setdefault(kind.kind, [])
            if handler not in handlers:
                handlers.append(handler)
            return handler
        # Stored in rows: it names the component, not the module, so that a function may move within.
        component = handler.__module__.removeprefix("academy.").partition(".")[0]
        name = f"on.{kind.kind}.{component}.{handler.__name__}"
        if name in _after_commit.get(kind.kind, ()):
            raise TypeError(f"two handlers are called {name}")

        def run(context: JobContext, **payload: Any) -> None:
            handler(context, kind(**payload))

        run.__doc__ = handler.__doc__
        job(name, lane=lane)(run)
        _after_commit.setdefault(kind.kind, []).append(name)
        return handler

    return subscribe


def subscribers(kind: str) -> list[str]:
    """Names of the jobs that an event of this kind creates."""
    return _after_commit.get(kind, [])
