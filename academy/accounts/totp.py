"""One-time passwords by the clock (RFC 6238: SHA-1, six digits, thirty seconds). Pure."""

import base64
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
WINDOW = 1
"""Steps before and after the present one that are still right: phones' clocks go wrong by half a minute."""


def new_secret() -> str:
    """A secret of 160 bits, in base32 as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one step of thirty seconds."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, code: str, now_s: float, last_step: int) -> int | None:
    """The step whose code this is; None when it is wrong, or not newer than the last one used."""
    present = int(now_s) // STEP_S
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > last_step and hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "replace")):
            return step
    return None


def address(secret: str, account: str, issuer: str) -> str:
    """What an authenticator app reads from the QR code."""
    return f"otpauth://totp/{quote(f'{issuer}:{account}')}?secret={secret}&issuer={quote(issuer)}"
