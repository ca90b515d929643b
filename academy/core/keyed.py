"""Keyed digests of short secrets, so that a copy of the database alone does not allow to try them all.

A token of 256 random bits may be kept as a plain hash. A code of twelve digits (40 bits) or six, a phone number
or a name may not: a graphics card tries all of them in seconds. Digests made here begin with ``k``; this prefix
distinguishes them from the plain SHA-256 of earlier releases, which can be keyed afterwards (`rekeyed`) and is
accepted until then.
"""

import hashlib
import hmac
from collections.abc import Sequence

_MARK = "k"
_keys = [b"academy keyed digests, not set up"]


def use(secret: str, retired: Sequence[str] = ()) -> None:
    """Set the secret that keys digests, and the retired ones that are still accepted."""
    global _keys
    _keys = [hmac.digest(one.encode(), b"academy keyed digests 1", "sha256") for one in (secret, *retired)]


def digest(text: str) -> str:
    """Stored form of a short secret; 64 characters."""
    return rekeyed(_plain(text))


def digests(text: str) -> list[str]:
    """All possible stored forms: under each key, and the unkeyed one of earlier releases."""
    plain = _plain(text)
    return [_keyed(plain, key) for key in _keys] + [plain]


def rekeyed(plain: str) -> str:
    """The keyed digest that replaces a plain one."""
    return _keyed(plain, _keys[0])


def _plain(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _keyed(plain: str, key: bytes) -> str:
    return _MARK + hmac.digest(key, plain.encode(), "sha256").hex()[:63]
