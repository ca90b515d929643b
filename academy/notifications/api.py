"""Messages to members and accounts."""

from academy.notifications.queries import count_received, count_unread, inbox, list_received
from academy.notifications.service import mark_all_read, notify, open_notification

__all__ = [
    "count_received",
    "count_unread",
    "inbox",
    "list_received",
    "mark_all_read",
    "notify",
    "open_notification",
]
