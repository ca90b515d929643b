"""A property that is calculated once."""

import threading
from dataclasses import dataclass, field

from academy.core.lazy import lazy_property


@dataclass(frozen=True)
class Sum:
    parts: tuple[int, ...]
    asked: list[int] = field(default_factory=list, compare=False)

    @lazy_property
    def whole(self) -> int:
        """The sum."""
        self.asked.append(1)
        return sum(self.parts)


def test_it_is_calculated_once_for_each_instance_and_keeps_its_words() -> None:
    one, other = Sum((1, 2)), Sum((3, 4))
    assert [one.whole, one.whole, other.whole] == [3, 3, 7]
    assert (len(one.asked), len(other.asked)) == (1, 1)
    assert Sum.whole.__doc__ == "The sum."
    assert one == Sum((1, 2)), "what was calculated is not part of the value"


def test_readers_at_once_see_one_value() -> None:
    gate, one = threading.Barrier(8), Sum((5, 6))
    found = list[int]()

    def read() -> None:
        gate.wait()
        found.append(one.whole)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [11] * 8
