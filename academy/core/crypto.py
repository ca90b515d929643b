"""Sealing personal fields at rest (AES-256-GCM) and finding them again by a keyed blind index."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID = 1
_NONCE = 12


class Sealer:
    """Seals text with a key derived from the data key; the first byte names the key, for rotation."""

    def __init__(self, data_key: str) -> None:
        self._aead = AESGCM(_derive(data_key, b"seal-1"))
        self._index_key = _derive(data_key, b"blind-index-1")

    def seal(self, text: str, *, context: str) -> bytes:
        """Encrypt; `context` (for example ``member.phone``) is authenticated, so values can't be swapped."""
        nonce = os.urandom(_NONCE)
        return bytes([KEY_ID]) + nonce + self._aead.encrypt(nonce, text.encode(), context.encode())

    def open(self, sealed: bytes, *, context: str) -> str:
        """Decrypt.

        Raises:
            cryptography.exceptions.InvalidTag: altered, another context or another key.
        """
        return self._aead.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context.encode()).decode()

    def blind_index(self, text: str, *, context: str) -> str:
        """A keyed digest (32 hex digits) that finds an equal value without revealing it."""
        return hmac.new(self._index_key, f"{context}:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _derive(secret: str, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
