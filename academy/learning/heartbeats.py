"""Heartbeats: parsing and outcome."""

import json
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from academy.core import clock
from academy.core.errors import AcademyError, Invalid, TooLarge
from academy.core.i18n import msg
from academy.learning import refusals, rules
from academy.learning.ledger_rows import RowKey
from academy.learning.rules import BadClaim, Span, Unit
from academy.learning.tokens import BadToken, Grant, Signer

MAX_HEARTBEAT_BYTES = 32 * 1024
MAX_SEQ = 2**31 - 1


class BadHeartbeat(Invalid):
    """A body that no player of ours sends; a retry will not help."""

    status = 400
    code = "bad-beat"


class LeaseRefused(AcademyError):
    """The token is invalid, or the lease may not add anything any more."""

    status = 409
    code = "lease-ended"

    def __init__(self, reason: str) -> None:
        super().__init__(refusals.explain_refusal(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One claim: what the player reports as shown, and when the server received it."""

    grant: Grant
    seq: int
    spans: tuple[Span, ...]
    position: int | None
    at_ms: int

    def in_unit(self, unit: Unit) -> "Heartbeat":
        """The same in the unit of the ledger: a reader from before 0.1.0 counts the pages of a document in ms."""
        if self.grant.unit == unit or unit != Unit.PAGE:
            return self
        grant = replace(self.grant, unit=unit, extent=self.grant.extent // rules.PAGE_MS)
        position = None if self.position is None else self.position // rules.PAGE_MS
        return replace(self, grant=grant, spans=rules.pages_of(self.spans), position=position)

    @property
    def key(self) -> RowKey:
        return (self.grant.member_id, self.grant.item_id, self.grant.item_version)


@dataclass(slots=True)
class HeartbeatOutcome:
    """Outcome of a heartbeat, in units of its item. `ended` is the reason why its lease may not add anything any more;
    `closed` is whether it has ended, also when all of this heartbeat was still credited."""

    gained: int = 0
    unit: Unit = Unit.MS
    covered: int = 0
    refused: tuple[Span, ...] = ()
    reason: str = ""
    ended: str = ""
    finished: bool = False
    error: BaseException | None = None
    closed: bool = False

    @property
    def gained_ms(self) -> int:
        """What was gained, as time of study."""
        return rules.study_ms(self.gained, self.unit)

    def for_public_screen(self) -> "HeartbeatOutcome":
        """What a public screen learns: whether the playback has ended, and nothing that depends on its owner's ledger.
        Gains, completions and refusals would reveal what had been watched before."""
        return HeartbeatOutcome(ended="unknown", reason="unknown", closed=True) if self.closed else HeartbeatOutcome()


def _not_json(_text: str) -> NoReturn:
    raise BadClaim("constant")


def _naming(error: AcademyError, seq: int | None) -> AcademyError:
    """The error with the heartbeat's sequence: a player drops a heartbeat only on a response that names it."""
    error.details = {} if seq is None else {"seq": seq}
    return error


def read_heartbeat(signer: Signer, body: bytes) -> Heartbeat:
    """Parse a heartbeat from a request's body; any other content (a duration, “complete”) is ignored.

    Raises:
        TooLarge: too many bytes or spans.
        BadHeartbeat: not a heartbeat.
        LeaseRefused: the token is invalid or expired.
    """
    if len(body) > MAX_HEARTBEAT_BYTES:
        raise TooLarge(msg("提交的内容太大。"))
    seq: Any = None
    try:
        content: Any = json.loads(body, parse_constant=_not_json)
        position, spans = content.get("position"), content["spans"]
        if type(content.get("seq")) is int and 0 <= content["seq"] <= MAX_SEQ:
            seq = content["seq"]  # named in every response from here on
        if isinstance(spans, list) and len(spans) > rules.MAX_CLAIM:
            raise TooLarge(msg("提交的内容太大。"))
        grant = signer.read(content["lease"])
        if seq is None:
            raise BadClaim("seq")
        if position is not None and (type(position) is not int or not 0 <= position <= 2**31):
            raise BadClaim("position")
        claimed = rules.check_claim(spans, grant.extent, grant.unit)
    except TooLarge as error:
        raise _naming(error, seq) from None
    except BadToken:
        raise _naming(LeaseRefused("unknown"), seq) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _naming(BadHeartbeat(msg("请求有误，请返回重试。")), seq) from None
    at_ms = clock.now_ms()
    if at_ms > grant.expires_s * 1000:
        raise _naming(LeaseRefused("expired"), seq)
    return Heartbeat(grant, seq, claimed, position, at_ms)
