"""Files of a release are compressed as far as they go without anybody's waiting."""

import threading
from pathlib import Path

import brotli

from academy.http import compression
from academy.http.compression import ReleaseFiles
from tests.support import waiting


def test_nobody_waits_for_the_smallest_form_of_a_file(tmp_path: Path) -> None:
    """Whoever comes first gets every file at once; a little later everybody gets all of them smaller, asked or not."""
    texts = {f"{n}.js": f"export const n{n} = 'words {n}';\n".encode() * 900 + bytes(range(32, 127)) for n in range(6)}
    for name, body in texts.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "picture.webp").write_bytes(b"R" * 900)
    made = ReleaseFiles()
    threads: list[bytes] = []
    asking = [
        threading.Thread(target=lambda: threads.append(made.compressed(texts["0.js"], tmp_path))) for _ in range(8)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert {brotli.decompress(answer) for answer in threads} == {texts["0.js"]}
    waiting.until(lambda: all(made.is_smallest(body) for body in texts.values()), 30, "the thread")
    for body in texts.values():
        smallest = brotli.compress(body, mode=brotli.MODE_TEXT, quality=compression.SMALLEST)
        assert made.compressed(body, tmp_path) == smallest
    assert not made.is_smallest(b"R" * 900)
