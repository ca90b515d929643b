"""How a channel fails."""


class ChannelRefused(Exception):
    """The other side will never take this message: no further attempt is made."""


class ChannelUnavailable(Exception):
    """The other side cannot be reached, or is busy: tried again later."""
