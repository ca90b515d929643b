"""Remove the sample city's data; refuses to touch anything else."""

import os
import shutil
import sys

os.environ.setdefault("ACADEMY_DEMO", "1")

from config import load

MARK = "sample"


def main() -> int:
    settings = load()
    if not settings.demo or not (settings.data_dir / MARK).exists():
        print("nothing removed: there is no sample city here")
        return 1
    shutil.rmtree(settings.data_dir)
    for entry in settings.media_dir.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
    print("the sample city is gone; `make run` makes a new one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
