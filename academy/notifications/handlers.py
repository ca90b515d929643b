"""Notifications written inside the transaction that changes people."""

from sqlalchemy import delete, or_

from academy.accounts.api import AccountTouched, DataRequestDecided, PersonErased
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.jobs import api as jobs
from academy.notifications.models import Notification
from academy.notifications.preferences import erase_preferences
from academy.notifications.service import notify

TOUCHED: dict[str, Message] = {
    "code": msg("有人给您的账号发了激活码。如果不是您要的，请马上告诉安全管理员。"),
    "password": msg("您的账号设了新密码。如果不是您本人，请马上告诉安全管理员。"),
    "second-step": msg("您的账号开启了两步验证。如果不是您本人，请马上告诉安全管理员。"),
    "second-step-replaced": msg("您的两步验证换到了另一部手机。如果不是您本人，请马上告诉安全管理员。"),
    "second-step-approved": msg("安全管理员核对了您的两步验证。如果没有人问过您，请马上告诉系统管理员。"),
    "second-step-removed": msg("您的两步验证取消了。如果您不知道这件事，请马上告诉安全管理员。"),
    "paper-codes": msg("您的两步验证备用码换了一批。如果不是您本人，请马上告诉安全管理员。"),
}


@jobs.handles(AccountTouched, in_transaction=True)
def notify_owner(tx: Tx, event: AccountTouched) -> None:
    """Once for each request."""
    key = f"account.touched:{event.account_id}:{new_id()}"
    notify(tx, key=key, body=TOUCHED[event.what], link="/me", account_id=event.account_id, kind="account.touched")


@jobs.handles(PersonErased, in_transaction=True)
def delete_messages(tx: Tx, event: PersonErased) -> None:
    """Delete the messages of members whose data was erased, and what they chose about them."""
    mine = or_(Notification.member_id == event.member_id, Notification.account_id == event.account_id)
    tx.execute(delete(Notification).where(mine))
    erase_preferences(tx, event.account_id)


@jobs.handles(DataRequestDecided, in_transaction=True)
def notify_requester(tx: Tx, event: DataRequestDecided) -> None:
    """Notify the requester; the answer is on the page about their own data."""
    notify(
        tx,
        key=f"data.decided:{event.request}",
        body=msg("您对个人信息提的要求有结果了。"),
        link="/me/data",
        account_id=event.account_id,
        kind="data.decided",
    )
