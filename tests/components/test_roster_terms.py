"""Since when somebody holds a position, as a roster file says."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.runtime import Runtime
from academy.people.models import Member, MemberTerm
from tests.components.roster_office import Town, confirm, csv, plant, reasons, send


@pytest.fixture
def town(runtime: Runtime) -> Town:
    return plant(runtime)


HELD = "编号,姓名,组织代码,职务,任职日期"


def terms_of(runtime: Runtime, number: str) -> list[tuple[str, str, str | None]]:
    with runtime.db.read() as tx:
        rows = tx.scalars(
            select(MemberTerm)
            .join(Member, Member.id == MemberTerm.member_id)
            .where(Member.number == number, MemberTerm.what == "position")
            .order_by(MemberTerm.valid_from)
        )
        return [(r.value, r.valid_from.isoformat(), r.valid_to.isoformat() if r.valid_to else None) for r in rows]


def apply(runtime: Runtime, town: Town, *rows: str) -> dict[str, int]:
    made = send(runtime, town.east, csv(*rows, header=HELD))
    assert made.summary["bad"] == 0, reasons(runtime, made)
    assert confirm(runtime, town.east, made).state == "applied"
    return dict(made.summary)


def test_positions_are_held_since_the_day_that_the_file_says(runtime: Runtime, town: Town) -> None:
    apply(runtime, town, "A1,赵小满,001-1,支部书记,2024-03-01", "A2,钱谷雨,001-2,组织委员,", "A3,孙立夏,001,,")
    today = clock.today().isoformat()
    assert terms_of(runtime, "A1") == [("支部书记", "2024-03-01", None)]
    assert terms_of(runtime, "A2") == [("组织委员", today, None)], "nothing said: held since the import"
    assert terms_of(runtime, "A3") == []
    again = apply(runtime, town, "A1,赵小满,001-1,支部书记,2024-03-01", "A2,钱谷雨,001-2,组织委员,", "A3,孙立夏,001,,")
    assert again["unchanged"] == 3
    apply(runtime, town, "A1,赵小满,001-1,支部书记,2024-05-20", "A2,钱谷雨,001-2,组织委员,2023-01-05")
    assert terms_of(runtime, "A1") == [("支部书记", "2024-05-20", None)], "a day that was wrong is corrected"
    assert terms_of(runtime, "A2") == [("组织委员", "2023-01-05", None)]
    apply(runtime, town, "A1,赵小满,001-1,党总支书记,2025-07-01", "A2,钱谷雨,001-2,支部书记,2025-02-03")
    assert terms_of(runtime, "A1") == [("支部书记", "2024-05-20", "2025-07-01"), ("党总支书记", "2025-07-01", None)]
    with runtime.db.read() as tx:
        held = dict(tx.execute(select(Member.number, Member.position_since)).all())
    assert held == {"A1": dt.date(2025, 7, 1), "A2": dt.date(2025, 2, 3), "A3": None}


def test_days_on_which_nothing_could_begin_are_named(runtime: Runtime, town: Town) -> None:
    apply(runtime, town, "A1,赵小满,001-1,支部书记,2024-03-01", "A3,孙立夏,001,,")
    apply(runtime, town, "A1,赵小满,001-1,党总支书记,2025-07-01")
    rows = (
        "A1,赵小满,001-1,党总支书记,2025-06-30",  # before the term before it ended
        "A2,钱谷雨,001-2,,2025-01-01",
        "A3,孙立夏,001,,2025-01-01",
        "A4,李立秋,001,支部书记,2999-01-01",
    )
    made = send(runtime, town.east, csv(*rows, header=HELD))
    assert reasons(runtime, made) == {
        2: "任职日期早于上一次变动（2025年7月1日）。",
        3: "填了任职日期，没有填职务。",
        4: "填了任职日期，没有填职务。",
        5: "日期 2999年1月1日 不合理。",
    }
    made = send(runtime, town.east, csv("A1,赵小满,001-1,组织委员,2025-01-01", header=HELD))
    assert reasons(runtime, made) == {2: "任职日期早于上一次变动（2025年7月1日）。"}, "while another was held"
