"""Facts: small frozen dataclasses that say what happened, by row ids."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from academy.core.db import Tx
from academy.jobs.models import OutboxFact
from academy.jobs.registry import JobContext, job


@dataclasses.dataclass(frozen=True)
class Fact:
    """Base of all facts. Fields are JSON values (row ids, public ids, ISO dates); never names."""

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = cls.__name__
        if _kinds.setdefault(cls.kind, cls) is not cls:
            raise TypeError(f"two facts are called {cls.kind}")


_kinds: dict[str, type[Fact]] = {}
F = TypeVar("F", bound=Fact)
_within: dict[str, list[Callable[[Tx, Any], None]]] = {}
_subscribers: dict[str, list[str]] = {}


def publish(tx: Tx, fact: Fact) -> None:
    """Tell the house: `@within` handlers run now in `tx`, `@on` handlers after the commit."""
    for handler in _within.get(fact.kind, ()):
        handler(tx, fact)
    if _subscribers.get(fact.kind):
        tx.add(OutboxFact(kind=fact.kind, payload=dataclasses.asdict(fact)))


def within(kind: type[F]) -> Callable[[Callable[[Tx, F], None]], Callable[[Tx, F], None]]:
    """Subscribe a function of (tx, fact) that belongs to the writer's transaction."""

    def subscribe(handler: Callable[[Tx, F], None]) -> Callable[[Tx, F], None]:
        handlers = _within.setdefault(kind.kind, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return subscribe


def on(
    kind: type[F], *, lane: str = "fast"
) -> Callable[[Callable[[JobContext, F], None]], Callable[[JobContext, F], None]]:
    """Subscribe an idempotent function of (context, fact); each delivery is a job of its own."""

    def subscribe(handler: Callable[[JobContext, F], None]) -> Callable[[JobContext, F], None]:
        name = f"on.{kind.kind}.{handler.__module__.removeprefix('academy.')}.{handler.__name__}"

        def run(context: JobContext, **payload: Any) -> None:
            handler(context, kind(**payload))

        run.__doc__ = handler.__doc__
        job(name, lane=lane)(run)
        _subscribers.setdefault(kind.kind, []).append(name)
        return handler

    return subscribe


def subscribers(kind: str) -> list[str]:
    """Names of the jobs that a fact of this kind becomes."""
    return _subscribers.get(kind, [])
