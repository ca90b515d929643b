"""What the three doors share: who is at the door, who may enter, languages, errors, headers."""

from academy.doors.context import actor, house, reading, writing
from academy.doors.guard import office, public, signed_in
from academy.doors.install import install

__all__ = ["actor", "house", "install", "office", "public", "reading", "signed_in", "writing"]
