"""What happens to messages in the transaction that changes people."""

from sqlalchemy import delete, or_

from academy.accounts.facts import AccountTouched, DataRequestDecided, PersonErased
from academy.core.db import Tx
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.jobs import within
from academy.notices.models import Notice
from academy.notices.service import notify

TOUCHED: dict[str, Message] = {
    "code": msg("有人给您的账号发了激活码。如果不是您要的，请马上告诉安全管理员。"),
    "password": msg("您的账号设了新密码。如果不是您本人，请马上告诉安全管理员。"),
    "second-step": msg("您的账号开启了两步验证。如果不是您本人，请马上告诉安全管理员。"),
    "second-step-replaced": msg("您的两步验证换到了另一部手机。如果不是您本人，请马上告诉安全管理员。"),
    "second-step-approved": msg("安全管理员核对了您的两步验证。如果没有人问过您，请马上告诉系统管理员。"),
    "second-step-removed": msg("您的两步验证取消了。如果您不知道这件事，请马上告诉安全管理员。"),
    "paper-codes": msg("您的两步验证备用码换了一批。如果不是您本人，请马上告诉安全管理员。"),
}


@within(AccountTouched)
def tell_the_owner(tx: Tx, fact: AccountTouched) -> None:
    """Each time, for each is an occasion of its own."""
    key = f"account.touched:{fact.account_id}:{new_id()}"
    notify(tx, key=key, body=TOUCHED[fact.what], link="/me", account_id=fact.account_id, kind="account.touched")


@within(PersonErased)
def delete_messages(tx: Tx, fact: PersonErased) -> None:
    """The messages of who had their data erased go."""
    mine = or_(Notice.member_id == fact.member_id, Notice.account_id == fact.account_id)
    tx.execute(delete(Notice).where(mine))


@within(DataRequestDecided)
def tell_who_asked(tx: Tx, fact: DataRequestDecided) -> None:
    """The answer is on the page of one's own data."""
    notify(
        tx,
        key=f"data.decided:{fact.request}",
        body=msg("您对个人信息提的要求有结果了。"),
        link="/me/data",
        account_id=fact.account_id,
        kind="data.decided",
    )
