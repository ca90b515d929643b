"""Messages to members and accounts."""

from academy.notifications.queries import count_unread, inbox
from academy.notifications.service import mark_all_read, notify, open_notification

__all__ = [
    "count_unread",
    "inbox",
    "mark_all_read",
    "notify",
    "open_notification",
]
