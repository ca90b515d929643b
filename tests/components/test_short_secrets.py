"""Nothing short is kept so that a copy of the database gives it away; what earlier releases kept stays good."""

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from academy.accounts import service
from academy.accounts.authentication import codes, sms, throttle
from academy.accounts.authentication.second_step import _new_paper, _paper
from academy.accounts.models import ActivationCode, RecoveryCode, Throttle
from academy.accounts.queries import holds_by_code
from academy.core import keyed
from academy.core.actor import SYSTEM, Actor
from academy.core.runtime import Runtime
from tests.support import factories as make

OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"


@pytest.fixture(autouse=True)
def key(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed, "_keys", keyed._keys)
    keyed.use(OLD)


def plain(*secrets: str) -> Iterator[str]:
    """What somebody without the key would compare with, for each secret that is short enough to be tried."""
    for secret in secrets:
        for text in (secret, secret.lower(), f"sms\x1f{secret.lower()}"):
            for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
                yield hashlib.new(name, text.encode()).hexdigest()[:64]


def test_no_short_secret_is_kept_so_that_it_can_be_tried(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx))
        account = make.account(tx, person)
        made = [service.issue_activation_code(tx, SYSTEM, person), sms._new_code(tx, person)]
        made += _new_paper(tx, Actor(account_id=account.id))
        throttle.reserve(tx, throttle.keys("sign-in", throttle.unknown("13800000000"), "10.0.0.1"))
        sms._count(tx, "A77", "10.0.0.1")
        tx.flush()
        kept = [*tx.scalars(select(ActivationCode.digest)), *tx.scalars(select(RecoveryCode.digest))]
        counters = list(tx.scalars(select(Throttle.key)))
    assert len(kept) == 12 and len(counters) >= 4
    assert not set(kept + counters) & set(plain(*made, "A77", "sign-in\x1fname\x1ftext:13800000000"))
    assert all(one.startswith("k") and len(one) == 64 for one in kept + counters)


def test_codes_of_earlier_releases_and_keys_stay_good(runtime: Runtime) -> None:
    """As plain hashes, once they are keyed at night, and after the data key was changed."""
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx))
        account = make.account(tx, person)
        code, papers = service.issue_activation_code(tx, SYSTEM, person), _new_paper(tx, Actor(account_id=account.id))
        for model, texts in ((ActivationCode, [code]), (RecoveryCode, papers)):
            for text in texts:
                old = hashlib.sha256(text.encode()).hexdigest()
                tx.execute(update(model).where(model.digest == keyed.digest(text)).values(digest=old))

    def both_are_good(paper: str) -> bool:
        with runtime.db.begin() as tx:
            return holds_by_code(tx, person.number, code) is not None and _paper(tx, account.id, paper)

    assert both_are_good(papers[0])
    with runtime.db.begin() as tx:
        assert codes.rekey(tx) == 11
        assert codes.rekey(tx) == 0
    assert both_are_good(papers[1])
    keyed.use(NEW, [OLD])
    assert both_are_good(papers[2]) and not both_are_good(papers[2]), "each once"
    keyed.use(NEW)
    assert not both_are_good(papers[3])
