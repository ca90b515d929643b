"""What a name, a number, a phone, a date and a header may look like."""

import datetime as dt
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.people import rules
from academy.people.rules import Unreadable
from academy.roster import columns, sheet_csv

TODAY = dt.date(2026, 3, 5)


@given(st.dates(rules.EARLIEST, TODAY), st.sampled_from(["{:%Y-%m-%d}", "{:%Y/%m/%d}", "{0.year}.{0.month}.{0.day}"]))
def test_a_day_is_read_however_it_is_written(day: dt.date, form: str) -> None:
    assert rules.read_date(form.format(day), today=TODAY) == day
    assert rules.read_date(f"{day.year}年{day.month}月{day.day}日", today=TODAY) == day
    assert rules.read_date(f"{day:%Y%m%d}", today=TODAY) == day


@pytest.mark.parametrize(
    "text", ["1990-02-30", "2026-03-06", "1899-12-31", "1990", "32874", "1990-13", "199001", "生日", "1-1-1990"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        rules.read_date(text, today=TODAY)


@pytest.mark.parametrize("read", [rules.read_phone, rules.read_gender, rules.read_status])
def test_blank_is_nothing(read: object) -> None:
    assert read("") is None and read("  ") is None  # type: ignore[operator]


@pytest.mark.parametrize(
    "text", ["13800001234", "138 0000 1234", "+86 138-0000-1234", "008613800001234", "１３８００００１２３４"]
)
def test_a_mobile_is_read_however_it_is_typed(text: str) -> None:
    assert rules.read_phone(text) == "13800001234"


@pytest.mark.parametrize("text", ["1380000123", "12800001234", "138000012345", "=13800001234", "电话", "1.38E+10"])
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        rules.read_phone(text)


@given(st.text(max_size=80))
def test_whatever_is_accepted_as_a_name_is_harmless(text: str) -> None:
    try:
        name = rules.read_name(text)
    except Unreadable:
        return
    assert name and len(name) <= 60
    assert name == name.strip()
    # Not `isprintable`: it is false for ideographs newer than this Python, and people have them in their names.
    assert not any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for letter in name)
    assert name[0] not in "=+-@\t\r"


@given(st.text(max_size=60))
def test_a_number_is_plain_or_refused(text: str) -> None:
    try:
        number = rules.read_member_number(text)
    except Unreadable:
        return
    assert number.isascii() and 1 <= len(number) <= 40


def test_full_width_is_read_as_typed() -> None:
    assert rules.read_member_number("Ａ００１") == "A001"
    assert rules.read_organisation_code(" 001-1 ") == "001-1"


@pytest.mark.parametrize("name", ["阿依古丽·买买提", "欧阳建国", "O'Brien", "Anna Maria Li"])
def test_names_of_every_people_pass(name: str) -> None:
    assert rules.read_name(name) == name


@pytest.mark.parametrize(
    "unseen",
    "\xad\u034f\u115f\u1160\u17b4\u180b\u180e\u200b\u200d\u200e\u202c\u2060\u2064\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff9"
    "\U000e0041\U000e0100\U000e01ef",
)
def test_what_nobody_sees_is_no_other_name_and_no_other_number(unseen: str) -> None:
    """Fillers are letters by their category, a variation selector belongs to the character before it."""
    assert rules.read_name(f"赵{unseen}小满{unseen}") == "赵小满"
    assert rules.read_member_number(f"{unseen}A0{unseen}1") == "A01"
    assert rules.read_date(f"1980{unseen}-1-1", today=dt.date(2026, 1, 1)) == dt.date(1980, 1, 1)


@pytest.mark.parametrize("text", ["—", "/", "*", "…", "1", "null", "NULL", "NaN", "n/a", "Undefined", "None", " - "])
def test_what_stands_where_no_name_is_known_is_no_name(text: str) -> None:
    with pytest.raises(Unreadable):
        rules.read_name(text)


@pytest.mark.parametrize("text", ["null", "NaN", "None", "undefined", "N/A"])
def test_what_programs_write_for_nothing_is_no_number(text: str) -> None:
    for read in (rules.read_member_number, rules.read_organisation_code, rules.read_phone, rules.read_gender):
        with pytest.raises(Unreadable):
            read(text)  # type: ignore[operator]


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True))
def test_a_masked_phone_keeps_only_its_ends(phone: str) -> None:
    shown = rules.mask_phone(phone)
    assert shown == f"{phone[:3]}****{phone[-4:]}"
    assert rules.mask_phone("123456") == "****"


def test_the_header_is_guessed_in_any_dress() -> None:
    header = ["序号", "党员编号*", "姓 名", "所在组织代码（必填）", "联系电话", "入党时间", "备注"]
    found = columns.guess(columns.MEMBERS, header)
    assert found == {"number": 1, "name": 2, "organisation": 3, "joined_on": 5, "phone": 4}
    assert columns.problem(columns.MEMBERS, header, found) is None
    assert columns.unused_headings(header, found) == ["序号", "备注"]


def test_what_was_remembered_wins_over_the_guess() -> None:
    header = ["编号", "姓名", "组织代码", "新代码"]
    assert columns.guess(columns.MEMBERS, header, {"organisation": "新代码"})["organisation"] == 3
    assert columns.guess(columns.MEMBERS, header, {"organisation": "没有了"})["organisation"] == 2


def test_a_header_with_a_formula_or_a_column_used_twice_is_refused() -> None:
    good = {"number": 0, "name": 1, "organisation": 2}
    assert "表头第 2 列是公式" in str(columns.problem(columns.MEMBERS, ["编号", '="姓名"', "组织代码"], good))
    twice = {"number": 0, "name": 1, "organisation": 1}
    assert "第 2 列被用了两次" in str(columns.problem(columns.MEMBERS, ["编号", "姓名", "组织代码"], twice))


@pytest.mark.thorough
@given(st.text(st.characters(codec="gb18030", exclude_characters="\x00"), min_size=1, max_size=200))
def test_chinese_in_either_encoding_is_found_out(text: str) -> None:
    sample = f"编号,姓名\n{text}"
    assert sheet_csv.detect(io.BufferedReader(io.BytesIO(sample.encode("utf-8")))) == "utf-8-sig"  # type: ignore[arg-type]
    found = sheet_csv.detect(io.BufferedReader(io.BytesIO(sample.encode("gb18030"))))  # type: ignore[arg-type]
    assert found == "gb18030"
