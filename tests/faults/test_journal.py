"""SQLite's journal stays while anybody is connected, so that no commit is lost with it."""

import io
import multiprocessing
import os
import signal
import sqlite3
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import text

from academy.core.database import Database
from tests.support.open_databases import OpenedBesideSQLite


def _serve(url: str, line: Connection) -> None:
    """A server as it is run: each thread takes a connection of its own, at any time."""
    db = Database(url)
    while True:
        first = line.recv()
        threads = [threading.Thread(target=_write, args=(db, first * 10 + number)) for number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        line.send("committed")


def _write(db: Database, number: int) -> None:
    with db.begin() as tx, db.read() as other:  # two at once: the pool must open a further one
        other.execute(text("SELECT count(*) FROM seen"))
        tx.execute(text("INSERT INTO seen VALUES (:number)"), {"number": number})


@pytest.mark.parametrize("visitor", ["database", "sqlite3"])
def test_what_a_server_commits_is_there_though_others_come_and_go(tmp_path: Path, visitor: str) -> None:
    """A command of an operator, a backup, a report: each closes its last connection beside a running server."""
    url = f"sqlite:///{tmp_path / 'city.db'}"
    first = Database(url)
    with first.begin() as tx:
        tx.execute(text("CREATE TABLE seen (number INTEGER PRIMARY KEY)"))
    first.dispose()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(url, theirs), daemon=True)
    server.start()
    for turn in range(6):
        ours.send(turn)
        assert ours.poll(60) and ours.recv() == "committed"
        assert _seen(url, visitor) == (turn + 1) * 4
    os.kill(server.pid or 0, signal.SIGKILL)
    server.join(10)
    assert _seen(url, visitor) == 24
    with sqlite3.connect(tmp_path / "city.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _seen(url: str, visitor: str) -> int:
    if visitor == "sqlite3":
        plain = sqlite3.connect(url.removeprefix("sqlite:///"))
        count = int(plain.execute("SELECT count(*) FROM seen").fetchone()[0])
        plain.close()
        return count
    db = Database(url)
    with db.read() as tx:
        count = int(tx.scalar(text("SELECT count(*) FROM seen")) or 0)
    db.dispose()
    return count


def test_many_threads_may_be_the_first_of_a_new_database(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'new' / 'city.db'}")
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def connect() -> None:
        start.wait()
        try:
            with db.read() as tx:
                tx.execute(text("SELECT 1"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=connect) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}
    assert not [path.name for path in (tmp_path / "new").iterdir() if path.name.startswith(".")], "nothing left over"


@pytest.mark.parametrize("end", ["", "-shm"])
def test_the_tests_notice_a_file_that_is_opened_beside_sqlite(tmp_path: Path, end: str) -> None:
    db = Database(f"sqlite:///{tmp_path / 'city.db'}")
    with db.begin() as tx:
        tx.execute(text("CREATE TABLE seen (number INTEGER)"))
        for opened in (tmp_path / f"city.db{end}", os.fsencode(tmp_path / f"city.db{end}")):
            with pytest.raises(OpenedBesideSQLite):
                os.close(os.open(opened, os.O_RDONLY))
            with pytest.raises(OpenedBesideSQLite):
                io.FileIO(os.fsdecode(opened)).close()
