"""How many beats a second the real server makes durable, beside a bare signed-in route.

    python -m benchmarks.progress --clients 64 --seconds 20 --rows 2520000
    python -m benchmarks.progress --database postgresql            (starts one of its own, fsync on)
    python -m benchmarks.progress --database postgresql://…        (uses that one; its tables are emptied)
    python -m benchmarks.progress --fsync-ms 2                     (every fsync takes so much longer)

Both routes are driven by wrk on the same server with the same settings, in turn. Each beat claims 15
new seconds of one viewer, so `lost` is what was answered and is not in the ledger afterwards.
"""

import argparse
import json
import statistics
from contextlib import ExitStack

from benchmarks import drive
from benchmarks import ledger_scene as scene
from tests.support.services import postgres


def main() -> None:
    """Prints one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2_520_000)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--fsync-ms", type=float, default=0)
    parser.add_argument(
        "--rounds", type=int, default=2, help="each route is driven so often, in turn; medians are told"
    )
    parser.add_argument("--quick", action="store_true", help="42,000 rows, 4 seconds, one round")
    parser.add_argument("--fresh", action="store_true", help="make the rows again")
    asked = parser.parse_args()
    if asked.quick:
        asked.rows, asked.seconds, asked.rounds = 42_000, 4, 1
    with ExitStack() as stack:
        url = _database(stack, asked)
        scene.prepare(url, asked.rows, fresh=asked.fresh)
        print(json.dumps(measure(url, asked)))


def _database(stack: ExitStack, asked: argparse.Namespace) -> str:
    if asked.database == "sqlite":
        scene.CACHE.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{scene.CACHE / f'ledger-{asked.rows}.db'}"
    if asked.database == "postgresql":
        env = drive.slow_fsync(asked.fsync_ms) if asked.fsync_ms else {}
        return stack.enter_context(postgres(scene.CACHE / "postgresql", durable=True, env=env, keep=True))
    return str(asked.database)


def measure(url: str, asked: argparse.Namespace) -> dict[str, object]:
    """Drive both routes in turn."""
    settings = scene.settings_for(url, scene.CACHE)
    base = f"http://127.0.0.1:{settings.port}"
    load = {"clients": asked.clients, "seconds": asked.seconds}
    beats, bare, answered, refused = [], [], 0, 0
    with drive.server(settings, slow_fsync_ms=asked.fsync_ms):
        drive.wrk(f"{base}/api/v1/session", drive.BARE, [scene.cookie()], clients=asked.clients, seconds=2)
        before = scene.credited_ms(url)
        for round_ in range(asked.rounds):
            _viewers(url, asked.rows // scene.ITEMS, round_)
            path = str(scene.CACHE / "viewers.txt")
            beats.append(drive.wrk(base, drive.LUA, [path, "2"], **load))
            bare.append(drive.wrk(f"{base}/api/v1/session", drive.BARE, [scene.cookie()], **load))
            answered += beats[-1].answered
            refused += beats[-1].refused + beats[-1].broken + bare[-1].refused
        credited = (scene.credited_ms(url) - before) // scene.BEAT_MS
    middle = statistics.median
    beats_per_s, bare_per_s = middle(m.per_s for m in beats), middle(m.per_s for m in bare)
    p99, bare_p99 = middle(m.p99_ms for m in beats), middle(m.p99_ms for m in bare)
    return {
        "benchmark": "progress",
        "database": url.partition(":")[0].partition("+")[0],
        "rows": asked.rows,
        "clients": asked.clients,
        "fsync_ms": asked.fsync_ms,
        "beats_per_s": beats_per_s,
        "bare_per_s": bare_per_s,
        "ratio_to_bare": round(beats_per_s / bare_per_s, 3),
        "p50_ms": middle(m.p50_ms for m in beats),
        "p99_ms": p99,
        "bare_p99_ms": bare_p99,
        "p99_over_bare": round(p99 / bare_p99, 2),
        "acknowledged": answered,
        "found": credited,
        "not_204": refused,
        "lost": max(0, answered - credited),
    }


def _viewers(url: str, members: int, seed: int) -> None:
    chosen = scene.watchers(url, min(40_000, members), seed=seed)
    lines = (f"{one.token} {one.covered} {one.seq}\n" for one in chosen)
    (scene.CACHE / "viewers.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
