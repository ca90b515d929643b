"""Single sign-on with the city's app: OpenID Connect, code flow with PKCE, state and nonce.

The provider identifies a person; the roster decides who is a member. A sign-on opens the account of the member
whose register number the ID token carries, and creates that account the first time, so that a member never needs a
password. Persons outside the roster are refused.

Source of the checks: OpenID Connect Core 1.0, section 3.1.3.7; RFC 7636; RFC 9207.
"""

import dataclasses
import logging
import secrets
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from sqlalchemy import select

from academy.accounts.authentication.identity_provider import Provider, exchange, unusable
from academy.accounts.creation import account_for_member
from academy.accounts.models import Account, ExternalIdentity
from academy.accounts.queries import is_usable
from academy.accounts.sessions import open_session
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import AcademyError, Invalid
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.core.unique import get_or_create
from academy.people import api as people
from academy.people.models import Member

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

log = logging.getLogger(__name__)

# Asymmetric only: with HMAC or "none" anybody who knows the client could write tokens.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY_S = 60
PENDING_S = 600
LONGEST_SUBJECT, LONGEST_NUMBER = 255, 64
_TOKEN_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)
"""RFC 6749, section 5.2: the ones that are logged by name."""


@dataclasses.dataclass(frozen=True)
class PendingSso:
    """State that the browser must bring back; kept in its signed cookie between the two redirects."""

    state: str
    nonce: str
    verifier: str
    began_ms: int

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, kept: object) -> "PendingSso":
        """Raises:
        Invalid: nothing was kept, or not by us.
        """
        try:
            return cls(**kept)  # type: ignore[arg-type]
        except TypeError:
            raise _refused() from None


_providers: dict[str, Provider] = {}


def provider(runtime: Runtime) -> Provider:
    """The configured issuer, one object a process so that its keys are fetched once."""
    return _providers.setdefault(runtime.settings.oidc_issuer, Provider(runtime.settings.oidc_issuer))


def begin_sso(runtime: Runtime, redirect_uri: str) -> tuple[str, PendingSso]:
    """The address to redirect the browser to, and the state that it must bring back."""
    pending = PendingSso(
        secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), clock.now_ms()
    )
    with _client(runtime, redirect_uri) as client:
        url, _state = client.create_authorization_url(
            provider(runtime).metadata()["authorization_endpoint"],
            state=pending.state,
            nonce=pending.nonce,
            code_verifier=pending.verifier,
            **_strength_asked(runtime.settings),
        )
    return str(url), pending


def finish_sso(
    runtime: Runtime,
    pending: PendingSso,
    answer: dict[str, str],
    redirect_uri: str,
    network: str = "",
    device: str = "",
) -> str:
    """Check the provider's response and sign in; returns the session's token.

    Opens its own transaction after the provider's response: no lock is held during network calls.

    Raises:
        Invalid: the response is not for this browser, not from this provider, or not for a member.
        Busy: the provider cannot be reached.
    """
    try:
        claims = _claims(runtime, pending, answer, redirect_uri)
    except AcademyError:
        runtime.db.run_in_transaction(lambda tx: record(tx, Actor(network=network), "sso.refused", "account:unknown"))
        raise

    def write(tx: Tx) -> str | None:
        account = _account(tx, runtime, claims, network)
        if account is not None:
            return open_session(tx, runtime, account, network, device)
        record(tx, Actor(network=network), "sso.unknown", "account:unknown")
        return None

    opened = runtime.db.run_in_transaction(write)
    if opened is not None:
        return opened
    raise Invalid(msg("花名册里还没有您的信息。请与所在党支部联系。"))


def _claims(runtime: Runtime, pending: PendingSso, answer: dict[str, str], redirect_uri: str) -> dict[str, Any]:
    if not secrets.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise _refused()
    if clock.now_ms() - pending.began_ms > PENDING_S * 1000 or "code" not in answer:
        raise _refused()
    issuer = provider(runtime)
    metadata = issuer.metadata()
    named = answer.get("iss")
    if (named is None and metadata.get("authorization_response_iss_parameter_supported")) or named not in {
        None,
        issuer.issuer,
    }:
        raise _refused("iss")
    token = _exchanged(runtime, metadata["token_endpoint"], pending, answer["code"], redirect_uri)
    return read_id_token(runtime, issuer, token, pending.nonce)


def _exchanged(runtime: Runtime, address: str, pending: PendingSso, code: str, redirect_uri: str) -> str:
    """The ID token that the provider gives for a code."""
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": pending.verifier,
    }
    with _client(runtime, redirect_uri) as client:
        auth = client.client_auth(client.token_endpoint_auth_method)
        found = exchange("token", client, "POST", address, data=sent, auth=auth)
    if "error" in found:
        raise _refused(found["error"] if found["error"] in _TOKEN_ERRORS else "error")
    token = found.get("id_token")
    if not isinstance(token, str) or not token:
        raise unusable("token", "field:id_token")
    return token


def read_id_token(runtime: Runtime, issuer: Provider, id_token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token, after checking issuer, audience, nonce, signature and age.

    Raises:
        Invalid: a check failed.
    """
    for again in (False, True):
        try:
            token = jwt.decode(id_token, issuer.keys(again=again), algorithms=ALGORITHMS)
            break
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            # The key may be newer than the cached set: refetch once.
            if again:
                raise _refused(type(error).__name__) from None
    client_id = runtime.settings.oidc_client_id
    rules = jwt.JWTClaimsRegistry(
        now=clock.now_ms() // 1000,
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer.issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(token.claims)
    except (JoseError, OverflowError) as error:
        raise _refused(f"claim:{getattr(error, 'claim', '')}") from None
    if not _text(token.claims["sub"], LONGEST_SUBJECT):
        raise _refused("claim:sub")
    if isinstance(token.claims["aud"], list) and token.claims.get("azp") != client_id:
        raise _refused("claim:azp")
    if not _is_strong_enough(runtime.settings, token.claims):
        log.warning("sso.token_refused", extra={"problem": "strength"})
        raise Invalid(msg("请用更可靠的方式登录，例如再加一次手机验证。"))
    return dict(token.claims)


def _strength_asked(settings: Settings) -> dict[str, str]:
    asked = {}
    if settings.oidc_acr:
        asked["acr_values"] = " ".join(_names(settings.oidc_acr))
    if settings.oidc_max_age_minutes:
        asked["max_age"] = str(60 * settings.oidc_max_age_minutes)
    return asked


def _is_strong_enough(settings: Settings, claims: dict[str, Any]) -> bool:
    """Whether the token asserts the strength that the settings require. A missing claim counts as not done.

    The request parameter is a preference only (OpenID Connect Core, 5.5.1.1): the returned claim decides.
    """
    if settings.oidc_acr and claims.get("acr") not in _names(settings.oidc_acr):
        return False
    used = claims.get("amr")
    if settings.oidc_amr and not (isinstance(used, list) and any(way in _names(settings.oidc_amr) for way in used)):
        return False
    if not settings.oidc_max_age_minutes:
        return True
    at = claims.get("auth_time")
    oldest = clock.now_ms() // 1000 - 60 * settings.oidc_max_age_minutes - LEEWAY_S
    return isinstance(at, int | float) and not isinstance(at, bool) and at >= oldest


def _names(setting: str) -> list[str]:
    return [name.strip() for name in setting.split(",") if name.strip()]


def _account(tx: Tx, runtime: Runtime, claims: dict[str, Any], network: str) -> Account | None:
    issuer, subject = runtime.settings.oidc_issuer, claims["sub"]
    known = tx.scalar(
        select(Account)
        .join(ExternalIdentity, ExternalIdentity.account_id == Account.id)
        .where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    )
    number = _text(claims.get(runtime.settings.oidc_member_claim), LONGEST_NUMBER)
    if not number:
        log.warning("sso.no_member_claim", extra={"claim": runtime.settings.oidc_member_claim})
    if known is None and number:
        member = tx.scalar(select(Member).where(Member.number == number, people.is_present()))
        if member is not None:
            known = account_for_member(tx, member)
            key = {"issuer": issuer, "subject": subject}
            _, is_new = get_or_create(tx, ExternalIdentity, key, account_id=known.id)
            actor = Actor(account_id=known.id, member_id=member.id, network=network)
            if is_new:
                record(tx, actor, "sso.linked", f"account:{known.public_id}")
    return known if known is not None and is_usable(tx, known.id) else None


def _client(runtime: Runtime, redirect_uri: str) -> "OAuth2Session":
    # Imported when somebody signs on: every starting process would wait for it.
    from authlib.integrations.requests_client import OAuth2Session

    settings = runtime.settings
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope="openid profile",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


def _text(value: object, longest: int) -> str:
    """A claim that a database can hold: text, or the number that some providers make of it; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**longest:
        value = str(value)
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        return ""
    return value


def _refused(problem: str = "") -> Invalid:
    """The error for an answer that is not believed; logged unless the browser alone is at fault."""
    if problem:
        log.warning("sso.token_refused", extra={"problem": problem})
    return Invalid(msg("这次登录没有完成，请重新登录。"))
