"""Error messages of the subtitle parsers. Pure.

The parser runs in another process (`caption_files`), which returns the sentence and a number; the parent accepts only
sentences of this list.
"""

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg

TOO_LARGE = msg("字幕文件超过 5 MB，请检查是否选错了文件。")
UNKNOWN_ENCODING = msg("认不出字幕文件的文字编码，请另存为 UTF-8 后再上传。")
NO_CUES = msg("没有找到字幕。支持 SRT、VTT、ASS 字幕和 TXT 讲稿。")
TOO_MANY = msg("字幕超过 %(count)s 条，请检查是否选错了文件。")
NO_DURATION = msg("讲稿要等视频处理好、知道时长之后才能导入。")
LONGER_THAN_LECTURE = msg("讲稿比视频长得多，请检查是否选错了文件。")
UNREADABLE_TIMES = msg("第 %(line)s 行：时间写法不对，应像 00:01:02,500 --> 00:01:05,000。")
NEGATIVE_TIMES = msg("第 %(line)s 行：时间不能是负数。")
REVERSED_TIMES = msg("第 %(line)s 行：结束时间早于开始时间。")
IMPOSSIBLE_TIMES = msg("第 %(line)s 行：时间超出了合理范围。")
WRONG_COLUMNS = msg("第 %(line)s 行：列数不对，读不出字幕文字。")

_ALL = (
    TOO_LARGE,
    UNKNOWN_ENCODING,
    NO_CUES,
    TOO_MANY,
    NO_DURATION,
    LONGER_THAN_LECTURE,
    UNREADABLE_TIMES,
    NEGATIVE_TIMES,
    REVERSED_TIMES,
    IMPOSSIBLE_TIMES,
    WRONG_COLUMNS,
)
PARAMETERS = {one.text: next((name for name in ("line", "count") if f"%({name})s" in one.text), None) for one in _ALL}
"""The placeholder of each sentence, by its text; None for a sentence without one."""


def at_line(sentence: Message, line: int) -> Message:
    """An error message about the line of that number."""
    return Message(sentence.text, {"line": line})


def refused(*errors: Message) -> Invalid:
    """The error that a form shows beside its file."""
    return Invalid(fields={f"captions.{n}" if n else "captions": message for n, message in enumerate(errors)})
