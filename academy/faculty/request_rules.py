"""Rules of topic requests. Pure."""

from academy.core.i18n import Message, msg
from academy.faculty.request_kinds import RequestState

TITLE_LENGTH, BODY_LENGTH, REASON_LENGTH = 60, 300, 300
MOST_OPEN = 5
"""Requests of one person that nobody has decided on."""

REQUEST_STATE_NAMES: dict[RequestState, Message] = {
    RequestState.OPEN: msg("收集中"),
    RequestState.SHORTLISTED: msg("已入选"),
    RequestState.PLANNED: msg("已排课"),
    RequestState.DECLINED: msg("这次不排"),
    RequestState.MERGED: msg("已合并"),
}
REQUEST_MOVES: dict[RequestState, tuple[RequestState, ...]] = {
    RequestState.OPEN: (RequestState.SHORTLISTED, RequestState.DECLINED, RequestState.MERGED),
    RequestState.SHORTLISTED: (
        RequestState.OPEN,
        RequestState.PLANNED,
        RequestState.DECLINED,
        RequestState.MERGED,
    ),
    RequestState.PLANNED: (RequestState.SHORTLISTED,),
    RequestState.DECLINED: (RequestState.OPEN,),
    RequestState.MERGED: (RequestState.OPEN, RequestState.SHORTLISTED),
}
"""State → states that may follow; back to an earlier one is the undoing of a decision."""
SUPPORTED = (RequestState.OPEN, RequestState.SHORTLISTED)
"""States in which voices are given; a voice can be withdrawn in every state."""


def may_follow(state: str, following: RequestState) -> bool:
    """Whether a request in one state may pass into another."""
    return following in REQUEST_MOVES[RequestState(state)]
