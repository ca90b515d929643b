"""Normalisation of numerals, whatever digits they are written with: 二十 and 20, 二〇二六 and 2026. Pure.

A numeral is replaced by private use characters, with a mark before and one behind it. So it never matches a part of
another numeral (20 in 120), nor the original text, which is searched separately: nothing is lost where a Chinese digit
is no number (第一书记), and malformed numbers (十四五岁) are left alone. A five-year plan is called by its number and
the five (十四五), which people also type in digits (145): that is a numeral, too. No library parses numerals inside
running text: cn2an and its like take a complete string.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

BEGIN, END, POINT = "\ue00a", "\ue00b", "\ue00c"
SIGNS = "\ue000-\ue00c"
_SIGNS = str.maketrans("0123456789.", "".join(chr(0xE000 + n) for n in range(10)) + POINT)

_DIGITS = dict(zip("零〇○一二三四五六七八九两", (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2), strict=True))
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_TENS = {"廿": "二十", "卅": "三十"}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_GREAT = {"万": 10**4, "亿": 10**8}
_CHARACTERS = "0-9" + "".join((*_DIGITS, *_TENS, *_SMALL, *_GREAT))
LONGEST = 32
"""Maximum characters of a numeral; longer rows of digits have only one spelling."""

_NUMERAL = re.compile(
    rf"(?P<part>[百千]分之)?(?P<run>[{_CHARACTERS}]+(?:[.,点][{_CHARACTERS}]+)*)|[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{{2,}}"
)
_PLAN = re.compile(r"十([一二三四五六七八九])五")
_ABOUT = "岁个名位人天日年月里斤亩户家块元只头次公米度多来几"
"""Behind these measures 十四五 is fourteen or fifteen."""
_PIECES = re.compile(r"([.,点])")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|.")


def numerals(normal: str) -> Iterator[tuple[int, int, str]]:
    """Every numeral of a normal text: start, end, and replacement."""
    for match in _NUMERAL.finditer(normal):
        run = match["run"]
        if run is None:
            value = _value(match[0].translate(_FORMAL))
            if value:
                yield match.start(), match.end(), _signed(value)
            continue
        begin = match.start("run")
        whole = _decimal(run) or _plan(run, normal[match.end() : match.end() + 1])
        if whole:
            part = match["part"]
            sign = {"百分之": "%", "千分之": "‰"}[part] if part else ""
            yield match.start(), match.end(), _signed(whole) + sign
            continue
        for piece in _PIECES.split(run):
            value = _value(piece)
            if value:
                yield begin, begin + len(piece), _signed(value)
            begin += len(piece)


def may_count(normal: str) -> bool:
    """Whether there may be a numeral in it."""
    return _NUMERAL.search(normal) is not None


def counted(normal: str) -> str:
    """The text with every numeral replaced."""
    made, end = [], 0
    for start, stop, sign in numerals(normal):
        made += [normal[end:start], sign]
        end = stop
    return "".join([*made, normal[end:]])


def _signed(value: str) -> str:
    return BEGIN + value.translate(_SIGNS) + END


def _decimal(run: str) -> str | None:
    """A run that is one number, with decimal point and thousands separators."""
    if len(run) > LONGEST:
        return None
    run = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), run)
    whole, point, rest = run.partition("点")
    if not point:
        return None if "," in run else _value(run)
    unit = rest[-1:] if rest[-1:] in _GREAT else ""
    rest = rest.removesuffix(unit)
    value = _value(whole)
    if not value or not rest or not all(c in _DIGITS or c in "0123456789" for c in rest):
        return None
    return _value(f"{value}.{_digits(rest)}{unit}") if unit else f"{value}.{_digits(rest)}"


def _plan(run: str, following: str) -> str | None:
    """The number by which a five-year plan is called, from the eleventh on; earlier ones are digits (九五)."""
    plan = _PLAN.fullmatch(run)
    if plan is None or (plan[1] == "四" and following and following in _ABOUT):
        return None
    return f"1{_DIGITS[plan[1]]}5"


def _digits(run: str) -> str:
    return "".join(str(_DIGITS.get(c, c)) for c in run)


def _value(run: str) -> str | None:
    """The number in Arabic digits; None if malformed."""
    if not run or len(run) > LONGEST:
        return None
    for sign, tens in _TENS.items():
        run = run.replace(sign, tens)
    tokens = _TOKEN.findall(run)
    if not any(token in _SMALL or token in _GREAT for token in tokens):
        plain = len(tokens) == 1 and tokens[0][0] in "0123456789"
        return _digits(run) if plain or all(token in _DIGITS for token in tokens) else None
    found = _Reading().read(tokens)
    if found is None:
        return None
    written = f"{found:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


class _Reading:
    """Parses digits and units: 三千零五, 1亿2000万, 二百五."""

    def __init__(self) -> None:
        self.total, self.section = Decimal(0), Decimal(0)
        self.digit: Decimal | None = None
        self.filled = False  # a zero as a placeholder
        self.unit = self.great = 0

    def read(self, tokens: list[str]) -> Decimal | None:
        for part in tokens:
            if part in _SMALL:
                good = self._small(_SMALL[part])
            elif part in _GREAT:
                good = self._great(_GREAT[part])
            else:
                good = self._digit(part)
            if not good:
                return None
        return self._end()

    def _digit(self, digits: str) -> bool:
        if self.digit is not None or digits in ".,点":
            return False
        value = Decimal(_DIGITS.get(digits, digits))
        if digits in _DIGITS and not value:
            self.filled = True
        else:
            self.digit = value
        return True

    def _small(self, unit: int) -> bool:
        if self.unit and unit >= self.unit:
            return False
        if self.digit is None:
            if unit != 10 or (self.section and self.unit != 100 and not self.filled):
                return False  # 十二, 六百十, 一千零十; but not 一千百
            self.digit = Decimal(1)
        self.section += self.digit * unit
        self.digit, self.filled, self.unit = None, False, unit
        return True

    def _great(self, unit: int) -> bool:
        self.section += self.digit or 0
        if unit == 10**8:
            self.section, self.total = self.total + self.section, Decimal(0)
        if not self.section or unit == self.great:
            return False
        self.total += self.section * unit
        self.section, self.digit, self.filled, self.unit = Decimal(0), None, False, 0
        self.great = unit
        return True

    def _end(self) -> Decimal:
        last = self.unit or self.great
        if self.digit is not None and last > 10 and not self.filled and self.digit < 10:
            self.digit *= last // 10  # 二百五, 三万五
        return self.total + self.section + (self.digit or 0)
