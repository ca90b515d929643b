"""Reads one sheet; started as a script that jails itself (`core.jail`), because the file is untrusted and calamine is a
large library. Its output is frames (`sheet_frames`) and nothing else.

Usage: ``python -I -S sheet_reader.py PARENT CPU_S MEMORY_MIB FILE READABLE …``, the heading query on standard input.
``READABLE`` are the folders of Python packages.
"""

import os
import sys

LOG_MIB = 1
"""Maximum bytes that it may write: its log."""


def main(argv: list[str]) -> None:
    """Jail this process, then read the file."""
    parent, cpu, memory, file, *folders = argv
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    sys.path[:0] = [root, *folders]
    from academy.core import jail

    jail.enclose(int(parent), int(cpu), int(memory), LOG_MIB, [file, os.path.join(root, "academy"), *folders])  # noqa: PTH118
    sys.path.remove(root)  # it may contain the media and the database; `academy` itself is imported by now
    _read(file)


def _read(file: str) -> None:
    import json
    from pathlib import Path

    from academy.core.errors import Invalid
    from academy.roster import sheet_frames
    from academy.roster.sheet_file import read_table

    with os.fdopen(os.dup(1), "wb", buffering=0) as out:
        # Output of libraries goes to the log, not between the frames.
        os.dup2(2, 1)
        try:
            wanted = sheet_frames.unpacked_wanted(json.load(sys.stdin))
            with read_table(Path(file), wanted) as table:
                for frame in sheet_frames.frames_of(table):
                    _write(out.fileno(), frame)
        except Invalid as error:
            _write(out.fileno(), sheet_frames.frame("invalid", error.message.to_json()))
        except (MemoryError, BrokenPipeError):
            os._exit(sheet_frames.OUT_OF_MEMORY)
        except BaseException as error:
            # Type and place only: the message may contain text of the file.
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""  # noqa: PTH119
            os.write(2, f"{sheet_frames.FAILED}{type(error).__name__} {place}".encode())
            os._exit(sheet_frames.UNREADABLE)
    os._exit(0)  # a large sheet takes half a second to be taken apart in memory


def _write(descriptor: int, frame: bytes) -> None:
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


if __name__ == "__main__":
    main(sys.argv[1:])
