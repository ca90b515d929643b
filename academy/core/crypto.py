"""Encryption of personal fields at rest, and look-up by a keyed blind index.

A sealed value is ``cipher byte, key id byte, nonce (12 bytes), ciphertext with tag``: it names its cipher and key, so
both can be changed while older values can still be opened.
Ciphers: AES-256-GCM (NIST SP 800-38D) and SM4-GCM (GB/T 32907, RFC 8998).
"""

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CIPHERS = {"aes": 1, "sm4": 2}
_HEAD, _NONCE, _TAG = 2, 12, 16
_BLOCK = 64
"""Block size of SHA-256 in bytes."""


class Sealer:
    """Seals with the newest key; opens with it or with any of the retired ones.

    Raises:
        ValueError: the cipher is unknown, or two keys share an id (one key in 256 does: choose another).
    """

    def __init__(self, data_key: str, retired: Sequence[str] = (), cipher: str = "aes") -> None:
        if cipher not in CIPHERS:
            raise ValueError(f"the cipher is {' or '.join(CIPHERS)}, not {cipher!r}")
        self._cipher = CIPHERS[cipher]
        self._keys = {_key_id(secret): secret for secret in (data_key, *retired)}
        if len(self._keys) != 1 + len(set(retired) - {data_key}):
            raise ValueError("two data keys share an id; choose another new key")
        self._current = _key_id(data_key)
        self._derived: dict[tuple[int, int], bytes] = {}
        self._index_key = _derive(data_key, b"blind-index-1", 32)
        # Same result as the general code below in a third of the time: a roster seals 180,000 phones.
        key = self._algorithm(self._cipher, self._current).key
        self._quick = AESGCM(key) if cipher == "aes" else None

    def seal(self, text: str, *, context: str) -> bytes:
        """Encrypt; `context` (for example ``member.phone``) is authenticated, so values can't be swapped."""
        nonce = os.urandom(_NONCE)
        head = bytes([self._cipher, self._current])
        if self._quick is not None:
            return head + nonce + self._quick.encrypt(nonce, text.encode(), head + context.encode())
        encryptor = Cipher(self._algorithm(self._cipher, self._current), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(head + context.encode())
        sealed = encryptor.update(text.encode()) + encryptor.finalize()
        return head + nonce + sealed + encryptor.tag

    def seal_all(self, texts: Sequence[str | None], *, context: str) -> list[bytes | None]:
        """Encrypt many values, in half the time per value; a blank value gives None."""
        if self._quick is None:
            return [self.seal(text, context=context) if text else None for text in texts]
        head, encrypt = bytes([self._cipher, self._current]), self._quick.encrypt
        known, noise = head + context.encode(), os.urandom(_NONCE * len(texts))
        nonces = (noise[at : at + _NONCE] for at in range(0, len(noise), _NONCE))
        return [
            head + nonce + encrypt(nonce, text.encode(), known) if text else None
            for text, nonce in zip(texts, nonces, strict=True)
        ]

    def open(self, sealed: bytes, *, context: str) -> str:
        """Decrypt.

        Raises:
            cryptography.exceptions.InvalidTag: altered, another context, or an unknown key.
        """
        head, nonce, body = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        if len(body) < _TAG or head[0] not in CIPHERS.values() or head[1] not in self._keys:
            raise InvalidTag
        mode = modes.GCM(nonce, body[-_TAG:])
        decryptor = Cipher(self._algorithm(head[0], head[1]), mode).decryptor()
        decryptor.authenticate_additional_data(head + context.encode())
        return (decryptor.update(body[:-_TAG]) + decryptor.finalize()).decode()

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value was sealed with the newest key and the chosen cipher."""
        return sealed[:_HEAD] == bytes([self._cipher, self._current])

    def blind_index(self, text: str, *, context: str) -> str:
        """A keyed digest (32 hex digits) that finds an equal value without revealing it."""
        return hmac.digest(self._index_key, f"{context}:{text}".encode(), "sha256").hex()[:32]

    def blind_indexes(self, texts: Sequence[str | None], *, context: str) -> list[str | None]:
        """`blind_index` of many values, in a third of the time per value; a blank value gives None.

        HMAC as RFC 2104 defines it: the key and the context are hashed once, not once a value.
        """
        key = self._index_key.ljust(_BLOCK, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + f"{context}:".encode())
        outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        found: list[str | None] = []
        for text in texts:
            if not text:
                found.append(None)
                continue
            first, second = inner.copy(), outer.copy()
            first.update(text.encode())
            second.update(first.digest())
            found.append(second.hexdigest()[:32])
        return found

    def _algorithm(self, cipher: int, key_id: int) -> algorithms.AES | algorithms.SM4:
        key = self._derived.get((cipher, key_id))
        if key is None:
            size = 32 if cipher == CIPHERS["aes"] else 16
            key = self._derived[cipher, key_id] = _derive(self._keys[key_id], b"seal-%d" % cipher, size)
        return algorithms.AES(key) if cipher == CIPHERS["aes"] else algorithms.SM4(key)


def _key_id(secret: str) -> int:
    return _derive(secret, b"key-id", 1)[0]


def _derive(secret: str, info: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret.encode())
