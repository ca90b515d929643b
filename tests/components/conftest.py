"""Fixtures that several files here use."""

from tests.components.corrected_city import city, plan
from tests.components.roster_town import town

__all__ = ["city", "plan", "town"]
