"""Hashing passwords: argon2id, about 25 ms, never inside a write transaction."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from academy.core.errors import Invalid
from academy.core.i18n import msg

# OWASP's smallest recommended cost: a county town's server must let a hall of people in at nine o'clock.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")

SHORTEST, LONGEST = 8, 128
_COMMON = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "87654321",
        "88888888",
        "66666666",
        "00000000",
        "11111111",
        "11223344",
        "12341234",
        "password",
        "password1",
        "qwertyui",
        "qwerty123",
        "abcd1234",
        "1qaz2wsx",
        "a1234567",
        "a12345678",
        "abc12345",
        "asdfghjk",
        "woaini1314",
        "5201314520",
        "iloveyou",
        "admin123",
        "administrator",
        "passw0rd",
    ]
)


def make(password: str) -> str:
    """The hash to keep."""
    return _hasher.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is right. Takes the same time when there is no account."""
    try:
        _hasher.verify(kept or _NOBODY, _normal(password)[:LONGEST])
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None


def check_new(password: str, *, names: tuple[str, ...] = ()) -> None:
    """Whether a new password will do: long enough, not everybody's, not one's own name or number.

    Raises:
        Invalid: with the reason under `password`.
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        raise Invalid(fields={"password": msg("密码至少 %(shortest)s 位。", shortest=SHORTEST)})
    if len(text) > LONGEST:
        raise Invalid(fields={"password": msg("密码最多 %(longest)s 位。", longest=LONGEST)})
    low = text.lower()
    if low in _COMMON or len(set(low)) < 3 or low in {name.lower() for name in names if name}:
        raise Invalid(fields={"password": msg("这个密码太容易被猜到，请换一个。")})


def _normal(password: str) -> str:
    # One phone sends composed letters, another decomposed ones: it is the same password.
    return unicodedata.normalize("NFKC", password)
