"""What leaves: subjects name nobody, one click is enough, signatures are those of Standard Webhooks."""

import ast
import dataclasses
import datetime as dt
import ipaddress
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.core.errors import NotFound
from academy.core.i18n import msg
from academy.core.ids import ALPHABET, LENGTH
from academy.core.networks import is_public_address
from academy.core.settings import Settings
from academy.notifications import rendering, tokens, topics
from academy.notifications.channels.webhook import sign_webhook
from academy.notifications.topics import DeliveryChannel, Pace, Topic

SETTINGS = Settings(
    secret_key="a-secret-for-tests-only-0123456789", address="https://academy.example", mail_from="a@academy.example"
)
PERSONAL = msg("“%(title)s”请 %(name)s 看。", title="冬训", name="马青山")
AT = dt.datetime(2026, 11, 3, 4, tzinfo=dt.UTC)


def message(
    channel: DeliveryChannel, topic: Topic | None = Topic.TRAININGS, **more: object
) -> rendering.OutgoingMessage:
    made = rendering.OutgoingMessage(
        "abcd2345abcd2345", "ef672345abcd2345", channel, Pace.AT_ONCE if topic else Pace.DAILY, "zh", topic,
        [(PERSONAL, "/my/trainings")], "ma@example.org", AT,
    )  # fmt: skip
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("topic", [*Topic, None])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_subject_line_holds_nothing_of_the_message(topic: Topic | None, language: str) -> None:
    mail = rendering.mail_of(SETTINGS, message(DeliveryChannel.MAIL, topic, language=language))
    assert "冬训" not in mail["Subject"] and "马青山" not in mail["Subject"]
    assert all(not words.params for words in [one.subject for one in topics.TOPICS.values()])
    title = json.loads(rendering.payload_of(SETTINGS, message(DeliveryChannel.APP, topic)))["data"]["title"]
    assert "冬训" not in title and "马青山" not in title


def test_a_mail_carries_the_headers_of_one_click() -> None:
    mail = rendering.mail_of(SETTINGS, message(DeliveryChannel.MAIL))
    assert mail["List-Unsubscribe"].startswith("<https://academy.example/notifications/out/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"] == "<abcd2345abcd2345@academy.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "冬训" in text and "https://academy.example/my/trainings" in text and "/notifications/out/" in text


def test_texts_cannot_add_markup_to_a_mail() -> None:
    mail = rendering.mail_of(SETTINGS, message(DeliveryChannel.MAIL, parts=[(msg("<img src=x>"), "")]))
    body = mail.get_body(("html",))
    assert body is not None and "<img" not in body.get_content()


@pytest.mark.parametrize("address", ["a@example.org\nBcc: b@example.org", "a@example.org\r\nX: y"])
def test_an_address_adds_no_header(address: str) -> None:
    with pytest.raises(ValueError):
        rendering.mail_of(SETTINGS, message(DeliveryChannel.MAIL, to=address))


def test_a_signature_is_the_one_that_standard_webhooks_expects() -> None:
    """The vector that its reference libraries are tested with."""
    secret, identifier = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    made = sign_webhook(secret, identifier, 1_614_265_330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(ValueError):
        sign_webhook("whsec_?", identifier, 0, b"")


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.1.1", False), ("172.16.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("::1", False),
        ("fe80::1", False), ("fd00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::", False), ("2001:0:1::1", False), ("8.8.8.8", True), ("2400:3200::1", True),
        ("64:ff9b::808:808", True),
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_guise(address: str, is_public: bool) -> None:
    assert is_public_address(ipaddress.ip_address(address)) is is_public


@pytest.mark.thorough
def test_every_kind_that_is_written_has_a_topic() -> None:
    kinds = set()
    for path in Path("academy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"notify", "Notification"}:
                kinds |= {
                    ast.literal_eval(word.value)
                    for word in node.keywords
                    if word.arg == "kind" and isinstance(word.value, ast.Constant)
                }
    assert {"correction", "complaint.answered"} <= kinds
    assert {kind for kind in kinds if kind.partition(".")[0] not in topics._TOPICS} == set()


def test_an_sms_says_how_many_where_there_are_several() -> None:
    one = rendering.sms_of(SETTINGS, message(DeliveryChannel.SMS))
    assert one.startswith("【云学院】") and "冬训" in one and "退订 https://academy.example/o/" in one
    several = rendering.sms_of(SETTINGS, message(DeliveryChannel.SMS, None, parts=[(PERSONAL, "/a"), (PERSONAL, "/b")]))
    assert "2 条" in several and "冬训" not in several


@given(
    account=st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH),
    channel=st.sampled_from(DeliveryChannel),
    topic=st.sampled_from([*Topic, None]),
    data=st.data(),
)
def test_a_short_link_says_whose_and_which_and_cannot_be_changed(
    account: str, channel: DeliveryChannel, topic: Topic | None, data: st.DataObject
) -> None:
    token = tokens.short_out_token(SETTINGS, account, channel, topic)
    assert tokens.read_out(SETTINGS, token) == (account, channel, topic)
    assert len(token) == 28 and 2 * len(token) < len(tokens.out_token(SETTINGS, account, channel, topic))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("23456789abcdefghjkmnpqrstuvwxyz-_AZ").filter(lambda one: one != token[at]))
    for forged in (token[:at] + other + token[at + 1 :], token[:at], token[at + 1 :]):
        with pytest.raises(NotFound):
            tokens.read_out(SETTINGS, forged)
    with pytest.raises(NotFound):
        tokens.read_out(dataclasses.replace(SETTINGS, secret_key="another-secret-for-tests-012345678"), token)


def test_the_way_out_of_an_sms_costs_no_more_than_a_sentence() -> None:
    text = rendering.sms_of(SETTINGS, message(DeliveryChannel.SMS))
    assert tokens.read_out(SETTINGS, text.rpartition("/o/")[2]) == (
        "ef672345abcd2345", DeliveryChannel.SMS, Topic.TRAININGS,
    )  # fmt: skip
    assert len(text.partition("退订")[2]) <= len(SETTINGS.address) + 32
