"""Takes MP4 files apart and puts them together again, wrongly on purpose."""

from collections.abc import Callable

Box = tuple[bytes, bytes]
FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf"})


def read(data: bytes) -> list[Box]:
    """The boxes one after another; a folder's content stays bytes."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def write(boxes: list[Box]) -> bytes:
    """Bytes of boxes, their sizes made right."""
    return b"".join((len(body) + 8).to_bytes(4, "big") + kind + body for kind, body in boxes)


def change(data: bytes, wanted: bytes, how: Callable[[bytes], bytes]) -> bytes:
    """Every box of a kind, at any depth, with another body."""
    made = []
    for kind, body in read(data):
        if kind == wanted:
            body = how(body)
        elif kind in FOLDERS:
            body = change(body, wanted, how)
        made.append((kind, body))
    return write(made)


def reference(target: str) -> bytes:
    """A `dref` body that says: the media is in another file."""
    entry = b"\0\0\0\0" + target.encode() + b"\0"
    return b"\0\0\0\0" + (1).to_bytes(4, "big") + write([(b"url ", entry)])


def many_tracks(data: bytes, count: int) -> bytes:
    """The first track so many times."""

    def multiply(body: bytes) -> bytes:
        boxes = read(body)
        track = next(b for b in boxes if b[0] == b"trak")
        return write([*boxes, *[track] * (count - 1)])

    return write([(kind, multiply(body) if kind == b"moov" else body) for kind, body in read(data)])


def polyglot(data: bytes, page: bytes) -> bytes:
    """A film with a page inside; at its end, so that the film's own offsets stay right."""
    return data + write([(b"free", page)])
