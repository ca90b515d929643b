"""Derives the post from a position's title, by tables of the prefixes and suffixes that registers use. Pure.

A title may name several offices (党委副书记、纪委书记); the highest that counts is the post. Former holders
(原支部书记), designated ones (拟任书记), assistants (书记助理) and offices of other bodies (团委书记) have none.
"""

import re
from functools import lru_cache

from academy.people.kinds import Post

POSTS = tuple(Post)
"""The highest first."""

_MARKS = re.compile(r"[\s\u200b-\u200f\ufeff]+")
_BRACKETS = re.compile(r"[(（\[【〔]([^()（）\[\]【】〔〕]{0,40})[)）\]】〕]")
_BETWEEN = re.compile(r"[、，,；;/／|＋+&]|兼任|兼(?!职)|以及|及")

# A former or future holder: at the beginning of a part, or in brackets after it. 原 and 前 also begin names of places
# (原平市, 前进村): those are not meant.
_NOT_HELD = re.compile(
    r"原(?![平阳州野林种])|前(?=任|党|支|总支|书记|副书记|第一|委员|村支|村党|社区支|社区党)|前任|曾任|曾|历任|离任|卸任|退休|退职|离职|辞去"
    r"|拟任|拟|候任|待任|预备|后备|推荐|提名|候选"
)
_NOT_HELD_INSIDE = re.compile(
    r"离任|卸任|离职|退休|退职|已退|已免|免职|辞|届满|(?:^|[^平])原任|^原$|^前$|曾任|拟任|拟$|^拟|候任|待任|候选|后备|人选|到期|任职至|[-—–~至]\s*\d{4}年?$"
)
# Other bodies that have secretaries and committees of their own.
_OTHER_BODY = re.compile(
    r"共青团|(?<![集兵社剧乐旅工师军])团(?:省|市|县|区|工|乡|镇|总)?(?:委|支部|总支|支)|青年团|少先队|学生会"
    r"|工会|妇联|妇代会|妇女|科协|文联|侨联|商会|协会|学会"
    r"|纪委|纪检(?!委员)|纪律检查(?!委员(?!会))|纪工委|监委|监察|政法委|政协|人大|综治|民兵|调解|村民委员会|居民委员会|监督委员会|理事会|董事会|监事会"
)
# Suffixes of 书记 or 支书 that make it an office of its own.
_HELPERS = r"助理|秘书|员|处|办公室|办|专员|司机|联络|人选|候选|后备|培养|提名|助手|文书|信箱|工作室"
_SECRETARY = re.compile(rf"(?:书记|支书(?!记))(?!{_HELPERS})")
_DEPUTY = re.compile(rf"(?:副(?:支部|总支|党支部)?书记|副支书(?!记))(?!{_HELPERS})")
_FIRST = re.compile(r"第一(?:党?支部)?书记|第一支书|名誉书记|荣誉书记|驻村书记|挂职书记")
_COMMITTEE = re.compile(r"(?:委员|常委|支委|党委委员)(?!会|长|助理|候选|人选|提名)")


@lru_cache(20_000)
def post_of(position: str) -> str:
    """One of `POSTS`. A first secretary sent to a village is not the branch's own; an acting one is."""
    found = "other"
    for part in _parts(_MARKS.sub("", position[:200])):
        post = _post_of_part(part)
        if POSTS.index(post) < POSTS.index(found):
            found = post
    return found


def _parts(text: str) -> list[str]:
    """The offices in a title, each with the remarks in brackets after it."""
    remarks: list[str] = []

    def keep(match: re.Match[str]) -> str:
        remarks.append(match[1])
        return f"\x00{len(remarks) - 1}\x00"

    parts = _BETWEEN.split(_BRACKETS.sub(keep, text))
    return [re.sub("\x00(\\d+)\x00", lambda match: f"({remarks[int(match[1])]})", part) for part in parts]


def _post_of_part(part: str) -> str:
    inside = "|".join(match[1] for match in _BRACKETS.finditer(part))
    plain = _BRACKETS.sub("", part)
    if not plain or _NOT_HELD.match(plain) or (inside and _NOT_HELD_INSIDE.search(inside)):
        return "other"
    if _OTHER_BODY.search(plain):
        return "other"
    without = _FIRST.sub("", plain)
    if _DEPUTY.search(without):
        return "deputy"
    if _SECRETARY.search(re.sub(r"副\w{0,4}(?:书记|支书)", "", without)):
        return "secretary"
    return "committee" if _COMMITTEE.search(without) else "other"
