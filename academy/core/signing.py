"""Signed documents: JSON with an Ed25519 signature (RFC 8032), verifiable years later with the public key alone.

A document consists of objects, lists, texts and whole numbers only, so that it has one canonical form: UTF-8, keys in
the order of their code points, no spaces, nothing escaped that need not be (RFC 8785 for such documents).
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHM = "Ed25519"
BEGIN = b'{\n "document": {'
"""How a signed document begins."""
LARGEST = 64 * 1024
"""Bytes of a signed document that are read."""
_DEPTH = 8
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64

Document = dict[str, Any]


class NotSigned(ValueError):
    """A file that is no signed document, or whose signature does not fit its content."""


@dataclass(frozen=True)
class SignedDocument:
    """A document whose signature fits, and the key that it fits: whose key that is remains to be looked up."""

    document: Document
    public_key: str
    """The key's 32 bytes in Base64."""

    @property
    def key_id(self) -> str:
        """A short name of the key."""
        return key_id(self.public_key)


class DocumentSigner:
    """Signs with a key that is derived from a secret."""

    def __init__(self, secret: str) -> None:
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"document-signing-1").derive(secret.encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, document: Document) -> bytes:
        """The document with its signature as JSON.

        Raises:
            ValueError: it holds something else than objects, lists, texts and whole numbers.
        """
        value = base64.b64encode(self._key.sign(canonical(document))).decode()
        signature = {"algorithm": ALGORITHM, "public_key": self.public_key, "value": value}
        return json.dumps({"document": document, "signature": signature}, ensure_ascii=False, indent=1).encode()


def key_id(public_key: str) -> str:
    """A short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:16]


def canonical(document: Document) -> bytes:
    """The one form of a document that is signed.

    Raises:
        ValueError: it holds something that has no single form, such as a fraction, or is nested too deeply.
    """
    _check(document, 0)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _check(value: object, depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise ValueError("a key is no text")
            _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{type(value).__name__} has no single form")


def verify(data: bytes) -> SignedDocument:
    """The document of a file, if its signature fits.

    Raises:
        NotSigned: too large, no JSON of this form, or altered.
    """
    if len(data) > LARGEST:
        raise NotSigned("too large")
    try:
        read = json.loads(data, object_pairs_hook=_without_repetition)
        document, signature = read["document"], read["signature"]
        if (
            set(read) != {"document", "signature"}
            or signature["algorithm"] != ALGORITHM
            or not isinstance(document, dict)
        ):
            raise NotSigned("another form")
        public_key, value = signature["public_key"], signature["value"]
        raw_key, raw_value = base64.b64decode(public_key, validate=True), base64.b64decode(value, validate=True)
        if len(raw_key) != _KEY_BYTES or len(raw_value) != _SIGNATURE_BYTES:
            raise NotSigned("another form")
        Ed25519PublicKey.from_public_bytes(raw_key).verify(raw_value, canonical(document))
    except NotSigned:
        raise
    except InvalidSignature:
        raise NotSigned("altered") from None
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise NotSigned("another form") from error
    return SignedDocument(document, public_key)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a repeated key may each see another value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotSigned("a key is repeated")
    return found
