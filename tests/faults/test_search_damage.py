"""The index is disposable: whatever happens to its files, searching goes on and it is made again."""

import datetime as dt
import random
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import NOBODY
from academy.core.errors import Busy
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.search import index_check, service
from academy.search.backends.selection import search_backend
from academy.search.backends.whoosh.backend import WhooshBackend
from academy.search.query_parser import parse
from academy.search.text import Segmenter
from tests.components import search_city as city
from tests.components.search_index import EVERYTHING, SEGMENTER, ask, lecture
from tests.support.shortcuts import drain

pytestmark = [
    pytest.mark.faults,
    # Whoosh leaves a file open when it cannot make sense of it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


@pytest.fixture
def database_kind() -> str:
    """Whoosh's files stand beside either database alike: one kind is enough."""
    return "sqlite"


@pytest.fixture
def library(runtime: Runtime) -> Runtime:
    with runtime.db.begin() as tx:
        for number in range(6):
            city.lecture(tx, f"第{number}课", [f"第{n}句说茶叶和水库。" for n in range(30)])
    drain(runtime)
    return runtime


def damage(folder: Path, seed: int) -> None:
    """Overwrite stretches of every segment of the current generation."""
    draw = random.Random(seed)
    current = folder / (folder / "current").read_text()
    for path in current.glob("*.seg"):
        content = bytearray(path.read_bytes())
        for _ in range(max(8, len(content) // 500)):
            at = draw.randrange(len(content))
            content[at : at + 16] = draw.randbytes(16)
        path.unlink()  # an open reader keeps the old file, as after a crash of the disk under a new process
        path.write_bytes(content)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_segment_is_detected_and_rebuilt(library: Runtime, seed: int) -> None:
    folder = library.settings.data_dir / "search"
    damage(folder, seed)
    assert not WhooshBackend(folder).health(thorough=True).ok
    assert service.search_lectures(library, NOBODY, "茶叶").page.total == 6, "who has it open goes on with it"
    assert not index_check.check_index(library, mend=True).healthy
    report = index_check.check_index(library)
    assert report.healthy and report.health.lectures == 6
    assert service.search_lectures(library, NOBODY, "茶叶").page.total == 6


def test_a_new_process_goes_on_with_the_generation_before(library: Runtime) -> None:
    folder = library.settings.data_dir / "search"
    search_backend(library).merge()
    damage(folder, 1)
    fresh = WhooshBackend(folder)
    assert ask(fresh, "茶叶 水库").lectures


def test_damage_met_by_a_search_asks_for_a_rebuild(library: Runtime) -> None:
    folder = library.settings.data_dir / "search"
    for generation in folder.glob("g*-*"):
        for path in generation.glob("*.seg"):
            path.write_bytes(b"")
    from academy.search.backends import selection

    selection._open.pop(library.db)  # as a new process
    with pytest.raises(Busy):
        service.search_lectures(library, NOBODY, "茶叶")
    with library.db.read() as tx:
        assert tx.scalar(select(Job.id).where(Job.name == "search.rebuild"))
    drain(library)
    assert service.search_lectures(library, NOBODY, "茶叶").page.total == 6


def test_a_lost_index_is_built_whole_by_the_next_fact(library: Runtime) -> None:
    shutil.rmtree(library.settings.data_dir / "search")
    with library.db.begin() as tx:
        city.lecture(tx, "新课", ["新来的说茶叶。"])
    drain(library)
    assert service.search_lectures(library, NOBODY, "茶叶").page.total == 7


def test_without_an_index_nobody_is_told_that_there_is_nothing(library: Runtime) -> None:
    """As after an upgrade that changed what the index holds."""
    shutil.rmtree(library.settings.data_dir / "search")
    for _ in range(2):
        with pytest.raises(Busy):
            service.search_lectures(library, NOBODY, "茶叶")
    assert drain(library) == 1, "asked for once"
    assert service.search_lectures(library, NOBODY, "茶叶").page.total == 6


def test_the_doctor_finds_what_is_missing_stale_and_surplus(library: Runtime) -> None:
    index = search_backend(library)
    held = sorted(index.inventory())
    index.delete_lecture(held[0])
    index.index_lecture(lecture(held[1], ["不是这样说的。"]), SEGMENTER)
    index.index_lecture(lecture(999, ["没有这门课。"]), SEGMENTER)
    report = index_check.check_index(library)
    assert (report.missing, report.stale, report.surplus) == ([held[0]], [held[1]], [999])
    index_check.check_index(library, mend=True)
    assert index_check.check_index(library).healthy


def test_many_single_lectures_are_merged_by_themselves(library: Runtime) -> None:
    now = clock.now()
    with clock.frozen(now):  # the merge waits for some seconds, in which more may come
        for _ in range(4):
            with library.db.begin() as tx:
                for _ in range(5):
                    city.lecture(tx, "又一课", ["说说果园。"])
            drain(library)
        assert search_backend(library).wants_merge()
    with clock.frozen(now + dt.timedelta(seconds=6)):
        drain(library)
    assert search_backend(library).health(thorough=True).segments == 1
    assert service.search_lectures(library, NOBODY, "果园").page.total == 20


def test_reads_during_writes_have_no_error(tmp_path: Path) -> None:
    writer, reader = WhooshBackend(tmp_path), WhooshBackend(tmp_path)
    writer.rebuild((lecture(n, ["都说茶叶。"]) for n in range(1, 20)), SEGMENTER)
    stop = threading.Event()
    errors: list[Exception] = []
    counts: set[int] = set()
    question = parse("茶叶", Segmenter())

    def read() -> None:
        while not stop.is_set():
            try:
                counts.add(len(reader.search(question, EVERYTHING).lectures))
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        writer.index_lecture(lecture(7, [f"第{turn}回都说茶叶。"]), SEGMENTER)
        if turn % 7 == 3:
            writer.merge()
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors and counts == {19}, "a lecture being replaced is there before, during and after"
