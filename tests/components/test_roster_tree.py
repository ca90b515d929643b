"""Organisations from a file."""

import pytest
from sqlalchemy import select

from academy.core.runtime import Runtime
from academy.people.models import Organisation
from tests.components.roster_office import Town, confirm, csv, plant, reasons, send


@pytest.fixture
def town(runtime: Runtime) -> Town:
    return plant(runtime)


TREE = "代码,名称,类型,领域,上级代码"


def test_a_tree_is_planted_parents_first(runtime: Runtime, town: Town) -> None:
    rows = ("T2,河口村党支部,党支部,农村,T1", "T1,河口镇党委,党委,,", "001-1,改名支部,党支部,社区,T1")
    made = send(runtime, town.east, csv(*rows, header=TREE), kind="tree")
    assert (made.state, made.summary["added"], made.summary["moved"]) == ("checked", 2, 1)
    assert confirm(runtime, town.east, made).state == "applied"
    with runtime.db.read() as tx:
        nodes = {n.code: n for n in tx.scalars(select(Organisation))}
        assert nodes["T1"].path == f"{nodes['001'].path}{nodes['T1'].id}/"
        assert nodes["T2"].path == f"{nodes['T1'].path}{nodes['T2'].id}/"
        assert (nodes["T1"].level, nodes["T2"].level, nodes["T2"].sector) == ("town", "branch", "rural")
        assert nodes["001-1"].path == f"{nodes['T1'].path}{nodes['001-1'].id}/"
        assert (nodes["001-1"].name, nodes["001-1"].sector) == ("改名支部", "community")
    again = send(runtime, town.east, csv(*rows, header=TREE), kind="tree")
    assert again.summary["unchanged"] == 3


def test_a_tree_that_bites_its_tail_is_refused_in_words(runtime: Runtime, town: Town) -> None:
    made = send(
        runtime,
        town.east,
        csv(
            "T1,甲,党委,,T3", "T2,乙,党委,,T1", "T3,丙,党委,,T2", "T4,丁,党支部,,T3", "T5,戊,党支部,,没有", header=TREE
        ),
        kind="tree",
    )
    assert (made.state, made.summary["bad"]) == ("refused", 5)
    said = reasons(runtime, made)
    assert "上级关系绕成了圈：T1 → T3 → T2 → T1" in said[2]
    assert "绕成了圈" in said[5]
    assert said[6]


def test_a_tree_touches_nothing_outside(runtime: Runtime, town: Town) -> None:
    made = send(
        runtime,
        town.east,
        csv("9,偷来,党支部,,001", "T1,挂错,党支部,,0010", "T2,挂错,党支部,,X9", header=TREE),
        kind="tree",
    )
    said = reasons(runtime, made)
    assert "不在您的管理范围内" in said[2]
    assert "不在您的管理范围内" in said[3]
    assert "没有上级代码 X9" in said[4]
