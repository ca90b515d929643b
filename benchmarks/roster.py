"""How long a whole city's roster takes: dry run and applying together, XLSX and CSV.

    python -m benchmarks.roster --members 180000

Both files are synthetic and kept in .cache/benchmarks; each import goes into an empty database (with
its tree of 8,000 branches) in a process of its own, so that its peak of memory is its own, with that of the jailed
reader of its sheet. A second
dry run of the same file then says that nothing is to be done.
"""

import argparse
import csv
import json
import multiprocessing
import random
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import xlsxwriter
from alembic import command
from sqlalchemy import func, insert, select, update

from academy import components
from academy.cli.database import alembic_config
from academy.core.actor import SYSTEM
from academy.core.ids import new_ids
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.people.models import Member, Organisation, RosterImport
from academy.roster import imports
from tests.support.shortcuts import drain

CACHE = Path(".cache/benchmarks")
HEADER = ("编号", "姓名", "组织代码", "性别", "出生日期", "学历", "入党日期", "手机", "职务", "状态")
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GIVEN = "春夏秋冬山川河海松柏梅兰明亮和平安康宁静"


def branches(members: int) -> int:
    """8,000 for the whole city of 180,000."""
    return max(20, members * 8000 // 180_000)


def rows(members: int) -> Any:
    """Synthetic people, the same each time."""
    lot = random.Random(20)
    count = branches(members)
    for number in range(members):
        year, month, day = lot.randint(1935, 2004), lot.randint(1, 12), lot.randint(1, 28)
        yield (
            f"{3_100_000_000 + number}",
            lot.choice(FAMILY) + lot.choice(GIVEN) + lot.choice(GIVEN),
            f"B{number % count:05d}",
            "男" if lot.random() < 0.7 else "女",
            f"{year}-{month:02d}-{day:02d}",
            lot.choice(("小学", "初中", "高中", "大专", "本科", "研究生")),
            f"{min(2025, year + lot.randint(19, 50))}-{month:02d}-{day:02d}",
            f"140{number:08d}".replace("140", "139", 1),
            "支部书记" if number < count else "",
            "流动" if lot.random() < 0.05 else "在册",
        )


def files(members: int, fresh: bool) -> dict[str, Path]:
    """The two files, made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = {kind: CACHE / f"roster-{members}.{kind}" for kind in ("xlsx", "csv")}
    if fresh or not found["csv"].exists():
        with found["csv"].open("w", encoding="utf-8-sig", newline="") as target:
            csv.writer(target).writerows([HEADER, *rows(members)])
    if fresh or not found["xlsx"].exists():
        with xlsxwriter.Workbook(str(found["xlsx"]), {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for y, row in enumerate([HEADER, *rows(members)]):
                for x, value in enumerate(row):
                    sheet.write_string(y, x, value)
    return found


def plant(runtime: Runtime, count: int) -> None:
    """A city, twelve counties and their branches."""
    with runtime.db.begin() as tx:
        ids = new_ids(count + 13)
        top = Organisation(code="C", name="全市", kind="committee", level="city", path="/1/", public_id=ids[0])
        tx.add(top)
        tx.flush()
        connection, table = tx.connection(), Organisation.__table__
        connection.execute(
            insert(Organisation),
            [
                {"public_id": ids[1 + n], "code": f"X{n}", "name": f"县{n}", "kind": "committee", "level": "county"}
                | {"parent_id": top.id, "depth": 1, "path": "", "sector": None}
                for n in range(12)
            ],
        )
        counties = list(tx.scalars(select(Organisation.id).where(Organisation.level == "county")))
        connection.execute(
            insert(Organisation),
            [
                {"public_id": ids[13 + n], "code": f"B{n:05d}", "name": f"支部{n}", "kind": "branch", "level": "branch"}
                | {"parent_id": counties[n % 12], "depth": 2, "path": "", "sector": "rural"}
                for n in range(count)
            ],
        )
        for node in tx.scalars(select(Organisation).order_by(Organisation.depth)):
            parent = tx.get(Organisation, node.parent_id) if node.parent_id else None
            tx.execute(
                update(table).where(table.c.id == node.id).values(path=f"{parent.path if parent else '/'}{node.id}/")  # type: ignore[arg-type, attr-defined]
            )
            tx.refresh(node)


def one(file: Path, members: int, url: str, answer: Any) -> None:
    """Import one file into an empty runtime and say what it took."""
    components.import_all()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            secret_key="s" * 32, data_key="d" * 32, data_dir=Path(folder), database_url=url, log_level="ERROR"
        )
        command.upgrade(alembic_config(settings.database), "head")
        runtime = Runtime.build(settings)
        plant(runtime, branches(members))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, cpu = time.perf_counter(), cpu_seconds()
        made = send(runtime, file)
        checked = time.perf_counter()
        with runtime.db.begin() as tx:
            imports.confirm_import(tx, SYSTEM, tx.get_one(RosterImport, made.id))
        drain(runtime)
        done, cpu = time.perf_counter(), cpu_seconds() - cpu
        with runtime.db.read() as tx:
            assert tx.get_one(RosterImport, made.id).state == "applied"
            assert tx.scalar(select(func.count(Member.id))) == members
        reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + reader
        again = time.perf_counter()
        second = send(runtime, file)
        assert second.summary["unchanged"] == members, second.summary
        answer.put(
            {
                "s": round(done - began, 2),
                "cpu_s": round(cpu, 2),
                "check_s": round(checked - began, 2),
                "apply_s": round(done - checked, 2),
                "again_s": round(time.perf_counter() - again, 2),
                "peak_mb": peak // 1024,
                "reader_mb": reader // 1024,
                "before_mb": before // 1024,
            }
        )
        runtime.db.dispose()


def cpu_seconds() -> float:
    """Of this process and of the readers of sheets that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def send(runtime: Runtime, file: Path) -> RosterImport:
    """Receive a file and run its dry run."""
    with file.open("rb") as stream:
        received = imports.receive_file(runtime.settings, stream)
    with runtime.db.begin() as tx:
        node = tx.scalars(select(Organisation).where(Organisation.code == "C")).one()
        made = imports.begin_import(tx, SYSTEM, node, received=received, filename=file.name)
    drain(runtime)
    with runtime.db.read() as tx:
        return tx.get_one(RosterImport, made.id, populate_existing=True)


def measure(file: Path, members: int, url: str) -> dict[str, Any]:
    """Run `one` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=one, args=(file, members, url, answer))
    process.start()
    found: dict[str, Any] = answer.get(timeout=600)
    process.join()
    return found


def main() -> None:
    """Measure both and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=180_000)
    parser.add_argument("--quick", action="store_true", help="10,000 members")
    parser.add_argument("--fresh", action="store_true", help="make the files anew")
    parser.add_argument("--url", default="", help="an empty PostgreSQL database for the CSV; default: SQLite")
    options = parser.parse_args()
    members = 10_000 if options.quick else options.members
    made = files(members, options.fresh)
    found = {kind: measure(path, members, options.url if kind == "csv" else "") for kind, path in made.items()}
    line = {
        "benchmark": "roster",
        "members": members,
        "branches": branches(members),
        "xlsx_s": found["xlsx"]["s"],
        "csv_s": found["csv"]["s"],
        "peak_mb": max(one_["peak_mb"] for one_ in found.values()),
        "ratio": round(12 / max(found["xlsx"]["s"], found["csv"]["s"]), 2),
        "parts": found,
        "cache_mb": round(sum(path.stat().st_size for path in made.values()) / 1e6),
        "free_gb": shutil.disk_usage(CACHE).free // 10**9,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
