"""The privacy text and consent to it; the text has a version."""

from sqlalchemy import select, update

from academy.accounts.models import Account, Consent
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.i18n import Message, msg

CONSENT_VERSION = "1"
"""Version of `CONSENT_TEXT`. Any change of the text needs a new version; everybody is then asked again."""

DIGESTS = {"1": "b81ad7ae26f73f52be1a0bd04caf511f437fb00d299061e0549283db31f17566"}
"""The SHA-256 of each version's Chinese sentences, so that no text changes under its version."""

CONSENT_TEXT: tuple[tuple[Message, Message], ...] = (
    (
        msg("用哪些信息"),
        msg("花名册里的姓名、编号、所在组织、出生和入党日期、职务、学历和手机；您看课的进度、完成情况和登录的设备。"),
    ),
    (
        msg("用来做什么"),
        msg(
            "让您登录和学习、接着上次看，统计培训是否完成，提醒还没学完的课。不排名，不打分，不用于别的事情，不给别人。"
        ),
    ),
    (
        msg("谁能看到"),
        msg(
            "您所在支部和上级组织负责党员教育的人，只看各自范围内的；每次查看个人资料都有记录。少于 5 人的统计不显示。"
        ),
    ),
    (
        msg("怎么保管"),
        msg("手机号加密保存，屏幕上只显示一部分。登录记录和消息到期自动删除；党籍和学习完成记录依规定保留。"),
    ),
    (
        msg("您的权利"),
        msg(
            "在“我的数据”里随时可以查看、下载，要求更正、停用或删除，也可以撤回同意。撤回后不能继续使用，之前的学习记录仍然有效。"
        ),
    ),
)


def give_consent(tx: Tx, actor: Actor, language: str) -> None:
    """Record consent to the present text."""
    account = tx.get_one(Account, actor.account_id, with_for_update=True, populate_existing=True)
    if account.consent_version == CONSENT_VERSION:
        return
    account.consent_version = CONSENT_VERSION
    tx.add(Consent(account_id=account.id, version=CONSENT_VERSION, language=language))
    tx.flush()
    record(tx, actor, "consent.given", f"account:{account.public_id}", version=CONSENT_VERSION, language=language)


def withdraw_consent(tx: Tx, actor: Actor) -> None:
    """Withdraw consent: all pages are blocked until a new consent; completed study stays."""
    account = tx.get_one(Account, actor.account_id, with_for_update=True, populate_existing=True)
    if account.consent_version is None:
        return
    tx.execute(
        update(Consent)
        .where(Consent.account_id == account.id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
    )
    record(tx, actor, "consent.withdrawn", f"account:{account.public_id}", version=account.consent_version)
    account.consent_version = None


def consents_of(tx: Tx, account_id: int) -> list[Consent]:
    """Consents of an account, newest first."""
    query = select(Consent).where(Consent.account_id == account_id).order_by(Consent.id.desc()).limit(50)
    return list(tx.scalars(query))
