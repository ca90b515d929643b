"""Two plans compared in words."""

from academy.core.i18n import Message, nmsg
from academy.faculty.planning.score import Score


def losses(better: Score, worse: Score) -> list[Message]:
    """What the second plan leaves undone and the first does not, one sentence a field; fields where it isn't worse are
    left out."""
    more = Score(*(b - a for a, b in zip(better, worse, strict=True)))
    sentences = [
        (more.slipping, nmsg("%(n)s 项义务会逾期", more.slipping)),
        (more.undemanded, nmsg("教学计划里有 %(n)s 个题目开不了", more.undemanded)),
        (more.unmet, nmsg("%(n)s 人次点的题排不上", more.unmet)),
        (more.empty, nmsg("多 %(n)s 个晚上没有课", more.empty)),
        (more.misfit, nmsg("多 %(n)s 处讲到主讲方向以外", more.misfit)),
        (more.load, nmsg("已经讲过的人多担 %(n)s 讲", more.load)),
        (more.uneven, nmsg("同一晚撞在一起的课多 %(n)s 对", more.uneven)),
        (more.moved, nmsg("比原来的稿子多动 %(n)s 处", more.moved)),
    ]
    return [sentence for number, sentence in sentences if number > 0]


def gains(worse: Score, better: Score) -> list[Message]:
    """What the second plan does and the first leaves undone, one sentence a field."""
    less = Score(*(a - b for a, b in zip(worse, better, strict=True)))
    sentences = [
        (less.slipping, nmsg("多满足 %(n)s 项义务", less.slipping)),
        (less.undemanded, nmsg("教学计划多开 %(n)s 个题目", less.undemanded)),
        (less.unmet, nmsg("多照顾 %(n)s 人次点的题", less.unmet)),
        (less.empty, nmsg("少 %(n)s 个晚上没有课", less.empty)),
        (less.misfit, nmsg("少 %(n)s 处讲到主讲方向以外", less.misfit)),
        (less.load, nmsg("已经讲过的人少担 %(n)s 讲", less.load)),
        (less.uneven, nmsg("同一晚撞在一起的课少 %(n)s 对", less.uneven)),
        (less.moved, nmsg("比原来的稿子少动 %(n)s 处", less.moved)),
    ]
    return [sentence for number, sentence in sentences if number > 0]
