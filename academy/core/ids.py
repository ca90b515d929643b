"""Identifiers that a URL may show: random, so they can be neither guessed nor counted."""

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
