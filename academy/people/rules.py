"""Parsers of names, numbers, phones, dates and the register's terms. Pure."""

import contextlib
import datetime as dt
import re
from collections.abc import Mapping, Sequence

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.months import Month, earliest, latest
from academy.core.text import tidy_text
from academy.people.ages import age_on
from academy.people.name_spelling import clean_name, has_letters, is_plain, unmarked

ORGANISATION_KINDS: dict[str, Message] = {
    "committee": msg("党委"),
    "general_branch": msg("党总支"),
    "branch": msg("党支部"),
    "group": msg("党小组"),
}
ORGANISATION_LEVELS: dict[str, Message] = {
    "city": msg("市"),
    "county": msg("县（区）"),
    "town": msg("乡镇（街道）"),
    "branch": msg("支部"),
    "group": msg("小组"),
}
STATUSES: dict[str, Message] = {
    "active": msg("在册"),
    "floating": msg("流动"),
    "left": msg("已转出"),
    "deceased": msg("已去世"),
}
GENDERS: dict[str, Message] = {"male": msg("男"), "female": msg("女")}
POSTS: dict[str, Message] = {
    "secretary": msg("书记"),
    "deputy": msg("副书记"),
    "committee": msg("委员"),
    "other": msg("其他职务"),
}

PRESENT_STATUSES = ("active", "floating")
"""Statuses of members who are due."""

_STATUS_WORDS = {
    "active": ("在册", "正常", "正式", "正式党员", "预备", "预备党员", "active"),
    "floating": ("流动", "流动党员", "外出", "floating"),
    "left": ("已转出", "转出", "离开", "停止党籍", "出党", "left"),
    "deceased": ("已去世", "去世", "死亡", "已故", "deceased"),
}
_GENDER_WORDS = {"male": ("男", "男性", "male", "m"), "female": ("女", "女性", "female", "f")}
_KIND_WORDS = {
    "committee": ("党委", "党工委", "党组", "committee"),
    "general_branch": ("党总支", "总支", "general_branch"),
    "branch": ("党支部", "支部", "branch"),
    "group": ("党小组", "小组", "group"),
}

# Spellings that registers use besides the seven names that a new academy starts with.
SECTOR_WORDS = {
    "institution": ("事业",),
    "enterprise": ("国企",),
    "private": ("两新", "非公企业", "社会组织"),
    "education_health": ("学校", "医院"),
}


def _lookup(words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {word: code for code, spellings in words.items() for word in spellings}


_STATUS, _GENDER = _lookup(_STATUS_WORDS), _lookup(_GENDER_WORDS)
_KIND = _lookup(_KIND_WORDS)
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,39}")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.\-]{0,39}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}")
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号.]?(?:[ T]\s*0{1,2}:00(?::00(?:\.0{1,6})?)?Z?)?"
)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_ERROR = re.compile(
    r"#[A-Z0-9/_ ]{2,20}[!?]?|#[\u4e00-\u9fff]{1,6}[!?]?|#+|Err:\d{3}|n/a|nan|null|none|undefined", re.IGNORECASE
)
_ERROR_BEGINS = frozenset("#＃EeNnUu")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
EARLIEST = dt.date(1900, 1, 1)
ADULT_AGE = 18


class Unreadable(ValueError):
    """A value that cannot be accepted, with a reason for the user."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


LONGEST_FIELD = 200
"""Maximum characters of a field: longer than any accepted number, code, phone, date or term, so that a longer text is
still refused for its length."""


def tidy(text: str) -> str:
    """A short field's text, cut to `LONGEST_FIELD`: full-width digits and letters normalised, zero-width characters and
    surrounding spaces removed."""
    return tidy_text(unmarked(text[: 2 * LONGEST_FIELD]), LONGEST_FIELD)


def not_an_error(text: str) -> str:
    """The text itself.

    Raises:
        Unreadable: it is an error value of a spreadsheet (#N/A, #REF! …) or of a program that exports (NaN, null …).
    """
    if text[:1] in _ERROR_BEGINS and _ERROR.fullmatch(text.strip().replace("＃", "#")):
        raise Unreadable(msg("单元格是错误值 %(shown)s，请改成实际内容。", shown=text[:20]))
    return text


def plain(text: str) -> str:
    """A text without formulas and control characters.

    Raises:
        Unreadable: it would run as a formula in a spreadsheet, or holds invisible characters.
    """
    text = not_an_error(unmarked(text).strip())
    if text[:1] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"):
        raise Unreadable(msg("“%(shown)s”像是公式，请改成文字。", shown=text[:20]))
    # Tabs and line breaks are replaced by spaces; other invisible characters are refused.
    if not (text.isprintable() or "".join(text.split()).isprintable()):
        raise Unreadable(msg("有看不见的特殊字符，请重新输入。"))
    return text


def read_member_number(text: str) -> str:
    """The register's member number.

    Raises:
        Unreadable: blank, longer than 40 characters, or other than letters, digits and hyphens.
    """
    if text[:1] not in _ERROR_BEGINS and _NUMBER.fullmatch(text):
        return text
    number = tidy(not_an_error(text))
    if not number:
        raise Unreadable(msg("没有填编号。"))
    if not _NUMBER.fullmatch(number):
        raise Unreadable(msg("编号“%(shown)s”只能用字母、数字和短横线，最多 40 位。", shown=number[:50]))
    return number


def read_organisation_code(text: str) -> str:
    """An organisation's code.

    Raises:
        Unreadable: blank, longer than 40 characters, or other than letters, digits, dots and hyphens.
    """
    code = tidy(not_an_error(text))
    if not code:
        raise Unreadable(msg("没有填组织代码。"))
    if not _CODE.fullmatch(code):
        raise Unreadable(msg("组织代码“%(shown)s”只能用字母、数字、点和短横线，最多 40 位。", shown=code[:50]))
    return code


def read_name(text: str, *, longest: int = 60) -> str:
    """A person's or an organisation's name.

    Raises:
        Unreadable: blank, a sign without any letter, or longer than `longest` characters.
    """
    if len(text) <= longest and is_plain(text):
        return text  # the common case: nothing to clean, no formula
    name = clean_name(plain(text))
    if not has_letters(name):
        raise Unreadable(msg("没有填姓名。") if longest <= 60 else msg("没有填名称。"))
    if len(name) > longest:
        raise Unreadable(msg("“%(shown)s…”太长，最多 %(longest)s 个字。", shown=name[:10], longest=longest))
    return name


def read_text(text: str, *, longest: int) -> str | None:
    """An optional short text; blank is None.

    Raises:
        Unreadable: longer than `longest` characters.
    """
    value = " ".join(plain(text).split())
    if len(value) > longest:
        raise Unreadable(msg("“%(shown)s…”太长，最多 %(longest)s 个字。", shown=value[:10], longest=longest))
    return value or None


def read_phone(text: str) -> str | None:
    """A mobile number as eleven digits, or a landline; blank is None.

    Raises:
        Unreadable: no telephone number.
    """
    if _MOBILE.fullmatch(text):
        return text
    if not text or not text.strip():
        return None
    digits = re.sub(r"[\s\-()]", "", tidy(not_an_error(text)))
    digits = re.sub(r"^(\+|00)?86(?=1[3-9]\d{9}$)", "", digits)
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return digits
    raise Unreadable(msg("电话号码不对：应为 11 位手机号，或带区号的固定电话。"))


def read_date(text: str, *, today: dt.date) -> dt.date | None:
    """A day of the calendar, or a `Month` where the day is missing; between 1900 and today; blank is None.

    Raises:
        Unreadable: no day of the calendar, or outside those years.
    """
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
        with contextlib.suppress(ValueError):
            return plausible_day(dt.date.fromisoformat(text), today=today)
    value = tidy(not_an_error(text))
    if not value:
        return None
    if found := _MONTH.fullmatch(value):
        if 1 <= int(found[2]) <= 12:
            return plausible_day(Month(int(found[1]), int(found[2]), 1), today=today)
        raise Unreadable(_no_date(value))
    found = _DATE.fullmatch(value) or _COMPACT.fullmatch(value)
    try:
        day = dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise Unreadable(_no_date(value))
    return plausible_day(day, today=today)


def _no_date(value: str) -> Message:
    return msg("日期“%(shown)s”看不懂，请写成 1990-01-31 的样子；只知道年月就写 1990-01。", shown=value[:20])


def plausible_day(day: dt.date, *, today: dt.date) -> dt.date:
    """The day itself, when a living person could have been born or have joined on it."""
    if not EARLIEST <= day <= today:
        raise Unreadable(msg("日期 %(day)s 不合理。", day=day))
    return day


def read_word(text: str, known: dict[str, str], reason: Message) -> str | None:
    value = "".join(tidy(not_an_error(text)).lower().split())
    if not value:
        return None
    if value not in known:
        raise Unreadable(reason)
    return known[value]


def read_gender(text: str) -> str | None:
    """male, female or None."""
    return read_word(text, _GENDER, msg("性别“%(shown)s”看不懂，请填“男”或“女”。", shown=text[:20]))


def read_status(text: str) -> str | None:
    """A `MemberStatus`, or None when blank."""
    return read_word(text, _STATUS, msg("状态“%(shown)s”看不懂，请填在册、流动、已转出或已去世。", shown=text[:20]))


def read_organisation_kind(text: str) -> str | None:
    """A `OrganisationKind`, or None when blank."""
    return read_word(text, _KIND, msg("类型“%(shown)s”看不懂，请填党委、党总支、党支部或党小组。", shown=text[:20]))


def check_joining_age(birth: dt.date | None, joined: dt.date | None) -> None:
    """Check that the person joined at eighteen or later.

    Raises:
        Unreadable: the two dates can't both be right.
    """
    # For a month without its day the most favourable day counts.
    if birth and joined and age_on(earliest(birth), latest(joined)) < ADULT_AGE:
        raise Unreadable(msg("入党日期 %(joined)s 时还不满 18 岁，请核对出生日期和入党日期。", joined=joined))


def mask_phone(phone: str | None) -> str:
    """A phone as displayed: 138****1234."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "****"


def checked(**readers: "tuple[object, ...]") -> dict[str, object]:
    """Parse several form fields at once: ``checked(name=(read_name, text), …)``.

    Raises:
        Invalid: some cannot be accepted; every one of them is named.
    """
    values: dict[str, object] = {}
    wrong: dict[str, Message] = {}
    for field, (reader, text) in readers.items():
        try:
            values[field] = reader(text)  # type: ignore[operator]
        except Unreadable as error:
            wrong[field] = error.reason
    if wrong:
        raise Invalid(fields=wrong)
    return values
