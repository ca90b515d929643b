"""Write tests/slow_files.txt from a run of the slow tests:

make test-files FILES="tests/media tests/faults tests/browser --durations=0 -vv" | python -m tools.slow_files
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "slow_files.txt"
LEAST_S = 5
"""Shorter files need no place in the order."""
HEAD = "# Seconds, and file below tests/: the longest begin. Written by `python -m tools.slow_files`.\n"


def summed(lines: Iterable[str]) -> Counter[str]:
    """Seconds by file from the table of durations that pytest prints."""
    found: Counter[str] = Counter()
    for line in lines:
        if told := re.match(r"\s*([\d.]+)s (?:call|setup|teardown)\s+tests/([^:]+)::", line):
            found[told[2]] += float(told[1])
    return found


def text(found: Counter[str]) -> str:
    """The file's content."""
    return HEAD + "".join(f"{taken:.0f} {name}\n" for name, taken in found.most_common() if taken >= LEAST_S)


if __name__ == "__main__":
    FILE.write_text(text(summed(sys.stdin)), encoding="ascii")
