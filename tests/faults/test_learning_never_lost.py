"""A few rounds of what `python -m tests.faults.learning_never_lost` does five hundred times, and whether it would
notice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from academy.core.runtime import Runtime
from academy.learning import consequences, repair
from tests.conftest import make_settings
from tests.faults import learning_never_lost, learning_player
from tests.faults.learning_player import Answer, acknowledged
from tests.support import templates

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_and_nothing_invented(database: str, tmp_path: Path) -> None:
    with templates.database(database, tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url, log_level="CRITICAL"))
        told = learning_never_lost.run(runtime, 12, 7)
        runtime.db.dispose()
    assert {name: told[name] for name in learning_never_lost.COUNTS} == dict.fromkeys(learning_never_lost.COUNTS, 0)
    assert int(str(told["credited_s"])) > 0
    assert all(told[name] for name in ("completions", "killed", "error", "proxy_page", "answer_lost", "request_lost"))


def _believes_everybody(answer: Answer | None, seq: int) -> dict[str, object] | None:
    """The player as it was: whoever answers below 500 has taken the beat."""
    return None if answer is None or answer.status >= 500 else acknowledged(answer, seq) or {}


def _repairs_nothing(_db: object) -> repair.Repaired:
    return repair.Repaired(0, 0)


def _forgets_its_mark(*args: object) -> bool:
    write_consequences(*args)  # type: ignore[arg-type]
    args[3].pending_since_ms = None  # type: ignore[attr-defined]
    return True


write_consequences = consequences.write_consequences


@pytest.mark.parametrize(
    ("where", "name", "worse", "seen"),
    [
        (learning_player, "acknowledged", _believes_everybody, "lost_s"),
        (consequences, "write_consequences", _forgets_its_mark, "differences"),
    ],
)
def test_it_would_notice(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    worse: Callable[..., object],
    seen: str,
) -> None:
    """With the faults that it was written against put back."""
    monkeypatch.setattr(where, name, worse)
    monkeypatch.setattr(repair, "repair_ledgers", _repairs_nothing)
    assert any(_noticed(tmp_path / str(seed), seed, seen) for seed in (7, 1, 2, 3))


def _noticed(folder: Path, seed: int, seen: str) -> bool:
    """Whether some twenty rounds show it: which of them does depends on what was played again later."""
    folder.mkdir()
    with templates.database("sqlite", folder) as url:
        runtime = Runtime.build(make_settings(folder, database_url=url, log_level="CRITICAL"))
        told = learning_never_lost.run(runtime, 20, seed)
        runtime.db.dispose()
    return int(str(told[seen])) > 0
