"""The power is cut at every moment of a commit and a merge: what a disk had kept is a whole index.

A disk keeps a file's bytes when the file was synced, and a folder's names when the folder was; what
it keeps of the rest is chance. So at every sync two disks are laid out: one that kept nothing else,
and one that kept every name but of no file more than was synced.
"""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whoosh.filedb.filestore import FileStorage

from academy.search.backends.whoosh import store
from academy.search.backends.whoosh.backend import WhooshBackend
from tests.components.search_index import SEGMENTER, ask, lecture

pytestmark = pytest.mark.faults
LECTURES = {1, 2, 3, 4, 5}
sync = store.sync


class Disk:
    """What is safe of a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._bytes: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {root: {}}
        self._held: list[int] = []

    def keep(self, path: Path) -> None:
        """A sync of this file or folder has returned."""
        sync(path)
        if path.is_dir():
            self._names[path] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            # Held open, so that no later file gets the same number.
            self._held.append(os.open(path, os.O_RDONLY))
            self._bytes[path.stat().st_ino] = path.read_bytes()

    def lay_out(self, target: Path, *, every_name: bool) -> Path:
        """What a machine would find after the cut."""
        self._lay(self.root, target, every_name)
        return target

    def _lay(self, folder: Path, target: Path, every_name: bool) -> None:
        target.mkdir(parents=True, exist_ok=True)
        if every_name:
            names = {entry.name: entry.inode() for entry in os.scandir(folder)}
        else:
            names = self._names.get(folder, {})
        for name, inode in names.items():
            if (folder / name).is_dir() or folder / name in self._names:
                self._lay(folder / name, target / name, every_name)
            else:
                (target / name).write_bytes(self._bytes.get(inode, b""))

    def close(self) -> None:
        for fd in self._held:
            os.close(fd)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "search")
    yield made
    made.close()


def _whole(folder: Path) -> bool:
    index = WhooshBackend(folder)
    health = index.health(thorough=True)
    return health.ok and health.lectures == len(LECTURES) and ask(index, "茶叶").lectures == LECTURES


def _work(disk: Disk, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Commits and merges with cuts at every sync; returns how many cuts, and how many left no whole index."""
    index = WhooshBackend(disk.root)
    cuts = broken = 0
    cutting = False

    def look() -> None:
        nonlocal cuts, broken
        for every_name in (False, True):
            cuts += 1
            broken += not _whole(disk.lay_out(scratch / str(cuts), every_name=every_name))

    def watched(path: Path) -> None:
        if cutting:
            look()
        disk.keep(path)
        if cutting:
            look()

    monkeypatch.setattr(store, "sync", watched)
    index.rebuild((lecture(n, [f"第{n}课说茶叶。"] * 30) for n in sorted(LECTURES)), SEGMENTER)
    cutting = True
    steps: list[Callable[[], object]] = [
        lambda: index.index_lecture(lecture(3, ["改过的第三课也说茶叶。"] * 30), SEGMENTER),
        lambda: index.index_lecture(lecture(1, ["改过的第一课也说茶叶。"] * 30), SEGMENTER),
        index.merge,
        lambda: index.index_lecture(lecture(5, ["再改一次，还是茶叶。"] * 30), SEGMENTER),
        lambda: index.rebuild((lecture(n, ["重建以后仍说茶叶。"] * 30) for n in sorted(LECTURES)), SEGMENTER),
    ]
    for step in steps:
        step()
    look()
    return cuts, broken


def test_whatever_moment_the_power_goes_the_index_is_whole(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts, broken = _work(disk, tmp_path / "after", monkeypatch)
    assert cuts > 60 and broken == 0, (cuts, broken)


# Whoosh leaves the file open that it could not read; here that is meant to happen.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_commit_that_names_what_is_not_on_disk_would_be_seen(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cuts on a store that does not sync before it renames: the test above can fail."""

    def careless(self: FileStorage, oldname: str, newname: str, safe: bool = False) -> None:
        FileStorage.rename_file(self, oldname, newname, safe)
        store.sync(Path(self.folder))

    monkeypatch.setattr(store.DurableStorage, "rename_file", careless)
    _, broken = _work(disk, tmp_path / "after", monkeypatch)
    gc.collect()
    assert broken > 0
