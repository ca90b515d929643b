"""All names of one training as XLSX: how long, how much memory.

    python -m benchmarks.export [--members 180000] [--database sqlite|postgresql] [--quick] [--fresh]

The file is written by a process of its own, so that its peak is the export's and nothing else's.
Prints one JSON line last.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from academy import components
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.people.models import Organisation
from academy.reports.coverage import write_names
from academy.trainings.models import Training
from benchmarks import city


def write(url: str, training_id: int) -> None:
    """In the process of its own: write the file, say what it took."""
    components.import_all()
    runtime = Runtime.build(Settings(secret_key=city.SECRET, data_key=city.SECRET, database_url=url))
    with tempfile.TemporaryDirectory() as folder, runtime.db.read(snapshot=True) as tx:
        training = tx.get_one(Training, training_id)
        whole = tx.get_one(Organisation, training.organisation_id)
        path = Path(folder) / "names.xlsx"
        params = {"training": training.public_id, "organisation": whole.public_id}
        begun = time.perf_counter()
        written = write_names(tx, params, path, lambda done: None)
        seconds = time.perf_counter() - begun
        size = path.stat().st_size / 2**20
    # Not getrusage: that keeps the peak of whoever started this process, who may just have made a city.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(
        json.dumps(
            {"rows": written, "seconds": round(seconds, 2), "peak_mb": round(peak, 1), "file_mb": round(size, 2)}
        )
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=180_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--write", nargs=2, metavar=("URL", "TRAINING"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write[0], int(given.write[1]))
        return
    members = 6_000 if given.quick else given.members
    branches = max(TOWNS_AT_LEAST, members * 8_000 // 180_000)
    with city.open_runtime(given.database, f"{members}-{branches}-1", fresh=given.fresh) as (runtime, folder):
        made = city.prepare(runtime, folder, members, branches, 1)
        url = runtime.db.url.render_as_string(hide_password=False)
        runtime.db.dispose()
        command = [sys.executable, "-m", "benchmarks.export", "--write", url, str(made["trainings"][0])]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps({"benchmark": "export", "members": members, "database": given.database, **found}))


TOWNS_AT_LEAST = city.TOWNS

if __name__ == "__main__":
    main()
