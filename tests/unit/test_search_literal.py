"""What is literally there, and numerals in every form: the pure parts of search."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.search.literal import EQUAL, INSIDE, RUNS, WHOLE, WRITTEN, Literal, LiteralText, level, numbers, spans
from academy.search.numerals import BEGIN, END, counted
from academy.search.query_parser import parse
from academy.search.text import Segmenter, normalise, squeeze

SEGMENTER = Segmenter()
MIXED = st.text(
    alphabet="党建茶叶二十三百万点一〇○計画計劃畫座標壹贰20.,3%+#-cCaAz 　ｗＷｉ，。“”\"'\n\u200b\u00ad①㈠ßΣİé𠮷",
    max_size=40,
)
DIGITS, UNITS = "零一二三四五六七八九", ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十"))
FULL = str.maketrans("0123456789", "０１２３４５６７８９")
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")


def chinese(number: int) -> str:
    """A number as it is read aloud."""
    if number < 10:
        return DIGITS[number]
    size, unit = next(one for one in UNITS if number >= one[0])
    head, rest = divmod(number, size)
    gap = "零" if rest and rest < size // 10 else ""
    written = chinese(head) + unit + gap + (chinese(rest) if rest else "")
    return written.removeprefix("一") if 10 <= number < 20 else written


def forms(number: int) -> set[str]:
    """Every way in which a whole number is written."""
    read = chinese(number)
    found = {str(number), str(number).translate(FULL), f"{number:,}", read}
    found |= {read.translate(FORMAL)} if len(read) > 1 and number > 19 else set()
    found |= {read.replace("二百", "两百"), read.replace("二千", "两千"), read.replace("零", "〇")}
    found |= {f"{number // 10**4}万"} if number and number % 10**4 == 0 and number < 10**8 else set()
    return found


@given(st.integers(0, 10**9))
def test_every_form_of_a_number_is_the_same_number(number: int) -> None:
    assert {counted(normalise(form)) for form in forms(number)} == {counted(str(number))}, forms(number)


@given(st.integers(1000, 9999))
def test_a_year_is_read_digit_by_digit(year: int) -> None:
    for zero in "零〇○":
        written = "".join(DIGITS[int(digit)] for digit in str(year)).replace("零", zero)
        assert counted(written + "年") == counted(f"{year}年")


@given(st.integers(0, 99), st.integers(1, 99))
def test_decimals_and_percentages(whole: int, part: int) -> None:
    spoken = f"{chinese(whole)}点{''.join(DIGITS[int(digit)] for digit in str(part))}"
    assert counted(spoken) == counted(f"{whole}.{part}")
    assert counted(f"百分之{spoken}") == counted(f"{whole}.{part}%") == counted(normalise(f"{whole}．{part}％"))


@given(st.text(alphabet="0129.,点一两〇零十百千万亿廿分之壹拾%", max_size=50))
def test_no_row_of_digits_and_units_breaks_it(text: str) -> None:
    whole = counted(text)
    assert whole.count(BEGIN) == whole.count(END) and LiteralText(text).counted is not None


@pytest.mark.parametrize(
    "text",
    ["百姓", "千万", "万一", "亿", "十四五岁", "十四五个人", "二十四五", "二百十四五", "十五六", "十四六", "十三五五"],
)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert counted(text) == text


@given(st.integers(11, 19), st.sampled_from(["", "规划", "”时期", "、", "。", "期间", "末", "the"]))
def test_a_plan_is_called_by_its_number_and_the_five(plan: int, behind: str) -> None:
    """Ten and a digit, then five: spoken, and typed in digits; and no part of it is a number by itself."""
    spoken, typed = f"{chinese(plan)}五", f"{plan}5"
    assert counted(f"“{spoken}{behind}") == counted(f"“{typed}{behind}")
    for part in (spoken[:2], spoken[1:], typed[:2], typed[1:]):
        assert Literal(part).counted not in LiteralText(f"“{typed}{behind}").counted
    assert LiteralText(f"“{spoken}{behind}").holds(Literal(typed))
    assert LiteralText(f"“{typed}{behind}").holds(Literal(spoken))
    assert not LiteralText(f"{spoken}{behind}").holds(Literal(str(plan)))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("20大", "二十大"),
        ("第3章", "第三章"),
        ("两个维护", "2个维护"),
        ("1亿2000万元", "一亿二千万元"),
        ("3.5万", "三万五"),
        ("二百五十", "250"),
        ("六百十二", "612"),
        ("廿四", "24"),
        ("第1书记", "第一书记"),
    ],
)
def test_numbers_in_running_text(text: str, same: str) -> None:
    assert counted(text) == counted(same) != text


def test_a_number_is_not_a_part_of_another() -> None:
    assert Literal("20大").counted not in LiteralText("一百二十大").counted
    assert BEGIN in counted("二十") and END in counted("二十")


@given(MIXED, st.data())
def test_a_part_of_a_text_has_a_part_of_its_form_and_of_its_pairs(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    typed = text[start : data.draw(st.integers(start, len(text)))]
    sought, whole = Literal(typed), LiteralText(text)
    assert sought.plain in whole.plain
    if len(sought.plain) > 1:
        assert set(sought.pairs[0]) <= set(numbers([whole]).tolist())
    if sought.plain:
        assert whole.level(sought) >= WRITTEN


@given(MIXED)
def test_what_is_marked_is_what_was_sought(text: str) -> None:
    for start, stop in spans(text, [Literal("茶叶"), Literal("20"), Literal("c")]):
        assert 0 <= start < stop <= len(text)
        assert squeeze(normalise(text[start:stop])).startswith(("茶叶", "c", "20", "二")) or counted(
            normalise(text[start:stop])
        ) in {counted("20"), counted("二十")}


def test_signs_stay_with_what_they_belong_to_and_others_part_nothing() -> None:
    for sign in ("C++", "C#", "3.5%", "1+1+N", "互联网+"):
        assert squeeze(normalise(sign)) == sign.lower()
        assert sign.lower() == Literal(sign).plain
    assert "c++" in SEGMENTER.words("学习c++语言") and "3.5%" in SEGMENTER.words("增长3.5%以上")
    for one, other in (("Wi-Fi", "WiFi"), ("COVID-19", "covid19"), ("Ｗｉ－Ｆｉ　６", "wifi6"), ("1,000", "1000")):
        assert squeeze(normalise(one)) == squeeze(normalise(other))
    assert not LiteralText("c语言").holds(Literal("C++")) and not LiteralText("增长35").holds(Literal("3.5%"))


def test_how_well_a_text_holds_what_was_typed() -> None:
    def held(typed: str, *texts: str) -> int:
        question = parse(typed, SEGMENTER)
        return level([*map(LiteralText, texts)], question.whole, question.runs)

    assert held("信访条例", "《信访条例》解读") == WHOLE
    assert held("信访条例", "信访，条例") == WRITTEN
    assert held("信访 条例", "信访工作条例") == held("王大山 茶叶", "我们种茶叶", "王大山") == RUNS
    assert held("ai", "said") == INSIDE and held("ai", "said AI") == WHOLE
    assert held("20大", "学习二十大精神") == EQUAL
    assert held("信访条例", "信访工作条例") == 0 == held("，", "信访")


@pytest.mark.parametrize("piece", ["一", "1,", "万", "1.2", "百分之", "二点", "+", "c+", "壹", "廿", " “"])
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Of a text from outside: ten times as much takes about ten times as long."""

    def spent(count: int) -> float:
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            text = LiteralText(piece * count)
            _ = text.plain, text.counted, list(spans(text.normal, [Literal(piece * 3)]))
            best = min(best, time.process_time() - started)
        return best

    assert spent(5_000) < 40 * max(spent(500), 0.0005)
