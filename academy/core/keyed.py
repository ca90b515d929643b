"""Digests of short secrets, keyed so that nobody who has only the database can try them all.

A token of 256 random bits may be kept as a plain hash. A code of eight letters (39 bits) or six digits, a phone number
or a name may not: a graphics card tries all of them in seconds. Digests made here begin with ``k``; plain SHA-256 of
earlier releases is told from them by that, can be keyed afterwards (`rekeyed`), and is accepted until it is.
"""

import hashlib
import hmac
from collections.abc import Sequence

_MARK = "k"
_keys = [b"academy keyed digests, not set up"]


def use(secret: str, retired: Sequence[str] = ()) -> None:
    """Key digests by this secret from now on, and find those of retired ones too."""
    global _keys
    _keys = [hmac.digest(one.encode(), b"academy keyed digests 1", "sha256") for one in (secret, *retired)]


def digest(text: str) -> str:
    """What is kept of a short secret; 64 characters."""
    return rekeyed(_plain(text))


def digests(text: str) -> list[str]:
    """Everything that may have been kept of it: under each key, and by earlier releases without one."""
    plain = _plain(text)
    return [_keyed(plain, key) for key in _keys] + [plain]


def rekeyed(plain: str) -> str:
    """The keyed digest in the place of a plain one."""
    return _keyed(plain, _keys[0])


def is_keyed(kept: str) -> bool:
    """Whether a digest was made with a key."""
    return kept.startswith(_MARK)


def _plain(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _keyed(plain: str, key: bytes) -> str:
    return _MARK + hmac.digest(key, plain.encode(), "sha256").hex()[:63]
