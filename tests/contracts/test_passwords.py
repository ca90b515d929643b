"""What is refused as a password, and how one is kept and compared."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from academy.accounts.authentication import passwords
from academy.core.errors import Invalid

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_passwords_that_everybody_has_are_refused() -> None:
    listed = """12345678 123456789 88888888 11112222 abcd1234 Abc12345 qwertyuiop 1qaz2wsx qazwsxedc asdfghjkl
        password Password1 p@ssw0rd P@ssword123 iloveyou woaini520 5201314a admin888 welcome1 letmein123 dragon123
        19900101 1990-01-01 20241231 13800001234 academy2026 yunxueyuan1 dangyuan123 zhongguo1949 aaaaaaaa abababab
        12121212 123123123 abcabcabc 87654321 1q2w3e4r a123456789 123456789a qq123456 zxcvbnm1 147258369 football
        monkey12 sunshine princess1 xuexi2026 yunxi-2026"""
    taken = [word for word in listed.split() if not refused(word)]
    assert taken == []
    assert refused("赵小满赵小满", "赵小满") and refused("A7A7A7A7", "A7") and refused("zhaoxiaoman", "ZhaoXiaoMan")


def test_passwords_of_leaks_are_refused() -> None:
    """Every one of the list that is long enough, however its letters are written; three thousand and more."""
    listed = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.SHORTEST]
    assert len(set(listed)) > 3_000
    assert [word for word in listed if not (refused(word) and refused(word.upper()))] == []


@pytest.mark.parametrize(
    ("chosen", "others"),
    [
        ("ﬁve ｗｏｒｄｓ of a song", ["five words of a song", "ﬁve words of a song"]),
        ("cafe\u0301 at the river", ["caf\u00e9 at the river", "cafe at the river"]),
        ("Village by the lake", ["village by the lake", "Village by the lake ", "Village by the lak"]),
        ("㎢" * 128, ["km2" * 128, "㎢" * 127, "㎢" * 129]),
    ],
)
def test_a_password_is_compared_exactly_as_typed(chosen: str, others: list[str]) -> None:
    kept = passwords.hash_password(chosen)
    assert passwords.verify_password(kept, chosen)
    assert not any(passwords.verify_password(kept, other) for other in others)


def test_a_hash_of_an_earlier_release_is_still_right() -> None:
    kept = passwords._hasher.hash("five words of a song")  # as it was made: of the NFKC form
    assert passwords.verify_password(kept, "five words of a song") and passwords.verify_password(
        kept, "ﬁve ｗｏｒｄｓ of a song"
    )
    assert not passwords.verify_password(kept, "five words of a sonG")


def refused(password: str, *names: str) -> bool:
    try:
        passwords.check_new_password(password, names=names)
    except Invalid:
        return True
    return False


def test_a_long_sentence_is_a_password() -> None:
    for good in (
        "春天的第一课2026",
        "correct horse battery staple",
        "  两个 空格 也 算  ",
        "x" * 60 + "短句 y" + "Z" * 60,
        "村口老槐树下卖豆腐",
    ):
        assert not refused(good)
        assert passwords.verify_password(passwords.hash_password(good), good)
        assert not passwords.verify_password(passwords.hash_password(good), good[:-1])
        assert not passwords.verify_password(passwords.hash_password(good), good.swapcase()) or good == good.swapcase()
