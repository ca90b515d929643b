"""One-time passwords by the clock, as RFC 6238 has them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.accounts.authentication import totp

RFC = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_of_the_standard(at: int, code: str) -> None:
    assert totp.code_at(RFC, at // totp.STEP_S) == code
    assert totp.matching_step(RFC, code, at, 0) == at // totp.STEP_S


@given(st.integers(10**6, 10**7), st.integers(-3, 3))
def test_a_code_is_right_for_a_minute_and_a_half_and_only_once(step: int, off: int) -> None:
    code = totp.code_at(RFC, step)
    now = (step + off) * totp.STEP_S
    found = totp.matching_step(RFC, code, now, 0)
    if abs(off) <= totp.WINDOW:
        assert found is not None
        assert totp.matching_step(RFC, code, now, found) is None or code == totp.code_at(RFC, found + 1)
    elif found is not None:
        assert totp.code_at(RFC, found) == code, "another step happens to have the same code"


def test_what_the_app_reads_is_escaped() -> None:
    secret = totp.new_secret()
    text = totp.totp_address(secret, "赵 小满&x", "云学院")
    assert text.startswith("otpauth://totp/%E4%BA%91") and "&x" not in text and f"secret={secret}" in text
    assert len(base64.b32decode(secret)) == 20
