"""The lease token: the data of a heartbeat's lease, signed, so that the hot path reads no user and no course."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass, replace

from academy.core.settings import Settings
from academy.learning.rules import Unit

_FORM = struct.Struct("<BQQQQIIHI")
_MAC = 22
_LENGTH = (_FORM.size + _MAC) // 3 * 4  # a multiple of three bytes: each token has one spelling
_KINDS = {1: (Unit.MS, False), 2: (Unit.MS, True), 3: (Unit.PAGE, False), 4: (Unit.PAGE, True)}
"""First byte of a token: the unit of its claims, and whether it is a member's own playback or a public screen's in its
owner's name."""
_BYTES = {kind: byte for byte, kind in _KINDS.items()}


class BadToken(ValueError):
    """Not a token of this academy, or altered."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The content of a lease token. The length comes from the probe, by way of the lease."""

    lease_id: int
    member_id: int
    item_id: int
    course_id: int
    item_version: int
    extent: int
    threshold_permille: int
    expires_s: int
    unit: Unit = Unit.MS
    """What the player counts in; `extent` is in it."""
    in_public: bool = False
    """On a public screen: heartbeats are credited to the owner, and the response does not mention it."""


class Signer:
    """Makes and reads tokens with a key derived from the secret key."""

    def __init__(self, settings: Settings) -> None:
        self._key = hashlib.sha256(b"academy lease token 1:" + settings.secret_key.encode()).digest()

    def sign(self, grant: Grant) -> str:
        """The token of a grant: URL-safe text, 92 characters."""
        body = _FORM.pack(
            _BYTES[grant.unit, grant.in_public],
            grant.lease_id,
            grant.member_id,
            grant.item_id,
            grant.course_id,
            grant.item_version,
            grant.extent,
            grant.threshold_permille,
            grant.expires_s,
        )
        return base64.urlsafe_b64encode(body + self._mac(body)).decode()

    def read(self, token: object) -> Grant:
        """The grant of a token.

        Raises:
            BadToken: not ours, cut or altered. Expiry is for the caller to judge by its clock.
        """
        if not isinstance(token, str) or len(token) != _LENGTH:
            raise BadToken
        try:
            raw = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            raise BadToken from None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(raw) != _FORM.size + _MAC or not hmac.compare_digest(self._mac(body), mac):
            raise BadToken
        byte, *fields = _FORM.unpack(body)
        if byte not in _KINDS:
            raise BadToken
        unit, in_public = _KINDS[byte]
        return replace(Grant(*fields), unit=unit, in_public=in_public)

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_MAC]
