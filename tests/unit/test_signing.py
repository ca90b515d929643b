"""Signed documents: every change of a byte that changes the content is noticed, nothing else is accepted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core import signing

SECRET = "a-secret-for-tests-only-0123456789"
SIGNER = signing.DocumentSigner(SECRET)
LEAVES = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), st.integers(-(2**53), 2**53))
DOCUMENTS = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), LEAVES, max_size=5)
NOTE = {"number": "ab3k", "lecturer": "韩松", "points": 9235, "criteria": [{"text": "观点", "weight": 40}]}


@given(DOCUMENTS)
def test_a_document_goes_through_a_file(document: dict[str, object]) -> None:
    found = signing.verify(SIGNER.sign(document))
    assert found.document == document
    assert found.public_key == SIGNER.public_key
    assert found.key_id == signing.key_id(SIGNER.public_key)
    other = signing.verify(signing.DocumentSigner(SECRET + "x").sign(document))
    assert other.public_key != SIGNER.public_key


def test_the_layout_of_the_file_plays_no_part() -> None:
    read = json.loads(SIGNER.sign(NOTE))
    for text in (json.dumps(read), json.dumps(read, indent=4, ensure_ascii=False), json.dumps(read, sort_keys=True)):
        assert signing.verify(text.encode()).document == NOTE


def test_every_altered_byte_is_noticed_or_changes_nothing() -> None:
    data = SIGNER.sign(NOTE)
    for place in range(len(data)):
        for flip in (1, 32):
            altered = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
            try:
                found = signing.verify(altered)
            except signing.NotSigned:
                continue
            assert found.document == NOTE and found.public_key == SIGNER.public_key


@pytest.mark.parametrize("change", [{"votes": 3}, {"points": 9999}, {"lecturer": "别人"}, {"criteria": []}])
def test_what_is_added_or_replaced_is_noticed(change: dict[str, object]) -> None:
    read = json.loads(SIGNER.sign(NOTE))
    read["document"] |= change
    with pytest.raises(signing.NotSigned):
        signing.verify(json.dumps(read).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b'{"document": {}}',
        b'{"document": [], "signature": {}}',
        b'{"document": {}, "signature": {"algorithm": "none", "public_key": "", "value": ""}}',
        b'{"document": {}, "signature": {"algorithm": "Ed25519", "public_key": "AAAA", "value": "AAAA"}}',
        b"[" * 50_000,
        b'{"document":' * 3_000,
        b"x" * (signing.LARGEST + 1),
    ],
)
def test_what_is_no_signed_document_is_refused(data: bytes) -> None:
    with pytest.raises(signing.NotSigned):
        signing.verify(data)


def test_a_repeated_key_is_refused() -> None:
    text = SIGNER.sign({"points": 1}).decode().replace('"points": 1', '"points": 9, "points": 1')
    with pytest.raises(signing.NotSigned):
        signing.verify(text.encode())


@pytest.mark.parametrize("value", [1.5, None, True, float("nan"), {1: "x"}, b"x"])
def test_what_has_no_single_form_is_not_signed(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        SIGNER.sign({"value": value})
