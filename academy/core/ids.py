"""Identifiers that a URL may show: random, so they can be neither guessed nor counted."""

import os
import secrets

# No 0/o, 1/l/i: people read these aloud over the telephone.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 16


def new_id() -> str:
    """A public id of 16 characters from a 31-letter alphabet (79 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def new_code(length: int = 8) -> str:
    """A short one-time code a person can type; keep it single-use and throttled."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length)).upper()


def new_digits(length: int) -> str:
    """A one-time code of digits only: for keypads, and read out without a mistake."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


_LETTERS = bytes(ord(ALPHABET[n % len(ALPHABET)]) for n in range(256))
_UNEVEN = bytes(range(256 - 256 % len(ALPHABET), 256))


def new_ids(count: int) -> list[str]:
    """Many public ids at once: for a city's roster one at a time takes seconds."""
    letters = b""
    while len(letters) < count * LENGTH:
        # Bytes past the last full multiple of the alphabet are dropped, or some letters would be more frequent.
        letters += os.urandom(count * LENGTH * 9 // 8 + 64).translate(_LETTERS, _UNEVEN)
    text = letters.decode()
    return [text[at : at + LENGTH] for at in range(0, count * LENGTH, LENGTH)]
