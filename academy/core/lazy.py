"""A property that is calculated once, without a lock.

`functools.cached_property` of Python 3.11 takes a lock around the first reading, which costs more than most of what a
query calculates. Of two threads that read at once both calculate the same; the last one is kept.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy_property(Generic[T]):
    """What the function gives, kept in the instance; the function must depend on nothing that changes."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function, self.__doc__ = function, function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> T | Self:
        if instance is None:
            return self
        found = instance.__dict__[self.name] = self.function(instance)
        return found
