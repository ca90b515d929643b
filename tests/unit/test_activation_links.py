"""A slip's link fills number and code, and what is sent to a server holds neither."""

from urllib.parse import parse_qs, urlsplit

import pytest

from academy.accounts.activation_links import activation_link


@pytest.mark.parametrize("number", ["P2001", "云 01&c=", "A#7"])
def test_number_and_code_stand_behind_the_hash_alone(number: str) -> None:
    parts = urlsplit(activation_link("https://academy.example/activate", number, "ABCD2345"))
    assert (parts.scheme, parts.netloc, parts.path, parts.query) == ("https", "academy.example", "/activate", "")
    assert parse_qs(parts.fragment) == {"n": [number], "c": ["ABCD2345"]}
