"""Reminders to members, and delegation of reminding to branches."""

from academy.outreach.delegation import delegate, delegation_effect, preview_delegation
from academy.outreach.reminders import SentClip, SentReminder, preview_reminder, send_reminder, sent_reminders

__all__ = [
    "SentClip",
    "SentReminder",
    "delegate",
    "delegation_effect",
    "preview_delegation",
    "preview_reminder",
    "send_reminder",
    "sent_reminders",
]
