"""Signed links that work without sign-in: one click out, confirming an address, the calendar feed.

Each has a salt of its own, so that none passes for another; what they name is a public id, never a row or an address.
"""

import hashlib
import hmac

from itsdangerous import BadSignature, Signer, URLSafeSerializer, URLSafeTimedSerializer

from academy.core.errors import NotFound
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.notifications.topics import DeliveryChannel, Topic

CONFIRM_S = 3 * 86_400
LONGEST = 400
SIGNATURE_LENGTH = 10
"""Characters of a short token's signature, 60 bits: whoever guesses would need the account's id (79 bits) as well."""
_CHANNEL_LETTERS = {DeliveryChannel.MAIL: "m", DeliveryChannel.SMS: "s", DeliveryChannel.APP: "a"}
_TOPIC_LETTERS = {
    None: "e",
    Topic.TRAININGS: "t",
    Topic.RECORD: "r",
    Topic.COURSES: "c",
    Topic.SECURITY: "s",
}
_STALE = msg("这个链接已失效。请登录后在“消息设置”里操作。")


def _signer(settings: Settings, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt=f"notifications {purpose}")


def out_token(settings: Settings, account: str, channel: DeliveryChannel, topic: Topic | None) -> str:
    """The token of a link that stops a topic, or everything, by one channel. It does not expire: neither do mails."""
    return str(_signer(settings, "out").dumps([account, channel.value, topic.value if topic else ""]))


def short_out_token(settings: Settings, account: str, channel: DeliveryChannel, topic: Topic | None) -> str:
    """The same in 28 characters, for messages that are paid for by length."""
    named = account + _CHANNEL_LETTERS[channel] + _TOPIC_LETTERS[topic]
    return named + _short_signature(settings, named)


def _short_signature(settings: Settings, named: str) -> str:
    signer = Signer(settings.secret_key, salt="notifications short out", digest_method=hashlib.sha256)
    return signer.get_signature(named).decode()[:SIGNATURE_LENGTH]


def _read_short_out(settings: Settings, token: str) -> tuple[str, DeliveryChannel, Topic | None]:
    named, signature = token[:-SIGNATURE_LENGTH], token[-SIGNATURE_LENGTH:]
    if not hmac.compare_digest(signature.encode(), _short_signature(settings, named).encode()):
        raise BadSignature("short token")
    channels = {letter: channel for channel, letter in _CHANNEL_LETTERS.items()}
    topics = {letter: topic for topic, letter in _TOPIC_LETTERS.items()}
    return named[:-2], channels[named[-2]], topics[named[-1]]


def read_out(settings: Settings, token: str) -> tuple[str, DeliveryChannel, Topic | None]:
    """Public id of the account, channel and topic of `out_token` or `short_out_token`; None for every topic.

    Raises:
        NotFound: not a token of ours.
    """
    token = token[:LONGEST]
    try:
        if "." not in token:
            return _read_short_out(settings, token)
        account, channel, topic = _signer(settings, "out").loads(token)
        return str(account), DeliveryChannel(channel), Topic(topic) if topic else None
    except (BadSignature, ValueError, TypeError):
        raise NotFound(_STALE) from None


def confirm_token(settings: Settings, account: str, address: str) -> str:
    """The token that a mail carries to prove that its reader owns the address."""
    signer = URLSafeTimedSerializer(settings.secret_key, salt="notifications confirm")
    return str(signer.dumps([account, _fingerprint(address)]))


def read_confirm(settings: Settings, token: str) -> tuple[str, str]:
    """Public id of the account and the fingerprint of the address, see `is_of`.

    Raises:
        NotFound: not a token of ours, or older than three days.
    """
    signer = URLSafeTimedSerializer(settings.secret_key, salt="notifications confirm")
    try:
        account, fingerprint = signer.loads(token[:LONGEST], max_age=CONFIRM_S)
    except (BadSignature, ValueError, TypeError):
        raise NotFound(_STALE) from None
    return str(account), str(fingerprint)


def is_of(fingerprint: str, address: str) -> bool:
    """Whether a confirmation was sent to this address."""
    return fingerprint == _fingerprint(address)


def _fingerprint(address: str) -> str:
    # Inside a signed token whose reader has just received mail at the address: it hides nothing, it is only short.
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def calendar_token(settings: Settings, account: str, version: int) -> str:
    """The token of a calendar's address; a new version makes earlier addresses void."""
    return str(_signer(settings, "calendar").dumps([account, version]))


def read_calendar(settings: Settings, token: str) -> tuple[str, int]:
    """Public id of the account, and the version.

    Raises:
        NotFound: not a token of ours.
    """
    try:
        account, version = _signer(settings, "calendar").loads(token[:LONGEST])
        return str(account), int(version)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
