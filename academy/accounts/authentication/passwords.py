"""Password hashing: argon2id, about 25 ms, never inside a write transaction.

Hashing runs in a small thread pool of low priority: neither an attacker who tries passwords by the thousand nor a
hall of people signing in at nine o'clock may take the threads and processors that serve players. When the queue is
full, `Busy` is raised.
"""

import functools
import itertools
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from academy.core.errors import Busy, Invalid
from academy.core.i18n import msg
from academy.core.text import normal_form

# OWASP's smallest recommended cost: a county's server must sign in a hall of people at nine o'clock.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")

SHORTEST, LONGEST = 8, 128
DECOMPOSED = 4
"""Code points that a phone may send for one visible character: a letter and its combining marks."""
EXACT = "exact:"
"""Prefix of a hash of the password exactly as it was typed. A hash without it comes from an earlier release and was
made of the NFKC form; it is compared with that form until its owner changes the password."""
T = TypeVar("T")

PLACE = ("yunxueyuan", "academy", "dangyuan", "dangxiao", "xuexi", "yunxi", "zhibu", "zhongguo")
"""Context words (OWASP ASVS 6.2.11); docs/security.md lists them."""

_CHOSEN = """
    password passwd passw pass admin administrator root guest user test demo login welcome letmein master hello
    iloveyou loveyou love woaini woaiwojia wodemima mima nihao dragon monkey football baseball basketball sunshine
    princess superman batman shadow flower summer winter spring autumn freedom whatever trustno secret computer
    internet qwerty abcd asdf zxcv qazwsx qazwsxedc wsx edc qaz asd zxc qwe qweasd qweasdzxc china beijing shanghai
    family happy lucky angel baby michael jordan charlie jessica killer pepper ginger cheese banana orange cookie
    samsung huawei xiaomi iphone android weixin wechat taobao alibaba baidu tencent qq aini wangzi gongzhu
"""
_WORDS = frozenset(_CHOSEN.split())
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv")
_FIGURES = ("01234567890123456789", "147258369", "741852963", "789456123", "159357", "135792468", "5201314", "1314520")
_SIGNS: tuple[dict[int, int], ...] = (
    {},
    str.maketrans("@$!", "asi"),
    str.maketrans("@$!013", "asioie"),
    str.maketrans("@$!0135", "asioles"),
)

_slots = threading.BoundedSemaphore(8)
_held = threading.local()


def _stand_back() -> None:
    # Per-thread niceness exists on Linux only: players have priority, and an idle machine hashes as fast.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), "argon2", initializer=_stand_back)


def limit_waiting_threads(threads: int) -> None:
    """Let at most half of a web process's threads wait here; the others go on serving heartbeats and pages."""
    global _slots
    _slots = threading.BoundedSemaphore(max(2, threads // 2))


@contextmanager
def waiting_slot() -> Iterator[None]:
    """Reserve a place in the hashing queue for the block; calls inside it need no second one.

    Enter it before counting an attempt: an attempt that is refused here must not be counted.

    Raises:
        Busy: too many are waiting.
    """
    slots = _slots
    if not slots.acquire(blocking=False):
        raise Busy(msg("现在登录的人很多，请过几秒再试。"), retry_after=3)
    _held.place = True
    try:
        yield
    finally:
        _held.place = False
        slots.release()


def _in_turn(work: Callable[[], T]) -> T:
    if getattr(_held, "place", False):
        return _pool.submit(work).result()
    with waiting_slot():
        return _pool.submit(work).result()


def hash_password(password: str) -> str:
    """The hash to store.

    Raises:
        Busy: too many are waiting.
    """
    return _in_turn(lambda: EXACT + _hasher.hash(_cut(password)))


def verify_password(kept: str | None, password: str) -> bool:
    """Whether the password is right. Takes the same time when there is no account.

    Raises:
        Busy: too many are waiting.
    """

    def verify() -> bool:
        hashed = kept or _NOBODY
        try:
            if hashed.startswith(EXACT):
                _hasher.verify(hashed.removeprefix(EXACT), _cut(password))
            else:
                _hasher.verify(hashed, _normal(password))
        except (Argon2Error, InvalidHashError):
            return False
        return kept is not None

    return _in_turn(verify)


def check_new_password(password: str, *, names: tuple[str, ...] = ()) -> None:
    """Check a new password: long enough, not a common one, not the owner's name or number.

    Raises:
        Invalid: the reason, under `password`.
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        raise Invalid(fields={"password": msg("密码至少 %(shortest)s 位。", shortest=SHORTEST)})
    if len(text) > LONGEST or len(password) > DECOMPOSED * LONGEST:
        raise Invalid(fields={"password": msg("密码最多 %(longest)s 位。", longest=LONGEST)})
    low = text.lower()
    own = {name.lower() for name in names if name}
    if low in own or low in _leaked() or any(_is_everybodys(low.translate(signs), own) for signs in _SIGNS):
        raise Invalid(fields={"password": msg("这个密码太容易被猜到，请换一个。")})


def _is_everybodys(low: str, own: set[str]) -> bool:
    """Whether too little is left once common words and sequences are removed."""
    plain = re.sub(r"[\W_]+", "", low)
    if len(set(plain)) < 3 or re.fullmatch(r"(.{1,6})\1+", plain) or any(plain in row for row in _ROWS):
        return True
    return all(_is_usual(piece, own) for piece in re.findall(r"[a-z]+|\d+|[^\W\d_]+", plain))


def _is_usual(piece: str, own: set[str]) -> bool:
    if piece.isascii() and (len(piece) < 3 or len(set(piece)) == 1):
        return True
    if piece.isdecimal():
        return (
            len(piece) <= 4
            or any(piece in row or piece in row[::-1] for row in _FIGURES)
            # Not a pattern: a repeated group of one digit would backtrack through every way to split it.
            or all(len(list(run)) > 1 for _, run in itertools.groupby(piece))
            or bool(re.fullmatch(r"(\d{1,4})\1+|1[3-9]\d{9}|(?:19|20)\d\d[01]\d[0-3]\d", piece))
        )
    return piece in _WORDS or piece in PLACE or piece in own or any(piece in row or piece in row[::-1] for row in _ROWS)


@functools.cache
def _leaked() -> frozenset[str]:
    """The most common leaked passwords of the accepted length (11,000 of 30,000).

    Read on first use: a web process where nobody chooses a password does not need it.
    """
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


def _cut(password: str) -> str:
    # Exactly as received. One character more than the maximum, so that a longer password is not accepted by its prefix.
    return password[: DECOMPOSED * LONGEST + 1]


def _normal(password: str) -> str:
    # One phone sends composed letters, another decomposed ones: it is the same password. One character more than the
    # maximum is kept, so that a longer password is neither stored nor accepted.
    return normal_form(password, DECOMPOSED * LONGEST)[: LONGEST + 1]
