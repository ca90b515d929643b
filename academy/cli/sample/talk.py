"""Talk under a lecture of the sample city: notes, favourites, questions in every state, a clip that the
latest training asks to see first. The lecture's captions come later, with its file: by then everything hangs on the
words themselves."""

import datetime as dt

from sqlalchemy import select, update

from academy.cli.sample import statutes
from academy.cli.sample.courses import COURSES, SampleShelf
from academy.cli.sample.studies import CAMPAIGNS
from academy.core import clock
from academy.core.database import Tx
from academy.library.models import Course, CourseVersion, ItemVersion
from academy.talk.models import Clip, Favourite, Note, Question
from academy.trainings.models import Training

LECTURE = COURSES[1]
MS_A_LETTER = 230
PAUSE_MS = 500
ARTICLES = 8

NOTES = (
    ("member", 4, "调解邻里的事先找小组长，再上村委会。回去跟老刘说一声。", 50),
    ("member", 17, "", 49),
    ("member", 8, "我们村现在五个小组，合并的事还没有表决过。", 20),
    ("elder", 2, "四个自我，五个民主。", 30),
    ("secretary", 13, "镇里要统一换门牌，这条拿去开会念。", 26),
)
"""Account, sentence, text (none: a bookmark), hours ago."""
QUESTIONS: tuple[tuple[str, int, str, str, str, str, int], ...] = (
    ("elder", 5, "村民代表会议一年开几次，没开怎么办？", "answered",
     "应当定期召开；够数的村民或者村民代表提出来，就要开。您可以先找村委会问，还不开，就向镇里反映。", "", 70),
    ("secretary", 18, "“近亲属回避”包不包括连襟？", "answered",
     "以选举办法写明的范围为准，我们市把连襟写进去了，报名时就要说明。", "", 44),
    ("member", 16, "我们村只有四百来人，也要选七个委员吗？", "shown", "", "", 9),
    ("member", 7, "撤并以后，老村的公章还能不能用？", "waiting", "", "", 5),
    ("elder", 14, "村里帮镇上收的合作医疗费，收据该找谁要？", "waiting", "", "", 2),
    ("member", 11, "我三叔家的宅基地为什么一直没批下来？", "refused", "", "personal", 33),
)  # fmt: skip
"""Account, sentence, question, state, answer, refusal, hours ago."""
COMMENT = "这件事请直接到镇自然资源所问，电话在村务公开栏上。"
CLIP = (16, 20)
FAVOURITES = (("member", (1, 4, 6)), ("elder", (4,)))


def make_talk(tx: Tx, accounts: dict[str, int]) -> None:
    """Insert the rows; `accounts` are by user name."""
    course, item = _lecture(tx, LECTURE)
    places = _places(LECTURE)
    now = clock.now()
    for who, line, body, hours in NOTES:
        at = now - dt.timedelta(hours=hours)
        key = f"sample-{who}-{line}"
        tx.add(
            Note(
                account_id=accounts[who], key=key, body=body, created_at=at, updated_at=at, **_hung(item, places[line])
            )
        )
    for who, line, body, state, answer, refusal, hours in QUESTIONS:
        at = now - dt.timedelta(hours=hours)
        is_decided = state != "waiting"
        tx.add(
            Question(
                account_id=accounts[who],
                key=f"sample-{line}",
                course_id=course.id,
                body=body,
                state=state,
                answer=answer,
                by_lecturer=state == "answered" and who == "secretary",
                refusal=refusal or None,
                comment=COMMENT if refusal else "",
                created_at=at,
                decided_by=accounts["trainer"] if is_decided else None,
                decided_at=at + dt.timedelta(hours=3) if is_decided else None,
                **_hung(item, places[line]),
            )
        )
    first, last = places[CLIP[0]], places[CLIP[1]]
    stretch = _hung(item, (first[0], last[1], first[2]))
    made = {"made_version": item.number, "made_start": first[0], "made_end": last[1]}
    clip = Clip(last_start=last[0], last_quote=last[2], last_words=last[2], **made, **stretch)
    tx.add(clip)
    tx.flush()
    tx.execute(update(Training).where(Training.title == CAMPAIGNS[-1].title).values(clip_id=clip.id))
    for who, chosen in FAVOURITES:
        for number in chosen:
            tx.add(Favourite(account_id=accounts[who], course_id=_lecture(tx, COURSES[number])[0].id))
    tx.flush()


def _lecture(tx: Tx, shelf: SampleShelf) -> tuple[Course, ItemVersion]:
    rows = tx.execute(
        select(Course, ItemVersion)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(ItemVersion, ItemVersion.course_version_id == CourseVersion.id)
        .where(CourseVersion.title == shelf.title)
        .order_by(ItemVersion.position)
    ).all()
    course, item = rows[0]
    return course, item


def _places(shelf: SampleShelf) -> list[tuple[int, int, str]]:
    """About when each sentence will be said, and its words: exactly those, because captions are made of them."""
    found, at = [], len(shelf.title) * MS_A_LETTER + PAUSE_MS
    for page in statutes.articles(shelf.law, shelf.first, ARTICLES):
        for sentence in page.sentences:
            text = f"{page.heading}，{sentence}" if sentence == page.sentences[0] else sentence
            found.append((at, at + len(text) * MS_A_LETTER, text))
            at = found[-1][1] + PAUSE_MS
    return found


def _hung(item: ItemVersion, place: tuple[int, int, str]) -> dict[str, object]:
    start, end, words = place
    return {
        "item_id": item.item_id,
        "item_version": item.number,
        "place_start": start,
        "place_end": end,
        "quote": words,
        "words": words,
    }
