"""One-time passwords by the clock (RFC 6238: SHA-1, six digits, thirty seconds), by pyotp. Pure."""

import hmac

import pyotp

STEP_S = 30
WINDOW = 1
"""Steps before and after the present one that are still right: phones' clocks go wrong by half a minute."""


def new_secret() -> str:
    """A secret of 160 bits, in base32 as authenticator apps take it."""
    return str(pyotp.random_base32(32))


def code_at(secret: str, step: int) -> str:
    """The code of one step of thirty seconds."""
    return str(pyotp.TOTP(secret, interval=STEP_S).generate_otp(step))


def matching_step(secret: str, code: str, now_s: float, last_step: int) -> int | None:
    """The step whose code this is; None when it is wrong, or not newer than the last one used.

    pyotp's own `verify` says only whether a code is right, and so cannot refuse one that was used.
    """
    present = int(now_s) // STEP_S
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > last_step and hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "replace")):
            return step
    return None


def totp_address(secret: str, account: str, issuer: str) -> str:
    """What an authenticator app reads from the QR code."""
    return str(pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=account, issuer_name=issuer))
