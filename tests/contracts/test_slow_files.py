"""The order of slow files: the longest begin, and no line is about a file that is gone."""

from types import SimpleNamespace

from tests.support import longest_first
from tools import slow_files


def test_the_longest_begin_and_a_file_stays_together() -> None:
    taken = longest_first.seconds()
    (long, most), (short, least) = (
        max(taken.items(), key=lambda one: one[1]),
        min(taken.items(), key=lambda one: one[1]),
    )
    assert most > least
    tests = longest_first.SECONDS.parent
    names = [("unit/test_core.py", 1), (short, 1), (long, 1), (short, 2), (long, 2), ("unit/test_core.py", 2)]
    items = [SimpleNamespace(path=tests / name, number=number) for name, number in names]
    longest_first.pytest_collection_modifyitems(items)  # type: ignore[arg-type]
    order = [(item.path.relative_to(tests).as_posix(), item.number) for item in items]
    assert order == [(name, number) for name in (long, short, "unit/test_core.py") for number in (1, 2)]


def test_every_file_is_there() -> None:
    gone = [name for name in longest_first.seconds() if not (longest_first.SECONDS.parent / name).exists()]
    assert gone == []


def test_durations_are_added_up_by_file() -> None:
    found = slow_files.summed(
        [
            "12.50s call     tests/media/test_a.py::test_one[x]",
            "0.50s setup    tests/media/test_a.py::test_one[x]",
            "3.00s teardown tests/media/test_b.py::test_two",
            "(2 durations < 0.005s hidden.)",
            "tests/media/test_a.py::test_one PASSED",
        ]
    )
    assert found == {"media/test_a.py": 13.0, "media/test_b.py": 3.0}
    assert slow_files.text(found) == slow_files.HEAD + "13 media/test_a.py\n"
