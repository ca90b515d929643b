"""Fixtures that several files here use."""

from tests.contracts.access_calls import world

__all__ = ["world"]
