"""Topics that members of the sample city would like leaders to teach, with voices, in every state."""

import datetime as dt
import random

from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.database import Tx
from academy.faculty.models import TopicRequest, TopicVoice
from academy.library.models import Category

ASKED: tuple[tuple[str, str, str, str, int, int], ...] = (
    ("village", "村集体的账怎么公开，群众才看得懂", "我们村贴了三张表，没人看得明白。", "shortlisted", 46, 40),
    ("governance", "网格员一天到底该干什么", "", "shortlisted", 31, 37),
    ("integrity", "惠农补贴发放里哪些事不能碰", "想听真案例。", "shortlisted", 28, 33),
    ("economy", "咱们县的茶叶怎么卖出省", "合作社今年压了两万斤。", "shortlisted", 52, 30),
    ("law", "土地流转合同怎么签才不吃亏", "", "shortlisted", 39, 29),
    ("skills", "怎么跟返乡的年轻人说上话", "支部里三十岁以下的只有两个。", "shortlisted", 17, 26),
    ("constitution", "发展党员到底有几步，一步都不能少", "", "shortlisted", 12, 25),
    ("village", "民宿和农家乐怎么才不一哄而上", "", "shortlisted", 35, 24),
    ("governance", "村民代表会怎么开才算数", "", "shortlisted", 26, 24),
    ("economy", "小额信用贷款怎么贷、怎么还", "", "shortlisted", 33, 23),
    ("law", "邻里占地的官司为什么打不赢", "", "shortlisted", 21, 22),
    ("integrity", "村干部最容易在哪一步栽跟头", "", "shortlisted", 44, 22),
    ("history", "我们县是怎么解放的", "", "shortlisted", 19, 21),
    ("skills", "群众骂上门来，第一句话怎么说", "", "shortlisted", 48, 19),
    ("theory", "实事求是：从一次减产说起", "", "shortlisted", 11, 18),
    ("models", "退休支书的十个本子", "", "shortlisted", 16, 16),
    ("village", "撂荒地怎么种回来", "", "shortlisted", 37, 15),
    ("theory", "县里的发展规划，讲给种地的人听", "", "open", 9, 12),
    ("village", "山上的水怎么引到高处的地", "", "open", 14, 8),
    ("governance", "独居老人由谁来管", "我们组里有六位。", "open", 23, 5),
    ("history", "云溪老区的交通站", "", "open", 6, 2),
    ("economy", "直播卖货怎么起步", "", "merged", 8, 20),
    ("models", "请隔壁市的全国劳模来讲", "", "declined", 5, 35),
)
"""Field, title, what it should be about, state, voices, days ago."""
MERGED_INTO = "咱们县的茶叶怎么卖出省"
REASON = "讲坛请本市各级领导干部讲。劳模的课我们录了两门，在“先进典型”里可以看。"


def make_topics(tx: Tx, accounts: dict[str, int], lot: random.Random) -> None:
    """Insert the rows; `accounts` are by user name."""
    now = clock.now()
    categories = {row.slug: row.id for row in tx.scalars(select(Category))}
    people = list(tx.scalars(select(Account.id).where(Account.member_id.is_not(None)).order_by(Account.id)))
    made: dict[str, TopicRequest] = {}
    for number, (field, title, body, state, voices, days) in enumerate(ASKED):
        asker = accounts["member"] if number % 5 == 0 else accounts["elder"] if number % 5 == 1 else lot.choice(people)
        at = now - dt.timedelta(days=days)
        into = made[MERGED_INTO] if state == "merged" else None
        row = TopicRequest(
            key=f"sample-{number}",
            title=title,
            body=body,
            category_id=categories[field],
            proposed_by=asker,
            state=state,
            is_demanded=field == "constitution",
            merged_into_id=into.id if into else None,
            state_before_merger="open" if into else None,
            reason=REASON if state == "declined" else "",
            created_at=at,
            decided_by=None if state == "open" else accounts["city"],
            decided_at=None if state == "open" else at + dt.timedelta(days=3),
        )
        tx.add(row)
        tx.flush()
        made[title] = row
        others = [one for one in people if one != asker]
        chosen = [asker, *lot.sample(others, min(voices - 1, len(others)))]
        tx.add_all(TopicVoice(request_id=row.id, account_id=one, given_at=at) for one in chosen)
