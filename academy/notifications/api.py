"""Messages to members and accounts, and the channels by which they leave the academy."""

from academy.notifications.failed_deliveries import count_failed_deliveries, list_failed_deliveries, retry_delivery
from academy.notifications.outbound import configured_channels
from academy.notifications.preferences import (
    MAIL_CONTEXT,
    MAIL_LENGTH,
    Preferences,
    ask_mail,
    calendar_owner,
    choose_notifications,
    confirm_mail,
    own_mail,
    own_preferences,
    reseal_addresses,
    set_calendar,
    stop_channel,
)
from academy.notifications.preview import preview_notifications
from academy.notifications.queries import count_received, count_unread, inbox, list_received
from academy.notifications.service import (
    announce_written,
    mark_all_read,
    notify,
    notify_in_batches,
    notify_many,
    open_notification,
)
from academy.notifications.tokens import calendar_token, read_confirm, read_out
from academy.notifications.topics import (
    CHANNEL_NAMES,
    PACE_NAMES,
    TOPIC_NAMES,
    DeliveryChannel,
    Pace,
    Topic,
    TopicChoice,
)

__all__ = [
    "CHANNEL_NAMES",
    "MAIL_CONTEXT",
    "MAIL_LENGTH",
    "PACE_NAMES",
    "TOPIC_NAMES",
    "DeliveryChannel",
    "Pace",
    "Preferences",
    "Topic",
    "TopicChoice",
    "announce_written",
    "ask_mail",
    "calendar_owner",
    "calendar_token",
    "choose_notifications",
    "configured_channels",
    "confirm_mail",
    "count_failed_deliveries",
    "count_received",
    "count_unread",
    "inbox",
    "list_failed_deliveries",
    "list_received",
    "mark_all_read",
    "notify",
    "notify_in_batches",
    "notify_many",
    "open_notification",
    "own_mail",
    "own_preferences",
    "preview_notifications",
    "read_confirm",
    "read_out",
    "reseal_addresses",
    "retry_delivery",
    "set_calendar",
    "stop_channel",
]
